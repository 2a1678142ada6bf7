"""A recording's figures tell whether it can be heard, and a bad file is told, never raised."""

from __future__ import annotations

import hashlib
import math
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from ivr.adapters.files.recording_files import RecordingFiles
from ivr.call import CallId
from ivr.recording import QUIET_DBFS, Part

CALL = CallId("hl-1763827200.12")


@pytest.fixture
def files(tmp_path: Path) -> RecordingFiles:
    return RecordingFiles(tmp_path)


def tone(seconds: float, amplitude: float, rate: int = 8000) -> bytes:
    at = np.arange(int(seconds * rate)) / rate
    return (np.sin(2 * np.pi * 440 * at) * amplitude * 32767).astype("<i2").tobytes()


def write(path: Path, samples: bytes, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples)


async def test_a_tone_has_its_length_loudness_and_digest(files: RecordingFiles) -> None:
    path = files.path(CALL, Part.CALLER)
    write(path, tone(40.5, 0.1))
    found = await files.measure(CALL, Part.CALLER)
    assert found.seconds == 40.5
    assert found.rms_dbfs == pytest.approx(20 * math.log10(0.1 / math.sqrt(2)), abs=0.05)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found.file, found.problem) == ("2025/11/23/hl-1763827200.12-caller.wav", "")


async def test_silence_is_quiet_and_an_a_law_file_is_read_too(files: RecordingFiles) -> None:
    write(files.path(CALL, Part.MIX), bytes(16000))
    assert (await files.measure(CALL, Part.MIX)).rms_dbfs == QUIET_DBFS
    path = files.path(CALL, Part.AGENT, ".alaw")
    path.write_bytes(bytes([0xAA, 0x2A]) * 4000)  # the loudest codes of both signs: ±32256
    found = await files.measure(CALL, Part.AGENT, "2025/11/23/hl-1763827200.12-agent.alaw")
    assert found.seconds == 1.0
    assert found.rms_dbfs == pytest.approx(20 * math.log10(32256 / 32768), abs=0.01)
    path.with_suffix(".ulaw").write_bytes(bytes([0x80, 0x00]) * 4000)  # ±32124
    found = await files.measure(CALL, Part.AGENT, "2025/11/23/hl-1763827200.12-agent.ulaw")
    assert found.rms_dbfs == pytest.approx(20 * math.log10(32124 / 32768), abs=0.01)


async def test_a_recording_whose_writer_was_killed_is_measured_as_far_as_it_goes(files: RecordingFiles) -> None:
    path = files.path(CALL, Part.CALLER)
    write(path, tone(2, 0.5))
    whole = path.read_bytes()
    for size in (0, 0xFFFFFFFF):
        path.write_bytes(whole[:40] + struct.pack("<I", size) + whole[44:])
        found = await files.measure(CALL, Part.CALLER)
        assert found.seconds == 2.0
        assert "没有正常收尾" in found.problem
    path.write_bytes(whole[:-16001])
    found = await files.measure(CALL, Part.CALLER)
    assert found.seconds == pytest.approx(1.0, abs=0.001)
    assert "没有正常收尾" in found.problem


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "没有录音文件"),
        (b"", "空的"),
        (b"RIFF", "不是 WAV"),
        (b"RIFF\0\0\0\0WAVE", "不完整"),
        (b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff", "不完整"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "不完整"),
        (b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + bytes(16) + b"data\0\0\0\0", "不支持"),
        (b"\x00" * 5000, "不是 WAV"),
    ],
)
async def test_a_bad_file_is_told_in_chinese(files: RecordingFiles, content: bytes | None, told: str) -> None:
    path = files.path(CALL, Part.CALLER)
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_bytes(content)
    found = await files.measure(CALL, Part.CALLER)
    assert told in found.problem
    assert found.seconds == 0


async def test_an_empty_call_two_channels_and_a_folder_are_told(files: RecordingFiles, tmp_path: Path) -> None:
    path = files.path(CALL, Part.CALLER)
    write(path, b"")
    assert "没有声音" in (await files.measure(CALL, Part.CALLER)).problem
    write(path, tone(1, 0.5), channels=2)
    assert "2 声道" in (await files.measure(CALL, Part.CALLER)).problem
    (tmp_path / "folder.wav").mkdir()
    assert "读不了" in (await files.measure(CALL, Part.CALLER, "folder.wav")).problem


async def test_a_name_outside_the_folder_is_never_opened(files: RecordingFiles, tmp_path: Path) -> None:
    (tmp_path.parent / "secret.wav").write_bytes(b"secret")
    (tmp_path / "link.wav").symlink_to(tmp_path.parent / "secret.wav")
    for name in ("../secret.wav", "/etc/hostname", "link.wav"):
        found = await files.measure(CALL, Part.CALLER, name)
        assert "不在录音目录里" in found.problem
        assert found.sha256 == ""
