"""One leg on its way through a recogniser's thread: what it says it has covered has been told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from ivr.adapters.vosk.ear_thread import EarThread
from ivr.adapters.vosk.recogniser import CHUNK_BYTES, LegRecogniser
from ivr.adapters.vosk.stream import LegStream, Whose
from ivr.call import CallId, Leg
from ivr.ports import Heard

CALL = CallId("hl-1.1")
FINAL = Heard(CALL, Leg.CALLER, "路灯坏了", True, 0.0, 0.2)


class SlowThread:
    """Works when told to, and hands over what came of it when told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def submit(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.waiting.append((work, done))


class Recogniser:
    """Makes words final with the second chunk."""

    is_idle = False
    settled_s = 0.0
    chunks = 0

    def hear(self, pcm: bytes, at_s: float, **_how: bool) -> list[Heard]:
        self.chunks += 1
        if self.chunks < 2:
            return []
        self.settled_s = at_s + 0.2
        return [FINAL]


async def test_nothing_is_covered_before_its_words_are_told() -> None:
    """The worker may be killed between the two: then the recording must be asked for these words."""
    thread, told = SlowThread(), list[Heard]()
    recogniser = cast(LegRecogniser, Recogniser())
    stream = LegStream(Whose(CALL, Leg.CALLER, 0.0), recogniser, cast(EarThread, thread), told.append)
    loud = b"\x00\x40" * (CHUNK_BYTES // 2)
    stream.audio(loud)
    work, done = thread.waiting.pop()
    done(work())
    stream.audio(loud)
    work, done = thread.waiting.pop()
    outcome = work()  # in its thread the recogniser has the words; nobody was told
    assert (told, stream.covered()) == ([], ())
    done(outcome)
    assert told == [FINAL]
    assert stream.covered()
