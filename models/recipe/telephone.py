"""What a telephone line does to a voice: band, room, noise, level and G.711 A-law. 8 kHz, floats in the int16 range."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from .g711 import through_alaw
from .sounds import RATE_HZ, noise

FULL_SCALE = 32767.0


def _colour(wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if rng.random() < 0.5:
        wave = lfilter([1, rng.uniform(-0.5, 0.5)], [1], wave)
    if rng.random() < 0.35:
        band = [rng.uniform(150, 320), rng.uniform(3000, 3800)]
        wave = sosfilt(butter(2, band, "band", fs=RATE_HZ, output="sos"), wave)
    if rng.random() < 0.25:  # a small room
        length = int(RATE_HZ * rng.uniform(0.03, 0.15))
        echo = rng.normal(0, 1, length) * np.exp(-np.arange(length) / (length / 4)) * rng.uniform(0.02, 0.15)
        echo[0] = 1
        wave = np.convolve(wave, echo)[: len(wave)]
    if rng.random() < 0.6:
        wave = wave + noise(len(wave), rng) * np.std(wave) * 10 ** (-rng.uniform(8, 40) / 20)
    return wave


def lose_packets(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the samples with a few 20 ms packets silent or repeated, as a busy network leaves them."""
    packet = RATE_HZ // 50
    wave = samples.copy()
    share = rng.uniform(0.003, 0.03)
    for start in range(packet, len(wave) - packet, packet):
        if rng.random() < share:
            wave[start : start + packet] = wave[start - packet : start] if rng.random() < 0.5 else 0.0
    return wave


def degrade(samples: np.ndarray, rng: np.random.Generator, *, clean: bool) -> np.ndarray:
    """Return the samples as a line would deliver them; `clean` only sets a fixed level."""
    peak = float(np.max(np.abs(samples), initial=0.0)) + 1e-6
    wave = samples / peak
    if clean:
        return np.round(wave * 20000)
    wave = _colour(wave, rng)
    peak = float(np.max(np.abs(wave), initial=0.0)) + 1e-6
    wave = wave / peak * FULL_SCALE * 10 ** (rng.uniform(-27, 0) / 20)
    wave = through_alaw(wave) if rng.random() < 0.7 else np.round(wave)
    return lose_packets(wave, rng) if rng.random() < 0.1 else wave
