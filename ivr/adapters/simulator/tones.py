"""Pure tones and loudness: how tests find out who hears whom."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RATE_HZ = 8000
_NOTHING_DB = -100.0


def tone(hertz: float, seconds: float, amplitude: float = 0.25) -> bytes:
    """Return a sine tone, signed 16-bit at 8 kHz; `amplitude` 1.0 is full scale."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.round(amplitude * 32767 * np.sin(2 * np.pi * hertz * times)).astype("<i2").tobytes()


def tone_levels(pcm: bytes, hertz: Sequence[float], frame: int = 160) -> dict[float, list[float]]:
    """Return, per frequency, the amplitude (1.0 is full scale) of that tone in each frame of `frame` samples."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64) / 32767
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    window = np.hanning(frame)
    probe = np.exp(-2j * np.pi * np.outer(np.asarray(hertz), np.arange(frame)) / RATE_HZ) * window
    levels = np.abs(frames @ probe.T) * 2 / window.sum()
    return {frequency: levels[:, column].tolist() for column, frequency in enumerate(hertz)}


def hears_tone(pcm: bytes, hertz: float, *, seconds: float = 0.2, amplitude: float = 0.02) -> bool:
    """Whether the tone sounds for at least `seconds` in all, and is louder in that time than the rest together."""
    loud = 0
    for at in range(0, len(pcm) - 319, 320):
        frame = pcm[at : at + 320]
        level = tone_levels(frame, [hertz])[hertz][0]
        if level >= amplitude and level**2 / 2 >= 0.4 * _power(frame):
            loud += 1
    return loud * 0.02 >= seconds


def signal_to_noise_db(sent: bytes, heard: bytes) -> float:
    """Return how well `heard` repeats `sent`, which may begin anywhere in it: decibels at the best alignment."""
    clean = np.frombuffer(sent, "<i2").astype(np.float64)
    noisy = np.frombuffer(heard, "<i2").astype(np.float64)
    if not len(clean) or len(noisy) < len(clean):
        return _NOTHING_DB
    size = 1 << int(np.ceil(np.log2(len(noisy) + len(clean))))
    match = np.fft.irfft(np.fft.rfft(noisy, size) * np.conj(np.fft.rfft(clean, size)), size)
    at = int(np.argmax(match[: len(noisy) - len(clean) + 1]))
    error = noisy[at : at + len(clean)] - clean
    return float(10 * np.log10((clean**2).sum() / max((error**2).sum(), 1e-9)))


def _power(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, "<i2").astype(np.float64) / 32767
    return float((samples**2).mean()) if len(samples) else 0.0
