"""The events of all orders as one stream, from where a reader stood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.life_rows import event_of
from cti.adapters.sql.schema import order_events
from workorder.life.history import LifeEvent


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last event that was read."""

    at: datetime
    number: str
    seq: int


class EventFeed:
    """Reads on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def after(self, cursor: Cursor, until: datetime, most: int) -> tuple[LifeEvent, ...]:
        """Return the next events after the cursor that happened before `until`, oldest first."""
        e = order_events.c
        later = or_(
            e.at > cursor.at,
            and_(e.at == cursor.at, e.number > cursor.number),
            and_(e.at == cursor.at, e.number == cursor.number, e.seq > cursor.seq),
        )
        query = select(e.event).where(later, e.at < until).order_by(e.at, e.number, e.seq).limit(most)

        async def work(connection: AsyncConnection) -> tuple[LifeEvent, ...]:
            texts = (await connection.execute(query)).scalars()
            return tuple(event_of(text) for text in texts)

        return await self._database.read("读取工单事件", work)
