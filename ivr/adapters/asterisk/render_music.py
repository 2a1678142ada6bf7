"""A quiet tune for callers who wait, made here so that it belongs to nobody: used when no music folder is given."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

_RATE_HZ = 8000
_PEAK = 3200  # about -20 dBFS: speech prompts must stand out from it
# 茉莉花's five-tone scale, our own phrase: (frequency Hz, seconds)
_C, _D, _E, _G, _A, _REST = 523.25, 587.33, 659.25, 783.99, 880.0, 0.0
_PHRASE = (
    (_E, 0.5), (_G, 0.5), (_A, 1.0), (_G, 0.5), (_E, 0.5), (_D, 1.0),
    (_C, 0.5), (_D, 0.5), (_E, 1.0), (_D, 0.5), (_C, 0.5), (_A / 2, 1.0),
    (_G / 2, 0.5), (_A / 2, 0.5), (_C, 1.0), (_D, 0.5), (_E, 0.5), (_C, 1.5), (_REST, 1.5),
)  # fmt: skip


def write_music(file: Path) -> None:
    """Write the tune as an 8 kHz mono 16-bit WAV file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE_HZ)
        out.writeframes(b"".join(_note(frequency, seconds) for frequency, seconds in _PHRASE))


def _note(frequency: float, seconds: float) -> bytes:
    count = int(_RATE_HZ * seconds)
    samples = []
    for index in range(count):
        fade = min(1.0, index / 160, (count - index) / 160) * math.exp(-1.5 * index / _RATE_HZ)
        turn = 2 * math.pi * frequency * index / _RATE_HZ
        samples.append(int(_PEAK * fade * (0.8 * math.sin(turn) + 0.2 * math.sin(2 * turn))))
    return struct.pack(f"<{count}h", *samples)
