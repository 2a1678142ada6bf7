"""Measure recordings on disk: how long, how loud, which sha256, and what is wrong with them."""

from __future__ import annotations

import asyncio
import hashlib
import math
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

import numpy as np
from numpy.typing import NDArray

from ivr.call import CallId
from ivr.recording import QUIET_DBFS, Part, Recording, recording_file

_RATE = 8000
_CHUNK = 1 << 18
_PCM, _ALAW, _ULAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE
_RAW = {".alaw": (_ALAW, 1), ".al": (_ALAW, 1), ".ulaw": (_ULAW, 1), ".ul": (_ULAW, 1), ".sln": (_PCM, 2)}
_FULL_SCALE = 32768.0


class _UnsoundError(Exception):
    """A file that is no recording; the message is for people."""


@dataclass(frozen=True, slots=True)
class _Sound:
    """Where the samples lie in a file, and what they are."""

    kind: int
    rate: int
    frame_bytes: int
    begin: int
    size: int
    problem: str = ""


class RecordingFiles:
    """The recordings folder `root`; reading happens in threads, off the event loop."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._resolved = root.resolve()

    def path(self, call: CallId, part: Part, suffix: str = ".wav") -> Path:
        """Return where the switch must write this part of the call; the folder is made with the first call of a day."""
        return self._root / recording_file(call, part, suffix)

    async def measure(self, call: CallId, part: Part, file: str | PurePosixPath | None = None) -> Recording:
        """Measure one file (relative to the folder; by default the part's own name). Never raises for a bad file."""
        relative = PurePosixPath(file) if file is not None else recording_file(call, part)
        return await asyncio.to_thread(self._measure, call, part, relative)

    def _measure(self, call: CallId, part: Part, relative: PurePosixPath) -> Recording:
        path = self._root / relative
        try:
            if not path.resolve().is_relative_to(self._resolved):
                raise _UnsoundError(f"录音文件 {relative} 不在录音目录里。改法：检查拨号方案里的录音文件名")
            with path.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
                try:
                    sound = _raw_sound(path, content) if path.suffix in _RAW else _wav_sound(content)
                    seconds, loudness = _levels(content, sound)
                except _UnsoundError as unsound:
                    return Recording(call, part, str(relative), 0.0, QUIET_DBFS, digest, str(unsound))
        except _UnsoundError as unsound:
            return Recording(call, part, str(relative), 0.0, QUIET_DBFS, "", str(unsound))
        except FileNotFoundError:
            told = "没有录音文件。改法：检查录音目录是否可写、磁盘是否已满"
            return Recording(call, part, str(relative), 0.0, QUIET_DBFS, "", told)
        except OSError as error:
            told = f"录音文件读不了（{error.strerror}）。改法：检查录音目录的权限与磁盘"
            return Recording(call, part, str(relative), 0.0, QUIET_DBFS, "", told)
        problem = sound.problem or ("录音里没有声音数据" if seconds == 0 else "")
        return Recording(call, part, str(relative), round(seconds, 3), round(loudness, 2), digest, problem)


def _raw_sound(path: Path, content: IO[bytes]) -> _Sound:
    kind, width = _RAW[path.suffix]
    return _Sound(kind, _RATE, width, 0, content.seek(0, os.SEEK_END))


def _wav_sound(content: IO[bytes]) -> _Sound:
    """Find the samples of a WAV file; one whose writer died before it could fill in the sizes is read to its end."""
    length = content.seek(0, os.SEEK_END)
    content.seek(0)
    head = content.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise _UnsoundError("录音文件是空的" if not head else "不是 WAV 录音文件")
    form: tuple[int, int, int] | None = None
    while len(chunk := content.read(8)) == 8:
        name, size = chunk[:4], int.from_bytes(chunk[4:], "little")
        begin = content.tell()
        if name == b"fmt ":
            form = _form(content.read(min(size, 64)))
        elif name == b"data":
            if form is None:
                break
            kind, rate, frame = form
            there = length - begin
            is_whole = 0 < size <= there or there == 0
            problem = "" if is_whole else "录音没有正常收尾（写录音的进程中断），按文件实际长度计算"
            return _Sound(kind, rate, frame, begin, size if is_whole else there, problem)
        content.seek(begin + size + size % 2)
    raise _UnsoundError("WAV 录音文件不完整，没有声音数据")


def _form(chunk: bytes) -> tuple[int, int, int]:
    """Return kind, rate and bytes per frame; one channel only."""
    if len(chunk) < 16:
        raise _UnsoundError("WAV 录音文件头不完整")
    kind = int.from_bytes(chunk[0:2], "little")
    channels = int.from_bytes(chunk[2:4], "little")
    rate = int.from_bytes(chunk[4:8], "little")
    bits = int.from_bytes(chunk[14:16], "little")
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        kind = int.from_bytes(chunk[24:26], "little")
    if channels != 1 or rate == 0 or (kind, bits) not in ((_PCM, 16), (_ALAW, 8), (_ULAW, 8)):
        raise _UnsoundError(
            f"不支持的录音格式（{channels} 声道、{bits} 位、格式 {kind}），应为单声道 16 位 PCM 或 G.711"
        )
    return kind, rate, bits // 8


def _levels(content: IO[bytes], sound: _Sound) -> tuple[float, float]:
    """Return the seconds and the loudness in dBFS, reading in pieces."""
    content.seek(sound.begin)
    left = sound.size - sound.size % sound.frame_bytes
    frames, energy = 0, 0.0
    while left > 0 and (piece := content.read(min(_CHUNK, left))):
        samples = _samples(piece[: len(piece) - len(piece) % sound.frame_bytes], sound.kind)
        frames += len(samples)
        energy += float(np.dot(samples, samples))
        left -= len(piece)
    if frames == 0 or energy == 0.0:
        return frames / sound.rate, QUIET_DBFS
    return frames / sound.rate, max(QUIET_DBFS, 10 * math.log10(energy / frames / _FULL_SCALE**2))


def _samples(piece: bytes, kind: int) -> NDArray[np.float64]:
    if kind == _PCM:
        return np.frombuffer(piece, dtype="<i2").astype(np.float64)
    table = _ALAW_TABLE if kind == _ALAW else _ULAW_TABLE
    return table[np.frombuffer(piece, dtype=np.uint8)]


def _alaw_table() -> NDArray[np.float64]:
    """ITU-T G.711, A-law: 8 segments of 16 steps, even bits inverted."""
    code = np.arange(256) ^ 0x55
    segment, step = (code & 0x70) >> 4, (code & 0x0F) << 4
    size = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, size, -size).astype(np.float64)


def _ulaw_table() -> NDArray[np.float64]:
    """ITU-T G.711, µ-law: all bits inverted, bias 132."""
    code = ~np.arange(256) & 0xFF
    size = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -size, size).astype(np.float64)


_ALAW_TABLE = _alaw_table()
_ULAW_TABLE = _ulaw_table()
