"""The telephone's codecs are exact, and loudness means what a technician expects."""

from __future__ import annotations

import importlib
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech import audio

EVERY_SAMPLE = np.arange(-32768, 32768).astype("<i2").tobytes()


def test_a_law_matches_the_known_codes_of_g711() -> None:
    known = {0: 0xD5, -1: 0x55, 8: 0xD5, 16: 0xD4, 32767: 0xAA, -32768: 0x2A, 1000: 0xFA, -1000: 0x7A}
    coded = audio.alaw_encode(np.array(list(known), "<i2").tobytes())
    assert dict(zip(known, coded, strict=True)) == known


def test_u_law_matches_the_known_codes_of_g711() -> None:
    known = {0: 0xFF, -1: 0x7E, 4: 0xFE, 32767: 0x80, -32768: 0x00, 1000: 0xCE, -1000: 0x4E}
    coded = audio.ulaw_encode(np.array(list(known), "<i2").tobytes())
    assert dict(zip(known, coded, strict=True)) == known


def test_both_codecs_agree_with_the_reference_on_every_sample_and_every_code() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        reference = pytest.importorskip("audioop", reason="Python 3.13 no longer has the reference codec")
        reference = importlib.import_module("audioop")
    codes = bytes(range(256))
    assert audio.alaw_encode(EVERY_SAMPLE) == reference.lin2alaw(EVERY_SAMPLE, 2)
    assert audio.ulaw_encode(EVERY_SAMPLE) == reference.lin2ulaw(EVERY_SAMPLE, 2)
    assert audio.alaw_decode(codes) == reference.alaw2lin(codes, 2)
    assert audio.ulaw_decode(codes) == reference.ulaw2lin(codes, 2)


@given(st.binary(max_size=400))
def test_a_code_survives_the_way_to_sound_and_back(codes: bytes) -> None:
    assert audio.alaw_encode(audio.alaw_decode(codes)) == codes
    assert audio.ulaw_decode(audio.ulaw_encode(audio.ulaw_decode(codes))) == audio.ulaw_decode(codes)


@given(st.integers(-32768, 32767))
def test_a_law_never_errs_by_more_than_half_a_step(value: int) -> None:
    there_and_back = audio.samples(audio.alaw_decode(audio.alaw_encode(np.array([value], "<i2").tobytes())))
    assert abs(int(there_and_back[0]) - value) <= max(16, abs(value) // 24)


def test_loudness_of_silence_and_of_full_scale() -> None:
    assert audio.rms_dbfs(b"") == audio.SILENCE_DBFS
    assert audio.rms_dbfs(bytes(320)) == audio.SILENCE_DBFS
    square = np.tile(np.array([32767, -32768], "<i2"), 80).tobytes()
    assert audio.rms_dbfs(square) == pytest.approx(0.0, abs=0.01)
    sine = audio.pcm(3276.8 * np.sin(2 * math.pi * 400 * np.arange(800) / 8000))
    assert audio.rms_dbfs(sine) == pytest.approx(-23.01, abs=0.05)


def test_the_loudest_frame_shows_a_short_word_in_a_quiet_chunk() -> None:
    word = audio.pcm(8000 * np.sin(2 * math.pi * 300 * np.arange(160) / 8000))
    loudest, quietest = audio.loudest_frame_dbfs(bytes(640) + word + bytes(640))
    assert loudest > -20
    assert quietest == audio.SILENCE_DBFS


def test_an_idle_telephone_line_is_quiet_although_its_samples_are_not_zero() -> None:
    idle = audio.alaw_decode(b"\xd5" * 1600)
    assert audio.loudest_frame_dbfs(idle)[0] == audio.SILENCE_DBFS


@given(st.binary(max_size=101))
def test_half_a_sample_at_the_end_is_harmless(data: bytes) -> None:
    assert audio.samples(data).size == len(data) // 2
    assert audio.seconds(data) == (len(data) // 2) / 8000
    assert len(audio.alaw_encode(data)) == len(data) // 2


def test_what_is_too_loud_is_clipped() -> None:
    assert audio.samples(audio.pcm(np.array([40000.0, -40000.0, 1.4]))).tolist() == [32767, -32768, 1]
