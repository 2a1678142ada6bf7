"""The controller's connection to one recognition worker: asks and answers, and what the worker tells by itself.

A dead worker is noticed when the kernel closes its end (at once, when it was killed), a hung one when its heartbeat
has been missing for some seconds.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from ivr.adapters.vosk.worker_wire import MAX_LINE, Message, WireError, encode, heard_of, receive
from ivr.call import CallId, Leg
from ivr.errors import EarsError
from ivr.ports import Heard
from ivr.speech.ear_roster import EarCard
from ivr.speech.transcript_spans import Spans, union

log = logging.getLogger(__name__)

_NOTHING: Mapping[str, object] = MappingProxyType({})
CONNECT_S = 2.0
SILENT_S = 4.0
"""A worker says how it is doing every second; one that says nothing for so long hangs."""

LOOKS = 8
"""So often we look within `SILENT_S`: when we ourselves were held up, what the worker said meanwhile is read first."""


class WorkerGoneError(EarsError):
    """The worker did not do what it was asked, because it is gone, hangs or is full."""


@dataclass(frozen=True, slots=True)
class LinkNews:
    """Whom to tell what a worker says."""

    heard: Callable[[WorkerLink, Heard], None]
    covered: Callable[[WorkerLink, CallId, Leg, Spans], None]
    lost: Callable[[WorkerLink, CallId, Leg], None]
    late: Callable[[WorkerLink, CallId, Leg, float], None]


class WorkerLink:
    """One connection; it is not made again: who has the worker's card makes another link."""

    def __init__(self, card: EarCard, news: LinkNews) -> None:
        self.card = card
        self.is_up = False
        self._news = news
        self._writer: asyncio.StreamWriter | None = None
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Message]] = {}
        self._silent_looks = 0

    async def run(self) -> None:
        """Connect and listen until the connection is no more; never raises what the world does."""
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, self._writer = await asyncio.open_connection(self.card.host, self.card.port, limit=MAX_LINE)
                self._writer.write(encode({"hello": self.card.token}))
                welcome = await receive(reader)
            if welcome is None or welcome[0].get("welcome") != self.card.name:
                raise WireError("no welcome")
            self.is_up = True
            log.info("ears_worker_joined", extra={"worker": self.card.name})
            await self._listen(reader)
        except (OSError, TimeoutError, WireError) as error:
            reason = str(error)[:200] or "silent"
            log.warning("ears_worker_failed", extra={"worker": self.card.name, "reason": reason})
        finally:
            self.cut()

    def cut(self) -> None:
        """Be done with this worker; whoever waits for an answer of it is told."""
        was_up, self.is_up = self.is_up, False
        if self._writer is not None:
            self._writer.transport.abort()
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(WorkerGoneError("识别进程不在了。"))
        self._asked.clear()
        if was_up:
            log.warning("ears_worker_left", extra={"worker": self.card.name})

    async def ask(
        self, do: str, within_s: float, call: CallId, parts: Mapping[str, object] = _NOTHING, audio: bytes = b""
    ) -> Message:
        """Ask for something and return the answer; WorkerGoneError when there is none in time, or a refusal."""
        if not self.is_up or self._writer is None:
            raise WorkerGoneError("识别进程不在了。")
        number = next(self._numbers)
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self._writer.write(encode({"ask": number, "do": do, "call": call, **parts}, audio))
        try:
            async with asyncio.timeout(within_s):
                told = await answer
        except TimeoutError:
            raise WorkerGoneError("识别进程没有按时应答。") from None
        finally:
            self._asked.pop(number, None)
        if "refused" in told:
            raise WorkerGoneError(str(told["refused"]))
        return told

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        watch = asyncio.create_task(self._watch(), name=f"ears watch {self.card.name}")
        try:
            while (came := await receive(reader)) is not None:
                self._silent_looks = 0
                try:
                    self._take(came[0])
                except (KeyError, TypeError, ValueError, IndexError) as error:
                    raise WireError(f"not a message: {error}") from error
        finally:
            watch.cancel()

    async def _watch(self) -> None:
        """Hang up on a worker that says nothing; seconds in which we ourselves could not listen do not count."""
        while self._silent_looks < LOOKS:
            await asyncio.sleep(SILENT_S / LOOKS)
            self._silent_looks += 1
        log.warning("ears_worker_silent", extra={"worker": self.card.name})
        self.cut()

    def _take(self, told: Message) -> None:
        match told:
            case {"answer": number}:  # first: whatever else an answer bears is for who asked
                waiting = self._asked.get(number)
                if waiting is not None and not waiting.done():
                    waiting.set_result(told)
            case {"heard": result}:
                self._news.heard(self, heard_of(result))
            case {"covered": [call, leg, spans]}:
                covered = union((float(begun_s), float(ended_s)) for begun_s, ended_s in spans)
                self._news.covered(self, CallId(call), Leg(leg), covered)
            case {"lost": [call, leg]}:
                self._news.lost(self, CallId(call), Leg(leg))
            case {"late": [call, leg, shed_s]}:
                self._news.late(self, CallId(call), Leg(leg), float(shed_s))
            case {"load": [streams, behind_s, shed_s]}:
                load = {"streams": int(streams), "behind_s": float(behind_s), "shed_s": float(shed_s)}
                self.card = replace(self.card, **load)  # type: ignore[arg-type]  # mypy sees one type for all three
            case _:
                pass
