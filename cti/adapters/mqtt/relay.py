"""The relay: empties the outbox onto the bus, at least once and in order for each call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from ivr.errors import BusError, StoreError
from ivr.ports import Clock
from workorder.outbox import OutboxRow, retry_delay
from workorder.ports import OutboxStore, Publisher

log = logging.getLogger(__name__)

_BATCH = 200
_POLL_SECONDS = 1.0
_LEASE_SECONDS = 15.0
_RESEND_SECONDS = 3.0
"""A killed broker forgets what it saved last a second ago (its autosave); thrice that is sent again."""

_KEEP_DAYS = 7
_PRUNE_EVERY_SECONDS = 3600.0


class Relay:
    """Several may run at once: each lane has one at a time, and another takes over 15 s after one has died."""

    def __init__(self, outbox: OutboxStore, publisher: Publisher, clock: Clock) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._clock = clock
        self._name = f"relay-{uuid4().hex[:12]}"
        self._wake = asyncio.Event()
        self._epoch = 0
        self._pruned = clock.monotonic()
        self.delivered = 0
        """How many deliveries the broker has acknowledged so far, repeated ones among them."""

    def wake(self) -> None:
        """Say that something new lies in the outbox; else it is looked for every second."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled; no failure of store or broker ends this."""
        failures = 0
        try:
            while True:
                self._wake.clear()
                try:
                    moved = await self._once()
                except (StoreError, BusError) as error:
                    failures += 1
                    log.warning("relay_waits", extra={"reason": str(error)[:200], "failures": failures})
                    await asyncio.sleep(retry_delay(failures))
                    continue
                failures = 0
                if not moved:
                    await self._pause(_POLL_SECONDS)
        finally:
            await self._let_go()

    async def _once(self) -> int:
        """Deliver one batch and return its size; BusError when the broker did not take all of it."""
        await self._publisher.wait_connected()
        await self._prune_now_and_then()
        if self._epoch == self._publisher.epoch and await self._outbox.waiting() == 0:
            return 0
        rows = await self._outbox.claim(self._name, _BATCH, self._clock.now(), _LEASE_SECONDS)
        if self._epoch != self._publisher.epoch:
            self._epoch = self._publisher.epoch
            if await self._outbox.send_again(self._name, _RESEND_SECONDS):
                rows = await self._outbox.claim(self._name, _BATCH, self._clock.now(), _LEASE_SECONDS)
        return await self._deliver(rows)

    async def _deliver(self, rows: Sequence[OutboxRow]) -> int:
        """Send all rows at once, in order; in each lane only those before its first failure count as sent."""
        sendings = (self._publisher.publish(row.topic, row.payload) for row in rows)
        outcomes = await asyncio.gather(*sendings, return_exceptions=True)
        stopped: set[int] = set()
        sent: list[int] = []
        failure: BusError | None = None
        for row, outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, BusError):
                stopped.add(row.lane)
                failure = outcome
            elif outcome is not None:
                raise outcome
            elif row.lane not in stopped:
                sent.append(row.number)
        await self._outbox.mark_sent(sent, self._clock.now())
        self.delivered += len(sent)
        if failure is not None:
            raise failure
        return len(sent)

    async def _prune_now_and_then(self) -> None:
        if self._clock.monotonic() - self._pruned >= _PRUNE_EVERY_SECONDS:
            self._pruned = self._clock.monotonic()
            await self._outbox.prune(self._clock.now() - timedelta(days=_KEEP_DAYS))

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _let_go(self) -> None:
        try:
            await self._outbox.release(self._name)
        except StoreError:
            log.warning("relay_lanes_kept", extra={"until": "lease"})
