"""Whoever watches the controller: the board kept from every fact, and a numbered stream of changes for each watcher.

The door's verb `watch` answers with the board first, then with one line per fact. A watcher who reads too slowly is
cut off and comes back for a new board; nobody waits for anybody.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from cti.adapters.control.door import Request, Stream, Verb
from cti.board import Board
from cti.board_facts import BoardFact, Placed, Pressed, Tick, Told
from cti.board_rows import instant, plain
from cti.today import Today, china_day
from ivr.call import CallId
from ivr.events import DigitPressed
from ivr.ports import Clock, Journal
from workorder.envelope import Envelope
from workorder.ports import Publisher

log = logging.getLogger(__name__)

MOST_WAITING = 5000
"""Lines that may wait for a watcher before it is cut off."""
MOST_WATCHERS = 64
BATCH_LINES = 200
TICK_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class _Watcher:
    lines: deque[bytes] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    is_cut: bool = False


class Watching:
    """The board and its watchers. `take` is given every fact; it never waits and never raises."""

    def __init__(self, clock: Clock, service_level_seconds: int = 15) -> None:
        self._clock = clock
        self.board = Board(Today(china_day(clock.now()), service_level_seconds))
        self.epoch = uuid4().hex
        self.seq = 0
        self._watchers: set[_Watcher] = set()

    # ---------------------------------------------------------------------------------------------------------- facts

    def take(self, fact: BoardFact) -> None:
        """Fold a fact in and tell the watchers what it changed; facts of the bus are told in any case."""
        try:
            touched = self.board.take(fact)
            if isinstance(fact, Told):
                self._tell(fact.type, fact.at, fact.call, fact.data, touched, fact.order)
            elif touched:
                self._tell("board", self._clock.now(), None, {}, touched)
        except Exception:
            log.exception("board_fact_failed", extra={"fact": type(fact).__name__})  # the calls do not depend on it

    def announced(self, envelope: Envelope) -> None:
        """Something was announced on the bus."""
        self.take(Told(envelope.type, envelope.at, envelope.call, str(envelope.order or ""), envelope.data))

    def _tell(
        self,
        name: str,
        at: datetime,
        call: CallId | None,
        data: Mapping[str, object],
        touched: set[tuple[str, str]],
        order: str = "",
    ) -> None:
        self.seq += 1
        if not self._watchers:
            return
        told: dict[str, Any] = {"seq": self.seq, "type": name, "call": call, "seat": data.get("seat")}
        if order:
            told["order"] = order
        told |= {"at": instant(at), "data": plain(data), "patch": self.board.patch(touched)}
        line = _line(told)
        for watcher in tuple(self._watchers):
            if len(watcher.lines) >= MOST_WAITING:
                self._cut(watcher)
                continue
            watcher.lines.append(line)
            watcher.wake.set()

    def _cut(self, watcher: _Watcher) -> None:
        log.warning("watcher_too_slow", extra={"waiting": len(watcher.lines)})
        watcher.is_cut = True
        watcher.lines.clear()
        watcher.wake.set()
        self._watchers.discard(watcher)

    # ------------------------------------------------------------------------------------------------------- watchers

    def verbs(self) -> dict[str, Verb]:
        """Return the door's verb `watch`."""
        return {"watch": self.watch}

    def watch(self, _request: Request) -> Stream | Mapping[str, object]:
        """Begin to watch from here on."""
        if len(self._watchers) >= MOST_WATCHERS:
            return {"ok": False, "text": "看板的连接太多。改法：关掉不用的页面进程。"}
        return self._lines()

    async def _lines(self) -> Stream:
        watcher = _Watcher()
        head = {"ok": True, "epoch": self.epoch, "seq": self.seq, "board": self.board.to_plain()}
        watcher.lines.append(_line(head))
        self._watchers.add(watcher)
        try:
            while True:
                while watcher.lines:
                    some = [watcher.lines.popleft() for _ in range(min(BATCH_LINES, len(watcher.lines)))]
                    yield b"".join(some)
                if watcher.is_cut:
                    return
                watcher.wake.clear()
                await watcher.wake.wait()
        finally:
            self._watchers.discard(watcher)

    async def run(self, each_second: Callable[[], None] = lambda: None) -> None:
        """Tell figures once a second; `each_second` may bring facts that nobody announces."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                each_second()
            except Exception:
                log.exception("board_second_failed")
            self.take(Tick(self._clock.now()))


def _line(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=str).encode() + b"\n"


class WatchedPublisher:
    """Fulfils `workorder.ports.Publisher`: what is announced on the bus is told to the watchers as well."""

    def __init__(self, publisher: Publisher, watching: Watching) -> None:
        self._publisher = publisher
        self._watching = watching

    @property
    def epoch(self) -> int:
        return self._publisher.epoch

    async def wait_connected(self) -> None:
        await self._publisher.wait_connected()

    async def publish(self, topic: str, payload: bytes) -> None:
        await self._publisher.publish(topic, payload)

    def announce(self, envelope: Envelope) -> bool:
        self._watching.announced(envelope)
        return self._publisher.announce(envelope)


class WatchedJournal:
    """Fulfils `ivr.ports.Journal`: keys pressed in the flow, and with what priority it queues, are told too."""

    def __init__(self, journal: Journal, watching: Watching) -> None:
        self._journal = journal
        self._watching = watching

    def append(self, call: CallId, line: Mapping[str, object]) -> None:
        self._journal.append(call, line)
        event = line.get("event")
        if isinstance(event, Mapping) and event.get("kind") == DigitPressed.__name__:
            self._watching.take(Pressed(call, str(event.get("digit", ""))[:1]))
        priority = line.get("priority") if "placed" in line else None
        if isinstance(priority, int):
            self._watching.take(Placed(call, priority))

    def read(self, call: CallId) -> tuple[Mapping[str, object], ...]:
        return self._journal.read(call)

    def calls_since(self, since: datetime) -> tuple[CallId, ...]:
        return self._journal.calls_since(since)
