"""Many streams share a thread: none waits for the loop more than it must, none ends another."""

from __future__ import annotations

import asyncio
import threading

import pytest

from ivr.adapters.vosk.ear_thread import EarThread, Outcome
from ivr.call import CallId, Leg
from ivr.ports import Heard


def said(text: str) -> list[Heard]:
    return [Heard(CallId("hl-1.1"), Leg.CALLER, text, True, 0.0, 1.0)]


async def outcomes(thread: EarThread, *texts: str) -> list[Outcome]:
    """What becomes of one job per text, all given in one moment; an empty text is a recogniser that fails."""
    over: list[Outcome] = []
    all_over = asyncio.Event()

    def work(text: str) -> list[Heard]:
        assert threading.current_thread() is not threading.main_thread()
        if not text:
            raise RuntimeError("Failed to process waveform")
        return said(text)

    def done(outcome: Outcome) -> None:
        assert threading.current_thread() is threading.main_thread()
        over.append(outcome)
        if len(over) == len(texts):
            all_over.set()

    for text in texts:
        thread.submit(lambda text=text: work(text), done)  # type: ignore[misc]  # mypy cannot infer this lambda
    async with asyncio.timeout(30):
        await all_over.wait()
    return over


async def test_what_was_said_first_is_told_first() -> None:
    thread = EarThread("ears-test")
    texts = [str(number) for number in range(200)]
    assert await outcomes(thread, *texts) == [said(text) for text in texts]
    assert await outcomes(thread, "再说一遍") == [said("再说一遍")]
    thread.close()


async def test_a_recogniser_that_fails_does_not_end_the_thread_of_the_others() -> None:
    thread = EarThread("ears-test")
    first, failed, last = await outcomes(thread, "喂", "", "您好")
    assert (first, last) == (said("喂"), said("您好"))
    assert isinstance(failed, RuntimeError)
    thread.close()


async def test_a_long_list_does_not_keep_its_first_results_waiting() -> None:
    thread = EarThread("ears-test")
    told, go_on = asyncio.Event(), threading.Event()

    def slow() -> list[Heard]:
        assert go_on.wait(30), "the first result was never told"
        return []

    def busy() -> list[Heard]:
        go_on.wait(0.05)
        return said("喂")

    thread.submit(busy, lambda _: told.set())
    thread.submit(slow, lambda _: None)
    async with asyncio.timeout(28):
        await told.wait()
    go_on.set()
    thread.close()


async def test_after_the_end_nothing_more_is_taken_on() -> None:
    thread = EarThread("ears-test")
    thread.close()
    with pytest.raises(RuntimeError):
        thread.submit(list, lambda _: None)
