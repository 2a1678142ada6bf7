"""The words of sensitive orders' events: sealed in the transaction that writes them, opened for readers only."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.files.sealed_box import SealedBox
from cti.adapters.sql.life_rows import event_text, history_of
from cti.adapters.sql.schema import order_events
from cti.adapters.sql.schema_units import sealed_events
from cti.adapters.sql.statements import put_row
from workorder.life.codec import from_plain
from workorder.life.history import LifeEvent
from workorder.order import OrderNumber
from workorder.sealed_events import husk_of_event


class EventSeals:
    """On either database, within transactions of the caller."""

    def __init__(self, box: SealedBox) -> None:
        self._box = box

    async def seal_in(self, connection: AsyncConnection, event: LifeEvent) -> None:
        """Take the words out of an event that was written, and keep them sealed. May be repeated."""
        husk = husk_of_event(event)
        if husk == event:
            return
        name, sealed = self._box.seal(_context(event.number, event.seq), event_text(event).encode())
        kept = {"number": event.number, "seq": event.seq, "key_name": name, "sealed": sealed}
        await put_row(connection, sealed_events, kept)
        mine = (order_events.c.number == event.number) & (order_events.c.seq == event.seq)
        await connection.execute(update(order_events).where(mine).values(event=event_text(husk)))

    async def seal_history_in(self, connection: AsyncConnection, number: OrderNumber) -> None:
        """Seal whatever words an order's events have; those that are sealed stay so."""
        for event in await self.whole_in(connection, number):
            await self.seal_in(connection, event)

    async def whole_in(self, connection: AsyncConnection, number: OrderNumber) -> tuple[LifeEvent, ...]:
        """Return the history with every word of it."""
        query = select(sealed_events).where(sealed_events.c.number == number)
        sealed = {row.seq: self._opened(row) for row in await connection.execute(query)}
        return tuple(sealed.get(each.seq, each) for each in await history_of(connection, number))

    async def reseal_in(self, connection: AsyncConnection, most: int) -> int:
        """Seal anew what an older key sealed; returns how many events were."""
        c = sealed_events.c
        rows = (
            await connection.execute(select(sealed_events).where(c.key_name != self._box.key_name).limit(most))
        ).all()
        for row in rows:
            context = _context(row.number, row.seq)
            name, sealed = self._box.seal(context, self._box.open(context, row.key_name, bytes(row.sealed)))
            mine = (c.number == row.number) & (c.seq == row.seq)
            await connection.execute(update(sealed_events).where(mine).values(key_name=name, sealed=sealed))
        return len(rows)

    def _opened(self, row: Any) -> LifeEvent:
        plain = self._box.open(_context(row.number, row.seq), row.key_name, bytes(row.sealed))
        return from_plain(LifeEvent, json.loads(plain))


def _context(number: str, seq: int) -> str:
    return f"{number}/{seq}"
