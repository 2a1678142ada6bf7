"""What all ears promise, whoever recognises: our own process, workers, or a vosk-server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from ivr.adapters.vosk.ears import EarsNews, VoskEars
from ivr.adapters.vosk.loaded_model import LoadedModel
from ivr.adapters.vosk.shared_ears import SharedEars
from ivr.adapters.vosk.worker import EarWorker
from ivr.adapters.vosk_server.server_model import ServerModel
from ivr.call import CallId, Leg
from ivr.ports import Ears, Heard
from ivr.speech.transcript import text_of
from ivr.speech.transcript_cer import character_error_rate
from ivr.speech.transcript_spans import total_s
from tests.ivr.vosk.speech import MODEL, QUIET, after_quiet, spoken, tap, write_wav
from tests.ivr.vosk.vosk_server import vosk_server

CALL = CallId("hl-1.1")
STREETLIGHT, WATER, AGENT_SAYS = (
    "我家楼下的路灯坏了好几天了",
    "我们小区从昨天晚上开始停水",
    "您好请问有什么可以帮您",
)


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    return LoadedModel(MODEL)


@pytest.fixture(params=["own", "workers", "no workers", "server"])
async def ears(request: pytest.FixtureRequest, loaded: LoadedModel) -> AsyncIterator[Ears]:
    if request.param == "own":
        async with VoskEars(loaded) as own:
            yield own
        return
    if request.param == "server":
        with vosk_server(loaded) as server:
            async with VoskEars(ServerModel(server.url)) as own:
                yield own
        return

    async def open_own(news: EarsNews) -> VoskEars:
        return await VoskEars(loaded, news=news).__aenter__()

    shared = SharedEars(loaded.name, open_own)
    async with contextlib.AsyncExitStack() as stack:
        running = asyncio.create_task(shared.run())
        for name in ("a", "b") if request.param == "workers" else ():
            worker = await stack.enter_async_context(EarWorker(name, loaded))
            shared.announced(name, worker.card)
        while request.param == "workers" and len(shared.workers) < 2:  # noqa: ASYNC110  (they ring no bell)
            await asyncio.sleep(0.01)
        yield shared
        await shared.close()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def understood(said: str, heard: tuple[Heard, ...], leg: Leg | None = None) -> bool:
    return character_error_rate(said, text_of(heard, leg)) <= 0.2


async def say(
    ears: Ears, leg: Leg, sound: bytes, at_s: float = 0.0, pauses: Mapping[float, Callable[[], bool]] | None = None
) -> None:
    stream = await ears.expect(CALL, leg, at_s)
    await tap(ears.address_of(stream), stream, sound, pauses=pauses)


async def test_both_legs_are_heard_apart_and_the_reader_hears_what_finish_returns(ears: Ears) -> None:
    told: list[Heard] = []

    async def read() -> None:
        async for one in ears.heard():
            told.append(one)

    def is_partly_told() -> bool:
        return any(not one.is_final for one in told)

    reader = asyncio.create_task(read())
    await asyncio.gather(
        say(ears, Leg.CALLER, after_quiet(spoken(STREETLIGHT), 2.0) + QUIET, pauses={3.5: is_partly_told}),
        say(ears, Leg.AGENT, after_quiet(spoken(AGENT_SAYS, "m3"), 0.3) + QUIET),
    )
    heard = await ears.finish(CALL)
    async with asyncio.timeout(30):
        while sum(one.is_final and bool(one.text) for one in told) < len(heard):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    reader.cancel()
    assert understood(STREETLIGHT, heard, Leg.CALLER)
    assert understood(AGENT_SAYS, heard, Leg.AGENT)
    assert [one.begun_s for one in heard] == sorted(one.begun_s for one in heard)
    assert sorted((one.begun_s, one.text) for one in told if one.is_final and one.text) == [
        (one.begun_s, one.text) for one in heard
    ]
    assert is_partly_told()
    assert total_s(ears.coverage(CALL, Leg.CALLER)) == pytest.approx(
        2.0 + len(spoken(STREETLIGHT)) / 16_000 + 1.0, abs=0.3
    )


async def test_what_is_said_in_a_pause_is_heard_by_nobody(ears: Ears) -> None:
    await say(ears, Leg.CALLER, spoken(STREETLIGHT) + QUIET)
    await ears.pause(CALL, True)
    await say(ears, Leg.CALLER, spoken(WATER) + QUIET, 10.0)
    await ears.pause(CALL, False)
    await say(ears, Leg.CALLER, spoken(STREETLIGHT) + QUIET, 20.0)
    assert understood(STREETLIGHT * 2, await ears.finish(CALL))


async def test_holes_are_written_down_from_the_recording(ears: Ears, tmp_path: Path) -> None:
    sound = after_quiet(spoken(STREETLIGHT), 1.0) + QUIET + spoken(WATER) + QUIET
    middle_s = (len(spoken(STREETLIGHT)) / 2 + 8000 + 8000) / 8000
    file = write_wav(tmp_path / "caller.wav", sound)
    assert understood(WATER, await ears.recognise(CALL, Leg.CALLER, file, [(middle_s - 0.3, len(sound) / 16_000)]))
    assert understood(STREETLIGHT, await ears.recognise(CALL, Leg.CALLER, file, [(0.0, middle_s - 0.3)]))


async def test_a_call_that_nobody_knows_has_no_words(ears: Ears) -> None:
    assert await ears.finish(CallId("hl-9.9")) == ()
    assert ears.coverage(CallId("hl-9.9"), Leg.CALLER) == ()
