"""What every recogniser promises: the same suite for libvosk in our process and for a vosk-server over WebSocket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise

import pytest

from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.adapters.vosk.recogniser import CHUNK_BYTES, LegRecogniser
from ivr.adapters.vosk_server.server_model import ServerModel, is_server
from ivr.call import CallId, Leg
from ivr.errors import EarsError
from ivr.ports import Heard, Recogniser, SpeechModel
from ivr.speech.transcript import text_of
from ivr.speech.transcript_cer import character_error_rate
from tests.ivr.vosk.speech import MODEL, QUIET, after_quiet, spoken
from tests.ivr.vosk.vosk_server import vosk_server

CALL = CallId("hl-1.1")
STREETLIGHT, WATER = "我家楼下的路灯坏了好几天了", "我们小区从昨天晚上开始停水"


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return LoadedModel(MODEL)


@pytest.fixture(params=["libvosk", "server at 8 kHz", "server at 16 kHz"])
def model(request: pytest.FixtureRequest, loaded: LoadedModel) -> Iterator[SpeechModel]:
    if request.param == "libvosk":
        yield loaded
        return
    with vosk_server(loaded) as server:
        yield ServerModel(server.url + ("?rate=8000" if "8 kHz" in request.param else ""))


def hear(model: SpeechModel, sound: bytes) -> list[Heard]:
    """What the leg's recogniser makes of `sound`, chunk by chunk."""
    leg, heard = LegRecogniser(model, CALL, Leg.CALLER), []
    for at in range(0, len(sound), CHUNK_BYTES):
        heard += leg.hear(sound[at : at + CHUNK_BYTES], at / 16_000)
    return [*heard, *leg.settle()]


def fed(recogniser: Recogniser, sound: bytes) -> list[str]:
    """Results that came while `sound` was fed."""
    results = [recogniser.accept(sound[at : at + CHUNK_BYTES]) for at in range(0, len(sound), CHUNK_BYTES)]
    return [result for result in results if result is not None]


def test_partial_words_come_while_one_speaks_and_the_final_has_a_time_for_each_word(model: SpeechModel) -> None:
    heard = hear(model, after_quiet(spoken(STREETLIGHT), 1.0) + QUIET)
    partials, finals = [one for one in heard if not one.is_final], [one for one in heard if one.is_final]
    assert len(partials) >= 3
    assert partials[-1].text.startswith(partials[0].text[:1])
    assert character_error_rate(STREETLIGHT, text_of(finals)) <= 0.2
    words = finals[0].words
    assert "".join(word.text for word in words) == finals[0].text
    assert 0.8 <= words[0].begun_s <= 1.6
    assert all(a.ended_s <= b.begun_s + 0.001 for a, b in pairwise(words))
    assert all(0.0 <= word.confidence <= 1.0 for word in words)


def test_times_go_on_over_several_utterances(model: SpeechModel) -> None:
    gap = after_quiet(spoken(STREETLIGHT), 0.5) + QUIET + QUIET
    finals = [one for one in hear(model, gap + after_quiet(spoken(WATER), 0.5) + QUIET) if one.is_final]
    assert character_error_rate(STREETLIGHT + WATER, text_of(finals)) <= 0.2
    second = next(one for one in finals if one.begun_s > len(spoken(STREETLIGHT)) / 16_000 + 1.0)
    assert second.begun_s == pytest.approx(len(gap) / 16_000 + 0.5, abs=0.5)


def test_seconds_count_what_was_ever_fed(model: SpeechModel) -> None:
    recogniser, sound = model.open(), spoken(STREETLIGHT, to_hz=model.rate_hz)
    fed(recogniser, sound)
    first = json.loads(recogniser.final())["result"]
    fed(recogniser, sound)
    second = json.loads(recogniser.final())["result"]
    assert second[0]["start"] - first[0]["start"] == pytest.approx(len(sound) / 2 / model.rate_hz, abs=0.3)


def test_nothing_fed_is_nothing_said(model: SpeechModel) -> None:
    recogniser = model.open()
    assert not json.loads(recogniser.partial()).get("partial")
    assert not json.loads(recogniser.final()).get("result")
    assert recogniser.accept(bytes(CHUNK_BYTES)) is None
    assert not json.loads(recogniser.final()).get("result")


def test_a_server_is_told_our_rate_and_opened_only_when_somebody_speaks(loaded: LoadedModel) -> None:
    with vosk_server(loaded) as server:
        hear(ServerModel(server.url), QUIET * 3)
        assert server.opened == 0
        hear(ServerModel(server.url + "?rate=8000"), spoken(STREETLIGHT))
        assert (server.opened, server.configs) == (1, [{"sample_rate": 8000, "words": True}])


@pytest.mark.parametrize("answer", ["", "[]", "no json", '{"result": 5}', '{"result": [{"word": 1}]}'])
def test_a_server_that_answers_otherwise_ends_the_stream_with_the_remedy(loaded: LoadedModel, answer: str) -> None:
    with vosk_server(loaded) as server:
        server.answer = answer
        with pytest.raises(EarsError, match="改法"):
            hear(ServerModel(server.url), spoken(STREETLIGHT))


def test_a_server_that_is_away_is_told_with_the_remedy(loaded: LoadedModel) -> None:
    with vosk_server(loaded) as server:
        url = server.url
    with pytest.raises(EarsError, match="vosk-server"):
        hear(ServerModel(url), spoken(STREETLIGHT))


@pytest.mark.parametrize("url", ["ws://", "http://host", "ws://host:port", "ws://h?rate=44100", "ws://h?rate=x"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(EarsError, match="改法"):
        ServerModel(url)
    assert is_server(url) == url.startswith("ws")
