"""Whether somebody on the line heard a sentence: the very sound that was made for its words, piece by piece."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_PIECE = 3200
"""0.4 s. A packet that is lost or late displaces what follows it: a longer piece would not be found after it."""
_DRIFT = 1600
"""So far in samples, once or twice, may a piece be from where it would be in an undisturbed sentence."""
_ALIKE = 0.6
HEARD = 0.5
"""So much of a sentence is enough to have heard it. With every twentieth packet lost more of it is found; of another
sentence that begins otherwise, less."""


def share_heard(said: bytes, heard: bytes) -> float:
    """Return what share of the pieces of `said` is in `heard`, in their order: 1.0 is all of it, alone."""
    clean, noisy = (np.frombuffer(each, "<i2").astype(np.float64) for each in (said, heard))
    pieces = clean[: len(clean) // _PIECE * _PIECE].reshape(-1, _PIECE)
    if not len(pieces) or len(noisy) < _PIECE:
        return 0.0
    size = 1 << int(np.ceil(np.log2(len(noisy) + _PIECE)))
    match = np.fft.irfft(np.fft.rfft(noisy, size) * np.conj(np.fft.rfft(pieces, size, axis=1)), size, axis=1)
    power = np.concatenate(([0.0], np.cumsum(noisy**2)))
    energy = np.maximum(power[_PIECE:] - power[:-_PIECE], 1e3)
    alike = match[:, : len(energy)] / np.sqrt(energy) / np.sqrt(np.maximum((pieces**2).sum(axis=1, keepdims=True), 1e3))
    found = _best_near(alike > _ALIKE, [number * _PIECE for number in range(len(pieces))])
    return float(found.mean(axis=0).max())


def _best_near(alike: NDArray[np.bool_], places: list[int]) -> NDArray[np.bool_]:
    """Return, of each possible begin of the sentence (in steps of the drift), which pieces are near their places."""

    def is_near(row: NDArray[np.bool_], at: int) -> bool:
        return bool(row[max(0, at - _DRIFT) : max(0, at + 2 * _DRIFT)].any())

    begins = range(-places[-1], alike.shape[1], _DRIFT)
    return np.array([[is_near(row, begin + at) for begin in begins] for row, at in zip(alike, places, strict=True)])
