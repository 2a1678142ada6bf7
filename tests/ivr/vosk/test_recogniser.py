"""One speaker, the genuine libvosk: the words are right, they have their times, and silence costs nothing."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import pytest

from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.adapters.vosk.recogniser import CHUNK_BYTES, CHUNK_S, LegRecogniser
from ivr.call import CallId, Leg
from ivr.errors import EarsError
from ivr.ports import Heard
from ivr.speech.transcript import text_of
from ivr.speech.transcript_cer import character_error_rate
from tests.ivr.vosk.speech import MODEL, QUIET, after_quiet, spoken

CALL = CallId("hl-1.1")
SENTENCE = "我家楼下的路灯坏了好几天了"


def hear(model: LoadedModel, sound: bytes, begun_at_s: float = 0.0, want_partial: bool = True) -> list[Heard]:
    recogniser = LegRecogniser(model, CALL, Leg.CALLER)
    heard: list[Heard] = []
    for number, at in enumerate(range(0, len(sound), CHUNK_BYTES)):
        at_s = round(begun_at_s + number * CHUNK_S, 4)
        heard += recogniser.hear(sound[at : at + CHUNK_BYTES], at_s, want_partial=want_partial)
    return [*heard, *recogniser.settle()]


def finals(heard: list[Heard]) -> list[Heard]:
    return [one for one in heard if one.is_final]


def test_a_sentence_is_understood_and_written_without_spaces(model: LoadedModel) -> None:
    heard = finals(hear(model, after_quiet(spoken(SENTENCE), 1.0) + QUIET * 2))
    assert character_error_rate(SENTENCE, text_of(heard)) <= 0.2
    assert " " not in text_of(heard)


def test_words_keep_their_seconds_although_the_silence_before_them_was_never_recognised(model: LoadedModel) -> None:
    sound = after_quiet(spoken(SENTENCE), 7.3) + QUIET * 9 + spoken(SENTENCE) + QUIET
    second_s = 7.3 + len(spoken(SENTENCE)) / 16000 + 9
    first, second = finals(hear(model, sound, begun_at_s=100.0))
    assert first.begun_s == pytest.approx(107.3, abs=0.15)
    assert second.begun_s == pytest.approx(100 + second_s, abs=0.15)
    assert [round(w.begun_s - first.begun_s, 1) for w in first.words] == pytest.approx(
        [round(w.begun_s - second.begun_s, 1) for w in second.words], abs=0.15
    )
    for heard in (first, second):
        assert all(w.begun_s <= w.ended_s for w in heard.words)
        assert heard.ended_s == heard.words[-1].ended_s


def test_a_caller_who_speaks_from_the_first_sample_is_heard_whole(model: LoadedModel) -> None:
    heard = finals(hear(model, spoken(SENTENCE)))
    assert character_error_rate(SENTENCE, text_of(heard)) <= 0.2


def test_partial_results_grow_and_end_in_one_final(model: LoadedModel) -> None:
    heard = hear(model, after_quiet(spoken(SENTENCE), 0.5) + QUIET * 2)
    partials = [one.text for one in heard if not one.is_final]
    assert len(partials) >= 4
    assert [len(text) for text in partials] == sorted(len(text) for text in partials)
    assert heard[-1].is_final
    assert len(finals(heard)) == 1


def test_the_last_words_become_final_soon_after_the_caller_stops(model: LoadedModel) -> None:
    sound = after_quiet(spoken(SENTENCE), 0.5)
    recogniser, settled_s = LegRecogniser(model, CALL, Leg.CALLER), 0.0
    audio = sound + QUIET * 3
    for number, at in enumerate(range(0, len(audio), CHUNK_BYTES)):
        if any(one.is_final for one in recogniser.hear(audio[at : at + CHUNK_BYTES], round(number * CHUNK_S, 4))):
            settled_s = (number + 1) * CHUNK_S
            break
    assert 0 < settled_s - len(sound) / 16000 <= 1.25


def test_an_hour_of_silence_is_heard_in_a_moment(model: LoadedModel) -> None:
    began = time.process_time()
    assert hear(model, QUIET * 600) == []
    assert (time.process_time() - began) / 600 < 0.002


def test_a_loud_line_without_words_gives_no_words_for_long(model: LoadedModel) -> None:
    recogniser = LegRecogniser(model, CALL, Leg.CALLER)
    assert recogniser.hear(b"", 0.0) == ()
    assert finals(hear(model, bytes(CHUNK_BYTES * 50))) == []


def test_a_leap_in_time_makes_the_words_before_it_final(model: LoadedModel) -> None:
    sound = after_quiet(spoken(SENTENCE), 0.4)
    recogniser = LegRecogniser(model, CALL, Leg.CALLER)
    heard: list[Heard] = []
    for number, at in enumerate(range(0, len(sound), CHUNK_BYTES)):
        heard += recogniser.hear(sound[at : at + CHUNK_BYTES], round(number * CHUNK_S, 4))
    heard += recogniser.hear(QUIET[:CHUNK_BYTES], 60.0)
    assert character_error_rate(SENTENCE, text_of(finals(heard))) <= 0.2
    assert recogniser.settled_s == pytest.approx(60.2)


def test_without_partials_the_text_is_the_same(model: LoadedModel) -> None:
    sound = after_quiet(spoken(SENTENCE), 0.6) + QUIET * 2
    assert finals(hear(model, sound)) == hear(model, sound, want_partial=False)


def test_a_model_of_another_rate_gets_the_audio_at_its_rate(tmp_path: Path) -> None:
    """The same model, told that it wants 16 kHz: libvosk itself would refuse 8 kHz audio (see docs/speech.md)."""
    folder = tmp_path / "model-16k"
    shutil.copytree(MODEL, folder)
    conf = folder / "conf" / "mfcc.conf"
    conf.write_text(conf.read_text().replace("--sample-frequency=8000", "--sample-frequency=16000"))
    wide = LoadedModel(folder)
    assert wide.rate_hz == 16_000
    sound = after_quiet(spoken(SENTENCE), 3.0) + QUIET * 3 + spoken(SENTENCE) + QUIET
    heard = finals(hear(wide, sound))
    # Its filters still end at 3.8 kHz, so the words stay right and the seconds must too.
    assert character_error_rate(SENTENCE * 2, text_of(heard)) <= 0.3
    assert heard[0].begun_s == pytest.approx(3.0, abs=0.2)


def test_libvosk_lets_other_threads_work_meanwhile(model: LoadedModel) -> None:
    sound = after_quiet(spoken(SENTENCE), 0.2) * 6
    ticks, over = 0, threading.Event()

    def count() -> None:
        nonlocal ticks
        while not over.is_set():
            ticks += 1
            time.sleep(0.001)

    watcher = threading.Thread(target=count)
    watcher.start()
    recogniser = model.recogniser()
    recogniser.AcceptWaveform(sound)  # one call into libvosk, a third of a second long
    over.set()
    watcher.join()
    assert ticks > 5, "the interpreter stood still while libvosk worked"


def test_a_folder_that_is_no_model_says_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EarsError, match=r"am/final\.mdl.*改法"):
        LoadedModel(tmp_path)
    with pytest.raises(EarsError, match="模型文件夹本身"):
        LoadedModel(tmp_path / "nowhere")
