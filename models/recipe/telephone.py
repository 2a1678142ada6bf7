"""What a telephone line does to a voice: band, room, noise, level and G.711 A-law. 8 kHz, floats in the int16 range."""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

RATE_HZ = 8000
FULL_SCALE = 32767.0


def through_alaw(samples: np.ndarray) -> np.ndarray:
    """Return the samples after G.711 A-law coding and decoding."""
    linear = np.clip(np.round(samples), -32768, 32767).astype(np.int32)
    positive = linear >= 0
    magnitude = np.minimum(np.where(positive, linear, -linear - 1) >> 4, 2047)
    exponent = np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 3
    exponent = np.where(magnitude < 32, np.where(magnitude < 16, 0, 1), exponent)
    shift = np.maximum(exponent - 1, 0)
    mantissa = np.where(exponent <= 1, magnitude & 15, (magnitude >> shift) & 15)
    decoded = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << shift)
    return np.where(positive, decoded, -decoded).astype(np.float32)


def noise(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return unit-power white noise, rumble, or hum in hiss."""
    kind = rng.integers(0, 3)
    wave = rng.normal(0, 1, count)
    if kind == 1:
        wave = lfilter([1], [1, -0.95], wave)
    elif kind == 2:
        wave = np.sin(2 * np.pi * rng.uniform(40, 500) * np.arange(count) / RATE_HZ) * 0.5 + 0.5 * wave
    return wave / (np.std(wave) + 1e-9)


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
