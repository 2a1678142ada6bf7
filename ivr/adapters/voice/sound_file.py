"""Sound files: any WAV in, telephone audio out (8 kHz mono), as the files that the switch plays."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from ivr.errors import WorldError
from ivr.speech.audio import alaw_decode, alaw_encode, pcm, samples, ulaw_decode

TELEPHONE_HZ = 8000
_MOST_BYTES = 64 << 20
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_TARGET_DBFS = -20.0
_PEAK = 0.7 * 32767
_FRAME = 80

Signal = npt.NDArray[np.float64]


class BadSoundError(WorldError):
    """A sound file cannot be used; the message is Chinese and says what is wrong and what helps."""


def read_wav(data: bytes) -> bytes:
    """Return a WAV file's sound as signed 16-bit at 8 kHz, all its channels mixed into one; BadSoundError."""
    if len(data) > _MOST_BYTES:
        raise BadSoundError("录音文件超过 64 MB，请截短后再用")
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise BadSoundError("不是 WAV 文件。请另存为 WAV（PCM、单声道、8000 Hz 或更高）")
    layout: tuple[int, int, int, int] | None = None
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt " and len(body) >= 16:
            kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
            if kind == _EXTENSIBLE and len(body) >= 26:
                kind = int.from_bytes(body[24:26], "little")
            layout = kind, channels, rate, bits
        elif name == b"data":
            if layout is None:
                break
            return _to_telephone(body, *layout)
        at += 8 + size + size % 2
    raise BadSoundError("WAV 文件不完整（没有声音数据）。请重新导出")


def _to_telephone(body: bytes, kind: int, channels: int, rate: int, bits: int) -> bytes:
    if not 1 <= channels <= 8 or not 4000 <= rate <= 192_000:
        raise BadSoundError(f"不支持 {channels} 个声道、{rate} Hz 的录音。请另存为单声道、8000 Hz 的 WAV")
    sound = _numbers(body, kind, bits)
    sound = sound[: len(sound) // channels * channels].reshape(-1, channels).mean(axis=1)
    if not len(sound):
        raise BadSoundError("录音里没有声音数据。请重新录制")
    if rate != TELEPHONE_HZ:
        sound = soxr.resample(sound, rate, TELEPHONE_HZ)
    return pcm(sound)


def _numbers(body: bytes, kind: int, bits: int) -> Signal:
    match kind, bits:
        case (1, 8):
            return (np.frombuffer(body, np.uint8).astype(np.float64) - 128) * 256
        case (1, 16):
            return np.frombuffer(body[: len(body) // 2 * 2], "<i2").astype(np.float64)
        case (1, 24):
            whole = np.frombuffer(body[: len(body) // 3 * 3], np.uint8).reshape(-1, 3)
            wide = np.zeros((len(whole), 4), np.uint8)
            wide[:, 1:] = whole
            return wide.view("<i4")[:, 0] / 65_536.0
        case (1, 32):
            return np.frombuffer(body[: len(body) // 4 * 4], "<i4") / 65_536.0
        case (3, 32):
            values = np.frombuffer(body[: len(body) // 4 * 4], "<f4").astype(np.float64)
            return np.nan_to_num(np.clip(values, -1.0, 1.0)) * 32767
        case (6, 8):
            return samples(alaw_decode(body)).astype(np.float64)
        case (7, 8):
            return samples(ulaw_decode(body)).astype(np.float64)
    raise BadSoundError(f"不支持这种 WAV 编码（类型 {kind}，{bits} 位）。请另存为 PCM 16 位的 WAV")


def levelled(sound: bytes) -> bytes:
    """Return speech at the loudness of a telephone prompt (-20 dBFS while it speaks, no peak above 0.7), trimmed."""
    values = samples(sound).astype(np.float64)
    frames = values[: len(values) // _FRAME * _FRAME].reshape(-1, _FRAME)
    power = (frames**2).mean(axis=1) if len(frames) else np.zeros(0)
    spoken = np.flatnonzero(power > max(float(power.max(initial=0.0)) * 1e-4, 1.0))
    if not len(spoken):
        return sound
    first, last = max(0, spoken[0] - 5), min(len(frames), spoken[-1] + 11)
    wanted = 32767 * 10 ** (_TARGET_DBFS / 20)
    gain = min(wanted / np.sqrt(power[spoken].mean()), _PEAK / max(np.abs(values).max(), 1.0))
    return pcm(values[first * _FRAME : last * _FRAME] * gain)


def wav_bytes(sound: bytes, rate_hz: int = TELEPHONE_HZ) -> bytes:
    """Return signed 16-bit mono sound as a WAV file."""
    layout = struct.pack("<HHIIHH", 1, 1, rate_hz, rate_hz * 2, 2, 16)
    head = b"WAVEfmt " + struct.pack("<I", len(layout)) + layout + b"data" + struct.pack("<I", len(sound))
    return b"RIFF" + struct.pack("<I", len(head) + len(sound)) + head + sound


def write_sound(file: Path, sound: bytes) -> None:
    """Write `file`.alaw, which the switch plays without converting, and `file`.wav, which people can open."""
    file.parent.mkdir(parents=True, exist_ok=True)
    for suffix, data in ((".alaw", alaw_encode(sound)), (".wav", wav_bytes(sound))):
        part = file.with_name(file.name + suffix + ".part")
        part.write_bytes(data)
        part.replace(file.with_name(file.name + suffix))


def has_sound(file: Path) -> bool:
    """Whether `write_sound` has been here."""
    return all(file.with_name(file.name + suffix).is_file() for suffix in (".alaw", ".wav"))
