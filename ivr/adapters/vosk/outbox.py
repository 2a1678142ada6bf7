"""Results on their way to their one reader: partials are overtaken by newer ones, finals are kept."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator

from ivr.call import CallId, Leg
from ivr.ports import Heard

log = logging.getLogger(__name__)


class Outbox:
    """Bounded however slow the reader is: one partial per leg, and `max_finals` finals (the oldest goes first)."""

    def __init__(self, max_finals: int = 10_000) -> None:
        self._finals: deque[Heard] = deque()
        self._partials: dict[tuple[CallId, Leg], Heard] = {}
        self._max_finals = max_finals
        self._news = asyncio.Event()
        self._closed = False

    def put(self, heard: Heard) -> None:
        """Leave one result for the reader; never waits."""
        key = (heard.call, heard.leg)
        if heard.is_final:
            self._partials.pop(key, None)
            self._finals.append(heard)
            if len(self._finals) > self._max_finals:
                self._finals.popleft()
                log.error("ears_reader_too_slow", extra={"call": heard.call})
        else:
            self._partials[key] = heard
        self._news.set()

    def close(self) -> None:
        """Let the reader come to its end once it has read all."""
        self._closed = True
        self._news.set()

    async def read(self) -> AsyncIterator[Heard]:
        """Every final in order, and the latest partial of each leg after the finals before it."""
        while True:
            while self._finals or self._partials:
                if self._finals:
                    yield self._finals.popleft()
                else:
                    yield self._partials.pop(next(iter(self._partials)))
            if self._closed:
                return
            self._news.clear()
            await self._news.wait()
