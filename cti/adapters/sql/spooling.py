"""Stores that lose nothing while the database is away: what it does not take now waits on this machine's disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import assert_never

from cti.adapters.sql.spool_file import SpoolFile
from cti.adapters.sql.writes import (
    CallbacksDone,
    PutEnvelopes,
    SaveCall,
    SaveCallback,
    SaveDraft,
    SaveRecordings,
    SaveSurvey,
    SaveTurns,
    Write,
    from_plain,
    to_plain,
)
from ivr.call import CallId, PhoneNumber
from ivr.errors import StoreAwayError, StoreRefusedError
from ivr.ports import Heard
from ivr.recording import Recording
from workorder.call_record import CallbackRequest, CallRecord, Survey
from workorder.draft import Draft
from workorder.envelope import Envelope
from workorder.order import OrderNumber, WorkOrder
from workorder.ports import CallStore, OrderStore, Outbox

log = logging.getLogger(__name__)

_RETRY_SECONDS = 1.0


class SpoolingStore:
    """`OrderStore`, `CallStore` and `Outbox` over the real ones; writes keep their order, through the spool too.

    A write that returns is either in the database or on the disk. `run` carries the spool into the database; while it
    holds anything, every write goes behind it. Reads go straight to the database. `on_write` is called after each
    write that reached the database (wake the relay).
    """

    def __init__(
        self,
        orders: OrderStore,
        calls: CallStore,
        outbox: Outbox,
        spool: SpoolFile,
        on_write: Callable[[], None] = lambda: None,
    ) -> None:
        self._orders, self._calls, self._outbox, self._spool = orders, calls, outbox, spool
        self._on_write = on_write
        self._turn = asyncio.Lock()  # one write of one call after another; the database would queue them anyway
        self._draining = asyncio.Lock()
        self._spooled = asyncio.Event()
        if not spool.is_empty:
            self._spooled.set()

    @property
    def is_behind(self) -> bool:
        """Whether writes wait on the disk: what the desktop shows as 已暂存本机."""
        return not self._spool.is_empty

    async def save_draft(self, draft: Draft, at: datetime) -> WorkOrder | None:
        return await self._write(SaveDraft(draft, at))

    async def save_call(self, record: CallRecord, events: Sequence[Envelope] = ()) -> None:
        await self._write(SaveCall(record, tuple(events)))

    async def save_turns(self, call: CallId, heard: Sequence[Heard]) -> None:
        await self._write(SaveTurns(call, tuple(heard)))

    async def save_recordings(self, call: CallId, files: Sequence[Recording]) -> None:
        await self._write(SaveRecordings(call, tuple(files)))

    async def save_callback(self, request: CallbackRequest, events: Sequence[Envelope] = ()) -> None:
        await self._write(SaveCallback(request, tuple(events)))

    async def callbacks_done(self, number: PhoneNumber, at: datetime) -> None:
        await self._write(CallbacksDone(number, at))

    async def save_survey(self, survey: Survey, events: Sequence[Envelope] = ()) -> None:
        await self._write(SaveSurvey(survey, tuple(events)))

    async def put(self, *envelopes: Envelope) -> None:
        await self._write(PutEnvelopes(envelopes))

    async def order(self, number: OrderNumber) -> WorkOrder | None:
        return await self._orders.order(number)

    async def order_of(self, call: CallId) -> WorkOrder | None:
        return await self._orders.order_of(call)

    async def latest_orders(self, limit: int = 50) -> tuple[WorkOrder, ...]:
        return await self._orders.latest_orders(limit)

    async def call(self, call: CallId) -> CallRecord | None:
        return await self._calls.call(call)

    async def latest_calls(self, limit: int = 50) -> tuple[CallRecord, ...]:
        return await self._calls.latest_calls(limit)

    async def turns(self, call: CallId) -> tuple[Heard, ...]:
        return await self._calls.turns(call)

    async def recordings(self, call: CallId) -> tuple[Recording, ...]:
        return await self._calls.recordings(call)

    async def callbacks(self, limit: int = 50) -> tuple[CallbackRequest, ...]:
        return await self._calls.callbacks(limit)

    async def survey(self, call: CallId) -> Survey | None:
        return await self._calls.survey(call)

    async def run(self) -> None:
        """Carry the spool into the database whenever it is there, until cancelled."""
        while True:
            await self._spooled.wait()
            self._spooled.clear()
            if not await self.drain():
                self._spooled.set()
                await asyncio.sleep(_RETRY_SECONDS)

    async def drain(self) -> bool:
        """Carry over what the database takes; True when the spool is empty. While this runs, writes go behind it."""
        async with self._draining:
            while True:
                async with self._turn:
                    oldest = await asyncio.to_thread(self._spool.first)
                if oldest is None:
                    return True
                plain, end = oldest
                try:
                    await self._apply(from_plain(plain or {}))
                except StoreAwayError:
                    return False
                except (StoreRefusedError, ValueError) as error:
                    async with self._turn:
                        await asyncio.to_thread(self._spool.refuse, end, str(error))
                else:
                    async with self._turn:
                        await asyncio.to_thread(self._spool.done, end)

    async def _write(self, write: Write) -> WorkOrder | None:
        async with self._turn:
            if self._spool.is_empty:
                try:
                    return await self._apply(write)
                except StoreAwayError as error:
                    log.warning("store_away_spooling", extra={"reason": str(error)[:200]})
            # Cancelled or not, what is being laid on the disk gets there.
            await asyncio.shield(asyncio.to_thread(self._spool.append, to_plain(write)))
            self._spooled.set()
            return None

    async def _apply(self, write: Write) -> WorkOrder | None:
        order: WorkOrder | None = None
        match write:
            case SaveDraft(draft, at):
                order = await self._orders.save_draft(draft, at)
            case SaveCall(record, events):
                await self._calls.save_call(record, events)
            case SaveTurns(call, heard):
                await self._calls.save_turns(call, heard)
            case SaveRecordings(call, files):
                await self._calls.save_recordings(call, files)
            case SaveCallback(request, events):
                await self._calls.save_callback(request, events)
            case CallbacksDone(number, at):
                await self._calls.callbacks_done(number, at)
            case SaveSurvey(survey, events):
                await self._calls.save_survey(survey, events)
            case PutEnvelopes(envelopes):
                await self._outbox.put(*envelopes)
            case _:
                assert_never(write)
        self._on_write()
        return order
