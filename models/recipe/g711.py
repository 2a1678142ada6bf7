"""G.711 A-law as numpy tables: 16-bit samples to bytes of the telephone line and back."""

from __future__ import annotations

import numpy as np


def _decoding_table() -> np.ndarray:
    codes = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (codes >> 4) & 7, codes & 15
    linear = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(codes & 0x80, linear, -linear).astype(np.int16)


DECODED = _decoding_table()


def encode(samples: np.ndarray) -> bytes:
    """Return the A-law bytes of samples in the int16 range."""
    linear = np.clip(np.round(samples), -32768, 32767).astype(np.int32)
    positive = linear >= 0
    magnitude = np.minimum(np.where(positive, linear, -linear - 1) >> 4, 2047)
    exponent = np.where(magnitude < 16, 0, np.floor(np.log2(np.maximum(magnitude, 16))).astype(np.int32) - 3)
    mantissa = np.where(exponent <= 1, magnitude & 15, (magnitude >> np.maximum(exponent - 1, 0)) & 15)
    codes = np.where(positive, 0x80, 0) | (exponent << 4) | mantissa
    return (codes ^ 0x55).astype(np.uint8).tobytes()


def decode(data: bytes) -> np.ndarray:
    """Return the int16 samples of A-law bytes."""
    return DECODED[np.frombuffer(data, np.uint8)]


def through_alaw(samples: np.ndarray) -> np.ndarray:
    """Return the samples as they arrive after a digital telephone line."""
    return decode(encode(samples)).astype(np.float32)
