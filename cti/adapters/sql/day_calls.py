"""The calls of a day, for the wallboard of a controller that comes in the midst of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import calls
from ivr.call import CallId, PhoneNumber
from workorder.call_record import CallRecord

LONGEST_WAIT = timedelta(hours=2)
"""A call that was queued today began at most so long ago before today."""


async def calls_queued_since(database: Database, since: datetime) -> tuple[CallRecord, ...]:
    """Return what the figures need of each call that waited for a person since then; StoreError."""
    wanted = (calls.c.id, calls.c.started, calls.c.queued, calls.c.answered, calls.c.ended, calls.c.outcome)
    recent = calls.c.started >= since - LONGEST_WAIT
    query = select(*wanted).where(recent, calls.c.queued >= since)

    async def work(connection: AsyncConnection) -> tuple[CallRecord, ...]:
        return tuple(
            CallRecord(
                CallId(row.id), PhoneNumber(""), started=row.started, queued=row.queued, answered=row.answered,
                ended=row.ended, outcome=row.outcome,
            )
            for row in await connection.execute(query)
        )  # fmt: skip

    return await database.read("读取今日通话", work)
