"""Reading part of one leg's recording as telephone audio: WAV (PCM, A-law, µ-law) or headerless .alaw .ulaw .sln."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr

from ivr.errors import EarsError
from ivr.speech.audio import TELEPHONE_HZ, alaw_decode, pcm, samples, ulaw_decode

PCM, ALAW, ULAW = 1, 6, 7
_RAW = {".alaw": ALAW, ".al": ALAW, ".ulaw": ULAW, ".ul": ULAW, ".sln": PCM, ".raw": PCM}
_HEADER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the samples lie in the file, and how they are written."""

    coding: int
    rate_hz: int
    channels: int
    begin: int
    end: int

    @property
    def frame_bytes(self) -> int:
        return self.channels * (2 if self.coding == PCM else 1)


def read_part(recording: Path, begun_s: float, ended_s: float) -> bytes:
    """Return seconds `begun_s` to `ended_s` of `recording` as 8 kHz PCM (its first channel).

    Shorter when the recording ends before; EarsError, with the remedy, when it cannot be read.
    """
    try:
        layout = _layout(recording)
        first = layout.begin + max(0, round(begun_s * layout.rate_hz)) * layout.frame_bytes
        last = min(layout.end, layout.begin + max(0, round(ended_s * layout.rate_hz)) * layout.frame_bytes)
        with recording.open("rb") as file:
            file.seek(first)
            data = file.read(max(0, last - first))
    except OSError as error:
        raise EarsError(f"录音无法读取：{recording}（{error.strerror}）。改法：检查文件是否存在及读取权限。") from error
    return _telephone(data[: len(data) - len(data) % layout.frame_bytes], layout)


def _telephone(data: bytes, layout: _Layout) -> bytes:
    if layout.coding == PCM:
        sound = samples(data)
    else:
        sound = samples(alaw_decode(data) if layout.coding == ALAW else ulaw_decode(data))
    if layout.channels > 1:
        sound = sound.reshape(-1, layout.channels)[:, 0]
    if layout.rate_hz != TELEPHONE_HZ and sound.size:
        return pcm(np.asarray(soxr.resample(sound.astype(np.float32), layout.rate_hz, TELEPHONE_HZ)))
    return sound.astype("<i2").tobytes()


def _layout(recording: Path) -> _Layout:
    size = recording.stat().st_size
    raw = _RAW.get(recording.suffix.lower())
    if raw is not None:
        return _Layout(raw, TELEPHONE_HZ, 1, 0, size)
    with recording.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise EarsError(f"不认识的录音格式：{recording}。改法：使用 .wav、.alaw、.ulaw 或 .sln。")
    at, coding = 12, (0, 0, 0)
    while at + 8 <= len(head):
        name, length = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"fmt " and at + 24 <= len(head):
            code, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head, at + 8)
            if bits == (16 if code == PCM else 8):
                coding = (code, channels, rate)
        elif name == b"data":
            if coding[0] not in (PCM, ALAW, ULAW) or not 1 <= coding[1] <= 8 or not 4000 <= coding[2] <= 192_000:
                break
            # A recorder that was killed leaves a length of 0 or too much: believe the file's size.
            begin = at + 8
            end = begin + length if 0 < length <= size - begin else size
            return _Layout(coding[0], coding[2], coding[1], begin, end)
        at += 8 + length + (length & 1)
    raise EarsError(f"录音文件头损坏或编码不支持：{recording}。改法：使用 16 位 PCM 或 G.711 的 WAV 文件。")
