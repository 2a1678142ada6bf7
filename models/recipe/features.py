"""The acoustic front end: the same 40 MFCC that libvosk will compute from conf/mfcc.conf."""

from __future__ import annotations

from typing import Any

import numpy as np

MFCC_CONF = """--sample-frequency=8000
--frame-length=32
--use-energy=false
--num-mel-bins=40
--num-ceps=40
--low-freq=20
--high-freq=3800
--dither=0
"""
DIMENSION = 40
SHIFT_SAMPLES = 80
WINDOW_SAMPLES = 256


def _computer() -> Any:
    import kaldi_native_fbank as knf  # here, so that tests of the finished model need only numpy

    options = knf.MfccOptions()
    options.frame_opts.samp_freq = 8000
    options.frame_opts.frame_length_ms = 32
    options.frame_opts.dither = 0
    options.mel_opts.num_bins = 40
    options.mel_opts.low_freq = 20
    options.mel_opts.high_freq = 3800
    options.num_ceps = 40
    options.use_energy = False
    return knf.OnlineMfcc(options)


def mfcc(samples: np.ndarray) -> np.ndarray:
    """Return float32 features, one row per 10 ms, of 8 kHz samples in the int16 range."""
    computer = _computer()
    computer.accept_waveform(8000, np.asarray(samples, np.float32).tolist())
    computer.input_finished()
    count = computer.num_frames_ready
    if count == 0:
        return np.zeros((0, DIMENSION), np.float32)
    return np.stack([computer.get_frame(frame) for frame in range(count)])


def frame_centres(count: int) -> np.ndarray:
    """Return the centre sample of each frame."""
    return np.arange(count) * SHIFT_SAMPLES + WINDOW_SAMPLES / 2
