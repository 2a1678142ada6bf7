"""Sounds of a telephone line that are no speech: tones, keys, music, clicks, noise, silence. 8 kHz, peak about 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

RATE_HZ = 8000
CALL_PROGRESS_HZ = 450.0  # the one call-progress frequency of Chinese networks
CADENCES = {"dial": (1.0, 0.0), "ring": (1.0, 4.0), "busy": (0.35, 0.35), "congestion": (0.7, 0.7)}  # on, off seconds
_KEY_ROWS = (697.0, 770.0, 852.0, 941.0)
_KEY_COLUMNS = (1209.0, 1336.0, 1477.0, 1633.0)
KEYS = {key: (_KEY_ROWS[place // 4], _KEY_COLUMNS[place % 4]) for place, key in enumerate("123A456B789C*0#D")}


def noise(count: int, rng: np.random.Generator) -> np.ndarray:
    """Return unit-power white noise, rumble, or hum in hiss."""
    from scipy.signal import lfilter  # here, so that tests of the installed model need no scipy

    kind = rng.integers(0, 3)
    wave = rng.normal(0, 1, count)
    if kind == 1:
        wave = lfilter([1], [1, -0.95], wave)
    elif kind == 2:
        wave = np.sin(2 * np.pi * rng.uniform(40, 500) * np.arange(count) / RATE_HZ) * 0.5 + 0.5 * wave
    return wave / (np.std(wave) + 1e-9)


def _time(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * RATE_HZ)) / RATE_HZ


def tone(seconds: float, *frequencies: float) -> np.ndarray:
    """Return the sum of sine waves with soft ends."""
    time = _time(seconds)
    wave = sum((np.sin(2 * np.pi * hz * time) for hz in frequencies), np.zeros(len(time))) / max(1, len(frequencies))
    ramp = min(40, len(wave) // 2)
    if ramp:
        wave[:ramp] *= np.linspace(0, 1, ramp)
        wave[-ramp:] *= np.linspace(1, 0, ramp)
    return wave


def cadence(seconds: float, on: float, off: float, frequency: float = CALL_PROGRESS_HZ) -> np.ndarray:
    """Return a call-progress tone switched on and off."""
    if off <= 0:
        return tone(seconds, frequency)
    wave = np.zeros(int(seconds * RATE_HZ))
    start = 0.0
    while start < seconds:
        burst = tone(min(on, seconds - start), frequency)
        at = int(start * RATE_HZ)
        wave[at : at + len(burst)] = burst[: len(wave) - at]
        start += on + off
    return wave


def keys(pressed: str, on: float = 0.1, off: float = 0.1) -> np.ndarray:
    """Return the DTMF of the pressed keys."""
    gap = np.zeros(int(off * RATE_HZ))
    return np.concatenate([part for key in pressed for part in (tone(on, *KEYS[key]), gap)] or [gap])


def _note(seconds: float, hz: float, rng: np.random.Generator, timbre: int) -> np.ndarray:
    time = _time(seconds)
    wave = np.zeros(len(time))
    if timbre == 3:  # plucked string
        from scipy.signal import lfilter

        period = max(2, int(RATE_HZ / hz))
        burst = np.zeros(len(time))
        burst[:period] = rng.normal(0, 1, min(period, len(time)))
        feedback = np.zeros(period + 2)
        feedback[0], feedback[period], feedback[period + 1] = 1.0, -0.498, -0.498
        return lfilter([1.0], feedback, burst)
    vibrato = 0.0 if timbre == 0 else rng.uniform(0, 0.004)
    phase = 2 * np.pi * hz * (time + vibrato / 6 * np.sin(2 * np.pi * 5.5 * time))
    for harmonic in range(1, 1 + (1 if timbre == 0 else int(rng.integers(3, 9)))):
        if harmonic * hz < RATE_HZ * 0.48:
            wave += np.sin(harmonic * phase) / harmonic ** (1.0 if timbre == 1 else 1.6)
    decay = np.exp(-time * rng.uniform(0.5, 6)) if timbre != 2 else np.minimum(1, time * 20)
    tail = min(80, len(wave))
    wave = wave * decay
    wave[len(wave) - tail :] *= np.linspace(1, 0, tail)
    return wave


def music(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return a made-up piece: melody, chords and perhaps drums, in random timbres."""
    total = int(seconds * RATE_HZ)
    wave = np.zeros(total + RATE_HZ * 4)
    scale = np.array([[0, 2, 4, 7, 9, 12], [0, 2, 3, 5, 7, 10], [0, 4, 7, 11, 12, 16]][int(rng.integers(0, 3))])
    root = rng.uniform(90, 400)
    beat = rng.uniform(0.12, 0.6)
    lead, backing = int(rng.integers(0, 4)), int(rng.integers(0, 4))
    with_chords, with_drums = rng.random() < 0.7, rng.random() < 0.4
    at = 0.0
    while at < seconds:
        length = beat * float(rng.choice([0.5, 1, 1, 2]))
        start = int(at * RATE_HZ)
        layers = [_note(length * rng.uniform(0.8, 1.3), root * 2 ** (rng.choice(scale) / 12), rng, lead)]
        if with_chords and rng.random() < 0.5:
            base = root / 2 * 2 ** (rng.choice(scale) / 12)
            layers += [0.4 * _note(length * 2, base * ratio, rng, backing) for ratio in (1.0, 1.26, 1.5)]
        if with_drums:
            hit = rng.normal(0, 1, int(0.05 * RATE_HZ)) * np.exp(-np.arange(int(0.05 * RATE_HZ)) / 80)
            layers.append(hit * rng.uniform(0.1, 0.6))
        for layer in layers:
            wave[start : start + len(layer)] += layer[: len(wave) - start]
        at += length
    wave = wave[:total]
    return wave / (np.max(np.abs(wave), initial=0) + 1e-9)


def clicks(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return silence with short cracks and bumps."""
    wave = np.zeros(int(seconds * RATE_HZ))
    for _ in range(int(rng.integers(1, 2 + int(seconds * 4)))):
        at = int(rng.integers(0, max(1, len(wave) - 400)))
        length = int(rng.integers(1, 300))
        wave[at : at + length] += (rng.normal(0, 1, length) * np.exp(-np.arange(length) / (length / 3 + 1)))[
            : len(wave) - at
        ]
    return wave / (np.max(np.abs(wave), initial=0) + 1e-9)


def _random_tone(seconds: float, rng: np.random.Generator) -> np.ndarray:
    on, off = list(CADENCES.values())[int(rng.integers(0, len(CADENCES)))]
    hz = CALL_PROGRESS_HZ * rng.uniform(0.97, 1.03) if rng.random() < 0.7 else rng.uniform(200, 2600)
    if rng.random() < 0.2:
        on, off = rng.uniform(0.1, 1.2), rng.uniform(0.1, 4.5)
    wave = cadence(seconds + 5, on, off, hz)
    start = int(rng.integers(0, 5 * RATE_HZ))
    return wave[start : start + int(seconds * RATE_HZ)]


def _random_keys(seconds: float, rng: np.random.Generator) -> np.ndarray:
    on, off = rng.uniform(0.04, 0.4), rng.uniform(0.04, 0.6)
    count = max(1, int(seconds / (on + off)))
    return keys("".join(rng.choice(list(KEYS), count)), on, off)


def _sweep(seconds: float, rng: np.random.Generator) -> np.ndarray:
    start, end = rng.uniform(100, 3400, 2)
    time = _time(seconds)
    return np.sin(2 * np.pi * (start * time + (end - start) / (2 * seconds) * time**2))


_KINDS: tuple[tuple[float, Callable[[float, np.random.Generator], np.ndarray]], ...] = (
    (0.30, _random_tone),
    (0.18, _random_keys),
    (0.32, music),
    (0.10, clicks),
    (0.05, lambda seconds, rng: noise(int(seconds * RATE_HZ), rng) / 4),
    (0.05, _sweep),
)


def random_sound(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Return one of the kinds of sound, scaled to peak about 1."""
    weights = np.array([weight for weight, _ in _KINDS])
    kind = _KINDS[int(rng.choice(len(_KINDS), p=weights / weights.sum()))][1]
    wave = kind(seconds, rng)
    return wave / (np.max(np.abs(wave), initial=0) + 1e-9)
