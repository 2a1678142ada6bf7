"""What is no Mandarin: nothing, hours of silence, music, noise, English. Bounded, and hardly a word comes of it."""

from __future__ import annotations

import io
import json
import os
import resource
import statistics
import subprocess
import time
import wave
from pathlib import Path

import numpy as np
import pytest
import soxr

from cti.server.drafting import make_prefill
from ivr.adapters.vosk.ears import VoskEars
from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.adapters.vosk.recogniser import CHUNK_BYTES, LegRecogniser
from ivr.adapters.vosk.relistening import BLOCK_BYTES, blocks
from ivr.call import CallId, Leg
from ivr.ports import Heard
from ivr.speech.audio import alaw_decode, alaw_encode, pcm
from ivr.speech.transcript import Transcript, turns
from tests.ivr.vosk.speech import QUIET, espeak_part, spoken, tap, write_wav
from workorder.draft import FieldName

CALL = CallId("hl-1.1")
SECONDS = 30
RNG_SEED = 12345


def hear(model: LoadedModel, sound: bytes) -> list[Heard]:
    """The final results of `sound`."""
    leg, heard = LegRecogniser(model, CALL, Leg.CALLER), []
    for at in range(0, len(sound), CHUNK_BYTES):
        heard += leg.hear(sound[at : at + CHUNK_BYTES], at / 16_000)
    return [one for one in (*heard, *leg.settle()) if one.is_final and one.text]


def confidence(heard: list[Heard]) -> float:
    return statistics.mean(word.confidence for one in heard for word in one.words)


def tone(on_s: float, off_s: float) -> bytes:
    """450 Hz in bursts, as a Chinese exchange plays."""
    t = np.arange(SECONDS * 8000) / 8000
    return pcm((np.sin(2 * np.pi * 450 * t) * 8000 * (t % (on_s + off_s) < on_s)).astype(np.float32))


def music() -> bytes:
    """Plucked chords that change four times a second."""
    rng, t = np.random.default_rng(RNG_SEED), np.arange(2000) / 8000
    scale = 220 * 2 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
    chords = [sum(np.sin(2 * np.pi * f * t) for f in scale[rng.integers(8, size=3)]) for _ in range(SECONDS * 4)]
    return pcm((np.concatenate([chord * np.exp(-3 * t) for chord in chords]) * 2500).astype(np.float32))


def noise() -> bytes:
    return pcm((np.random.default_rng(RNG_SEED).normal(size=SECONDS * 8000) * 2000).astype(np.float32))


def english(text: str) -> bytes:
    return foreign(text, "en-us")


def foreign(text: str, voice: str) -> bytes:
    command = [*espeak_part().command, "-b", "1", "-v", voice, "--stdout", text]
    made = subprocess.run(command, capture_output=True, check=True, env={**os.environ, **espeak_part().env}).stdout
    with wave.open(io.BytesIO(made)) as file:
        rate_hz = file.getframerate()
    sound = np.frombuffer(made[44:], "<i2").astype(np.float32)
    return alaw_decode(alaw_encode(pcm(soxr.resample(sound, rate_hz, 8000) * 0.6)))


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x01", id="half a sample"),
        pytest.param(QUIET * SECONDS, id="silence"),
        pytest.param(tone(1.0, 4.0), id="ringing"),
        pytest.param(tone(0.35, 0.35), id="busy"),
        pytest.param(noise(), id="noise"),
        pytest.param(music(), id="music"),
    ],
)
def test_hardly_a_word_is_made_of_what_is_no_speech(model: LoadedModel, sound: bytes) -> None:
    assert sum(len(one.text) for one in hear(model, sound)) <= 3


def test_of_english_the_confidence_falls(model: LoadedModel) -> None:
    heard = hear(model, english("Hello, I would like to report a problem with the water supply in my apartment."))
    assert confidence(heard) < 0.85 < confidence(hear(model, spoken("我们小区从昨天晚上开始停水")))


def test_of_a_dialect_the_confidence_falls(model: LoadedModel) -> None:
    text = "我们小区从昨天晚上开始停水"
    assert confidence(hear(model, foreign(text, "yue"))) < 0.85 < confidence(hear(model, spoken(text)))


async def test_an_empty_recording_and_one_shorter_than_its_hole_are_no_trouble(
    model: LoadedModel, tmp_path: Path
) -> None:
    async with VoskEars(model) as ears:
        empty = write_wav(tmp_path / "empty.wav", b"")
        assert await ears.recognise(CALL, Leg.CALLER, empty, [(0.0, 10.0)]) == ()
        short = write_wav(tmp_path / "short.wav", QUIET)
        assert await ears.recognise(CALL, Leg.CALLER, short, [(0.5, 3600.0), (7200.0, 7300.0)]) == ()


async def test_three_silent_hours_take_seconds_and_no_memory(model: LoadedModel, tmp_path: Path) -> None:
    file = write_wav(tmp_path / "long.wav", b"")
    with file.open("r+b") as out:
        out.truncate(44 + 3 * 3600 * 16_000)  # the header says 0, as a killed recorder leaves it
    assert max(len(sound) for _, sound in blocks(file, (0.0, 3 * 3600.0))) == BLOCK_BYTES
    async with VoskEars(model) as ears:
        await ears.recognise(CALL, Leg.CALLER, file, [(0.0, 10.0)])
        before_kb, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        assert await ears.recognise(CALL, Leg.CALLER, file, [(0.0, 3 * 3600.0)]) == ()
        assert time.process_time() - began < 30.0
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 30_000


class Humming:
    """A stand-in for a model that takes music for a word every twenty seconds; real recognition of hours takes minutes.

    Fulfils both `SpeechModel` and `Recogniser`.
    """

    name, rate_hz = "humming", 8000

    def __init__(self) -> None:
        self.heard_s = 0.0

    def open(self) -> Humming:
        return Humming()

    def accept(self, pcm: bytes) -> str | None:
        before, self.heard_s = self.heard_s, self.heard_s + len(pcm) / 16_000
        return self._word() if self.heard_s // 20 > before // 20 else None

    def partial(self) -> str:
        return '{"partial": ""}'

    def final(self) -> str:
        return '{"text": ""}'

    def _word(self) -> str:
        at_s = self.heard_s - 1.0
        word = {"conf": 0.4, "start": at_s, "end": at_s + 0.5, "word": "衣"}
        return json.dumps({"result": [word], "text": "衣"})


async def test_three_hours_of_music_are_bounded_and_make_no_draft(tmp_path: Path) -> None:
    file = tmp_path / "music.wav"
    write_wav(file, music() * (3 * 3600 // SECONDS))
    async with VoskEars(Humming()) as ears:
        await ears.recognise(CALL, Leg.CALLER, file, [(0.0, 10.0)])
        before_kb, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
        heard = await ears.recognise(CALL, Leg.CALLER, file, [(0.0, 3 * 3600.0)])
        assert time.process_time() - began < 30.0
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 30_000
    assert 500 <= len(heard) <= 3 * 180
    began = time.process_time()
    draft = make_prefill().draft(CALL, turns(Transcript(heard)))
    assert time.process_time() - began < 5.0
    assert not [name for name in (FieldName.UNIT, FieldName.PLACE, FieldName.TIME, FieldName.NAME) if draft.value(name)]


def test_the_real_model_keeps_nothing_of_endless_music(model: LoadedModel) -> None:
    """An utterance that does not end is ended for it: what is kept of a minute is all that is kept of an hour."""
    leg, sound, grown = LegRecogniser(model, CALL, Leg.CALLER), music(), []
    for nth in range(4):
        for at in range(0, len(sound), CHUNK_BYTES):
            leg.hear(sound[at : at + CHUNK_BYTES], nth * SECONDS + at / 16_000)
        grown.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert grown[-1] - grown[1] < 20_000


async def test_a_silent_leg_costs_next_to_nothing(model: LoadedModel) -> None:
    """A second of a silent line costs a hundredth of what recognising it would."""
    async with VoskEars(model) as ears:
        sound, recogniser = QUIET * 30, model.recogniser()
        stream = await ears.expect(CALL, Leg.CALLER, 0.0)
        began = time.process_time()
        await tap(ears.address, stream, sound, speed=0)
        await ears.finish(CALL)
        ours = time.process_time() - began  # the sender's share is in it
        began = time.process_time()
        for at in range(0, len(sound), CHUNK_BYTES):
            recogniser.AcceptWaveform(sound[at : at + CHUNK_BYTES])
        assert ours < 0.5 * (time.process_time() - began)
