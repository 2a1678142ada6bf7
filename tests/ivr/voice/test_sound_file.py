"""Any reasonable recording becomes telephone audio; any other says why not."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.simulator.tones import hears_tone, tone
from ivr.adapters.voice.sound_file import BadSoundError, has_sound, levelled, read_wav, wav_bytes, write_sound
from ivr.speech.audio import alaw_decode, alaw_encode, rms_dbfs, ulaw_encode


def wav(body: bytes, kind: int, channels: int, rate: int, bits: int) -> bytes:
    layout = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    head = b"WAVEfmt " + struct.pack("<I", len(layout)) + layout + b"LIST" + struct.pack("<I", 3) + b"abc\0"
    return b"RIFF" + struct.pack("<I", len(head) + 8 + len(body)) + head + b"data" + struct.pack("<I", len(body)) + body


def sine(rate: int, seconds: float = 0.5) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * 500 * np.arange(round(rate * seconds)) / rate)


RECORDINGS = {
    "16 bit, 44.1 kHz, stereo": wav(
        np.repeat(np.round(sine(44_100) * 32767), 2).astype("<i2").tobytes(), 1, 2, 44_100, 16
    ),
    "16 bit, 8 kHz": wav_bytes(tone(500, 0.5, 0.3)),
    "8 bit": wav(np.round(sine(8000) * 127 + 128).astype(np.uint8).tobytes(), 1, 1, 8000, 8),
    "24 bit, 48 kHz": wav(
        np.round(sine(48_000) * 8_388_607).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes(),
        1,
        1,
        48_000,
        24,
    ),
    "float": wav(sine(16_000).astype("<f4").tobytes(), 3, 1, 16_000, 32),
    "A-law": wav(alaw_encode(tone(500, 0.5, 0.3)), 6, 1, 8000, 8),
    "µ-law": wav(ulaw_encode(tone(500, 0.5, 0.3)), 7, 1, 8000, 8),
}


@pytest.mark.parametrize("data", RECORDINGS.values(), ids=RECORDINGS)
def test_a_recording_becomes_telephone_audio(data: bytes) -> None:
    sound = read_wav(data)
    assert len(sound) == pytest.approx(8000, abs=40)
    assert hears_tone(sound, 500)
    assert rms_dbfs(sound) == pytest.approx(20 * np.log10(0.3 / np.sqrt(2)), abs=0.5)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ID3 mp3",
        wav(b"", 1, 1, 8000, 16),
        wav(b"12", 85, 1, 8000, 16),
        wav(b"12", 1, 0, 8000, 16),
        wav(b"12", 1, 1, 1, 16),
    ],
)
def test_a_file_that_cannot_be_used_says_what_helps(data: bytes) -> None:
    with pytest.raises(BadSoundError, match="请"):
        read_wav(data)


@given(st.binary(max_size=200))
def test_no_file_breaks_the_reader(noise: bytes) -> None:
    good = RECORDINGS["8 bit"]
    for data in (noise, good[:12] + noise + good[40:], good[: len(noise)]):
        with contextlib.suppress(BadSoundError):
            read_wav(data)


def test_prompts_are_equally_loud_and_never_clipped() -> None:
    pause = bytes(8000)
    for amplitude in (0.02, 0.3, 0.99):
        sound = levelled(pause + tone(300, 0.5, amplitude) + pause)
        assert rms_dbfs(sound) == pytest.approx(-20, abs=1.5)
        assert len(sound) < 2 * 8000 * 0.8, "the silence around it is gone"


def test_silence_stays_silence() -> None:
    assert levelled(bytes(1600)) == bytes(1600)
    assert levelled(b"") == b""


def test_both_formats_hold_the_same_sound(tmp_path: Path) -> None:
    write_sound(tmp_path / "words" / "a.b", tone(500, 0.2))
    assert has_sound(tmp_path / "words" / "a.b")
    kept = alaw_decode((tmp_path / "words" / "a.b.alaw").read_bytes())
    assert kept == alaw_decode(alaw_encode(read_wav((tmp_path / "words" / "a.b.wav").read_bytes())))
