"""Sound as numbers: G.711 A-law and µ-law, loudness, and telling speech from a quiet line.

PCM is mono signed 16-bit little-endian, as `bytes`; nothing here reads a file or a clock.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

TELEPHONE_HZ: Final = 8000
"""What every leg of a call sounds like."""

SILENCE_DBFS: Final = -96.0
"""The loudness said of digital silence (and of nothing at all)."""

_FULL_SCALE = 32768.0


def samples(pcm: bytes) -> Samples:
    """Return `pcm` as numbers; a trailing half sample is dropped."""
    return np.frombuffer(pcm[: len(pcm) & ~1], dtype="<i2").astype(np.int16, copy=False)


def pcm(values: npt.NDArray[np.generic]) -> bytes:
    """Return `values` (any numeric type, int16 scale) as PCM; what is too loud is clipped, never wrapped."""
    return np.clip(np.rint(values.astype(np.float64)), -32768, 32767).astype("<i2").tobytes()


def seconds(pcm: bytes, rate_hz: int = TELEPHONE_HZ) -> float:
    """How long `pcm` lasts."""
    return (len(pcm) // 2) / rate_hz


def rms_dbfs(pcm: bytes) -> float:
    """Loudness in dB of full scale: 0 for a full-scale square wave, SILENCE_DBFS for silence."""
    values = samples(pcm)
    if not values.size:
        return SILENCE_DBFS
    rms = math.sqrt(float(np.mean(values.astype(np.float64) ** 2)))
    return max(SILENCE_DBFS, 20 * math.log10(rms / _FULL_SCALE)) if rms else SILENCE_DBFS


def loudest_frame_dbfs(pcm: bytes, frame_samples: int = 160) -> tuple[float, float]:
    """Loudness of the loudest and of the quietest frame (20 ms at 8 kHz) of `pcm`, its mean removed."""
    values = samples(pcm)
    whole = values.size // frame_samples
    if not whole:
        level = rms_dbfs(pcm)
        return level, level
    frames = values[: whole * frame_samples].astype(np.float32).reshape(whole, frame_samples)
    power = np.einsum("ij,ij->i", frames, frames) / frame_samples - (frames.sum(axis=1) / frame_samples) ** 2
    return _power_dbfs(float(power.max())), _power_dbfs(float(power.min()))


def _power_dbfs(power: float) -> float:
    return max(SILENCE_DBFS, 10 * math.log10(power / _FULL_SCALE**2)) if power > 0 else SILENCE_DBFS


# ------------------------------------------------------------------------------------------------------------ G.711


def alaw_encode(pcm: bytes) -> bytes:
    """PCM to A-law, one byte per sample, exactly as G.711 says."""
    return _ALAW_ENCODE[samples(pcm).view(np.uint16)].tobytes()


def alaw_decode(data: bytes) -> bytes:
    """A-law to PCM."""
    return _ALAW_DECODE[np.frombuffer(data, np.uint8)].tobytes()


def ulaw_encode(pcm: bytes) -> bytes:
    """PCM to µ-law, one byte per sample, exactly as G.711 says."""
    return _ULAW_ENCODE[samples(pcm).view(np.uint16)].tobytes()


def ulaw_decode(data: bytes) -> bytes:
    """µ-law to PCM."""
    return _ULAW_DECODE[np.frombuffer(data, np.uint8)].tobytes()


def _alaw_decode_table() -> npt.NDArray[np.int16]:
    code = np.arange(256, dtype=np.int64) ^ 0x55
    segment, mantissa = (code >> 4) & 7, code & 15
    small = (mantissa << 4) + 8
    large = ((mantissa << 4) + 0x108) << np.maximum(segment - 1, 0)
    magnitude = np.where(segment == 0, small, large)
    return np.where(code & 0x80, magnitude, -magnitude).astype("<i2")


def _ulaw_decode_table() -> npt.NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int64) & 0xFF
    segment, mantissa = (code >> 4) & 7, code & 15
    magnitude = (((mantissa << 3) + 0x84) << segment) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype("<i2")


def _every_value() -> npt.NDArray[np.int64]:
    """All 16-bit values, in the order of their unsigned bit pattern, so that a sample is its own index."""
    return np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int64)


def _alaw_encode_table() -> npt.NDArray[np.uint8]:
    value = _every_value() >> 3  # A-law sees 13 bits
    mask = np.where(value >= 0, 0xD5, 0x55)
    magnitude = np.where(value >= 0, value, -value - 1)
    segment = np.searchsorted(np.array([0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF]), magnitude, side="left")
    mantissa = (magnitude >> np.maximum(segment, 1)) & 15
    codes: npt.NDArray[np.uint8] = (((segment << 4) | mantissa) ^ mask).astype(np.uint8)
    return codes


def _ulaw_encode_table() -> npt.NDArray[np.uint8]:
    value = _every_value() >> 2  # µ-law sees 14 bits
    mask = np.where(value >= 0, 0xFF, 0x7F)
    magnitude = np.minimum(np.abs(value), 8158) + 33
    segment = np.searchsorted(np.array([0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF]), magnitude, side="left")
    mantissa = (magnitude >> (segment + 1)) & 15
    codes: npt.NDArray[np.uint8] = (((segment << 4) | mantissa) ^ mask).astype(np.uint8)
    return codes


_ALAW_DECODE: Final = _alaw_decode_table()
_ALAW_ENCODE: Final = _alaw_encode_table()
_ULAW_DECODE: Final = _ulaw_decode_table()
_ULAW_ENCODE: Final = _ulaw_encode_table()
