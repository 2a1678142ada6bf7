"""What reports count, read from the events of orders and from calls: batch by batch, so that a year fits in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.day_calls import LONGEST_WAIT
from cti.adapters.sql.schema import calls, order_events, order_lives, orders
from cti.adapters.sql.schema_orders import hot_alerts, publications, sealed_orders
from ivr.call import CallId, PhoneNumber
from workorder.call_record import CallRecord
from workorder.life.states import ENDS
from workorder.order import order_day
from workorder.reports.make import Alerted
from workorder.reports.moments import Content, Step, moments_of_call, moments_of_order, step_of
from workorder.reports.tally import Tally

_ORDERS_AT_ONCE = 400
_CALLS_AT_ONCE = 5000
_OVER = [state.value for state in ENDS]


class SqlReportFacts:
    """Reads on either database; nothing after the last day is looked at."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(
        self, tally: Tally, begin: datetime, end: datetime, *, about: str = "", hidden: Sequence[str] | None = None
    ) -> None:
        """Add everything from `begin` up to `end` to the tally.

        `about` narrows to orders in whose text or matter it stands; calls have no text and are then left out.
        With `hidden` (categories that are protected) it is for everybody: those, orders that are
        excluded from publication and those that are sealed are not counted.
        """
        async for steps, content in self._orders(begin, end, is_public=hidden is not None):
            if about and about not in content.text and about not in content.topic:
                continue
            if hidden is not None and any(each.said.get("category") in hidden for each in steps):
                continue
            tally.add(moments_of_order(steps, content, begin, end))
        if not about:
            await self._calls(tally, begin, end)

    async def alerts(self, begin: datetime, end: datetime) -> tuple[Alerted, ...]:
        """Return what was raised in this time, the largest first; an order that came later is not counted."""
        a = hot_alerts.c
        query = select(hot_alerts).where(a.raised >= begin, a.raised < end).order_by(a.raised).limit(500)
        last = order_day(end).isoformat().replace("-", "")
        found = [
            Alerted(
                row.kind,
                row.title,
                order_day(row.raised),
                sum(number[2:10] < last for number in row.numbers),
                row.acknowledged is not None and row.acknowledged < end,
            )
            for row in await self._rows("读取预警", query)
        ]
        return tuple(sorted(found, key=lambda each: -each.orders))

    async def _orders(
        self, begin: datetime, end: datetime, *, is_public: bool
    ) -> AsyncIterator[tuple[list[Step], Content]]:
        """Yield every order to which something happened in this time, or which was open at its end."""
        numbers = await self._numbers(begin, end)
        unseen = await self._unseen() if is_public else frozenset()
        e = order_events.c
        for first in range(0, len(numbers), _ORDERS_AT_ONCE):
            batch = [each for each in numbers[first : first + _ORDERS_AT_ONCE] if each not in unseen]
            # Not `at < end` as well: PostgreSQL's plan for any `end` reads all events before it, for every batch again.
            query = select(e.number, e.at, e.event).where(e.number.in_(batch)).order_by(e.number, e.seq)
            histories = await asyncio.to_thread(_histories, await self._rows("统计工单", query), end)
            contents = await self._contents(batch)
            for number, steps in histories.items():
                yield steps, contents.get(number, Content())

    async def _numbers(self, begin: datetime, end: datetime) -> Sequence[str]:
        e, v, o = order_events.c, order_lives.c, orders.c
        moved = select(e.number).where(e.at >= begin, e.at < end)
        was_open = select(v.number).where(v.opened < end, or_(v.updated >= end, v.state.not_in(_OVER)))
        emergency = select(o.number).where(o.emergency_at >= begin, o.emergency_at < end)
        return [row[0] for row in await self._rows("统计工单", union(moved, was_open, emergency).order_by("number"))]

    async def _unseen(self) -> frozenset[str]:
        """Return the orders that are never shown to everybody."""
        excluded = select(publications.c.number).where(publications.c.exclusion != "")
        return frozenset(
            row[0] for row in await self._rows("统计工单", union(excluded, select(sealed_orders.c.number)))
        )

    async def _contents(self, numbers: Sequence[str]) -> dict[str, Content]:
        c = orders.c
        query = select(
            c.number, c.place, c.place_key, c.category_1, c.category_2, c.category_3, c.request_type, c.title,
            c.summary, c.emergency_at,
        ).where(c.number.in_(numbers))  # fmt: skip
        return {
            row.number: Content(
                row.place,
                row.place_key,
                "/".join(each for each in (row.category_1, row.category_2, row.category_3) if each),
                row.request_type,
                f"{row.title}\n{row.summary}",
                row.emergency_at,
            )
            for row in await self._rows("统计工单", query)
        }

    async def _calls(self, tally: Tally, begin: datetime, end: datetime) -> None:
        c = calls.c
        last = ""
        while True:
            query = (
                select(c.id, c.started, c.queued, c.answered, c.ended, c.outcome)
                .where(c.started >= begin - LONGEST_WAIT, c.started < end, c.queued.is_not(None), c.id > last)
                .order_by(c.id)
                .limit(_CALLS_AT_ONCE)
            )
            rows = await self._rows("统计通话", query)
            if not rows:
                return
            last = rows[-1].id
            for row in rows:
                record = CallRecord(
                    CallId(row.id), PhoneNumber(""), started=row.started, queued=row.queued, answered=row.answered,
                    ended=row.ended, outcome=row.outcome,
                )  # fmt: skip
                tally.add(moments_of_call(record, begin, end))

    async def _rows(self, doing: str, query: Any) -> Sequence[Row[Any]]:
        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(query)).all()

        return await self._database.read(doing, work)


def _histories(rows: Sequence[Row[Any]], end: datetime) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for row in (each for each in rows if each.at < end):
        found.setdefault(row.number, []).append(step_of(json.loads(row.event)))
    return found
