"""What reports count, read from the events of orders and from calls: batch by batch, so that a year fits in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import Row, and_, func, not_, or_, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.day_calls import LONGEST_WAIT
from cti.adapters.sql.schema import calls, order_events, order_lives, orders
from cti.adapters.sql.schema_orders import hot_alerts, publications, sealed_orders
from workorder.life.states import ENDS
from workorder.order import order_day
from workorder.reports.make import Alerted
from workorder.reports.moments import Content, Step, moments_of_call, moments_of_order, step_of
from workorder.reports.tally import Tally

_ORDERS_AT_ONCE = 400
_NUMBERS_AT_ONCE = 20_000
_CALLS_AT_ONCE = 5000
_CLOCK_STEP = timedelta(days=1)
"""So far a clock may have been set back: an order's last event is then not its latest."""
_OVER = [state.value for state in ENDS]
_BY_SEQ = itemgetter("seq")
_STORIES = select(
    select(func.aggregate_strings(order_events.c.event, ","))
    .where(order_events.c.number == order_lives.c.number)
    .scalar_subquery()
    .label("events"),
    *(orders.c[name] for name in ("place", "place_key", "category_1", "category_2", "category_3", "request_type")),
    *(orders.c[name] for name in ("title", "summary", "emergency_at")),
).select_from(order_lives.outerjoin(orders, orders.c.number == order_lives.c.number))
"""Each order with its events as one text. Asking for those up to an end alone would be slower: PostgreSQL's plan for
that reads all events before the end, for every batch again."""


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

        def count_orders(rows: Sequence[Row[Any]]) -> None:
            for row in rows:
                steps, content = _steps(row.events), _content(row)
                if about and about not in content.text and about not in content.topic:
                    continue
                if hidden is not None and any(each.said.get("category") in hidden for each in steps):
                    continue
                tally.add(moments_of_order(steps, content, begin, end))

        def count_calls(rows: Sequence[Row[Any]]) -> None:
            for row in rows:
                tally.add(moments_of_call(row, begin, end))

        await _each_batch(self._orders(begin, end, is_public=hidden is not None), count_orders)
        if not about:
            await _each_batch(self._calls(begin, end), count_calls)

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

    async def _orders(self, begin: datetime, end: datetime, *, is_public: bool) -> AsyncIterator[Sequence[Row[Any]]]:
        """Yield every order to which something happened in this time, or which was open at its end, with its story."""
        unseen = await self._unseen() if is_public else frozenset()
        async for numbers in self._numbers(begin, end):
            wanted = [each for each in numbers if each not in unseen]
            for first in range(0, len(wanted), _ORDERS_AT_ONCE):
                batch = wanted[first : first + _ORDERS_AT_ONCE]
                yield await self._rows("统计工单", _STORIES.where(order_lives.c.number.in_(batch)))

    async def _numbers(self, begin: datetime, end: datetime) -> AsyncIterator[Sequence[str]]:
        v, o = order_lives.c, orders.c
        lived = and_(v.opened < end, or_(v.updated >= begin - _CLOCK_STEP, v.state.not_in(_OVER)))
        rung = and_(o.emergency_at >= begin, o.emergency_at < end)
        late = select(v.number).join(orders, o.number == v.number).where(rung, not_(lived)).order_by(v.number)
        yield [row.number for row in await self._rows("统计工单", late)]
        last = ""
        while True:
            page = select(v.number).where(lived, v.number > last).order_by(v.number).limit(_NUMBERS_AT_ONCE)
            numbers = [row.number for row in await self._rows("统计工单", page)]
            if not numbers:
                return
            yield numbers
            last = numbers[-1]

    async def _unseen(self) -> frozenset[str]:
        """Return the orders that are never shown to everybody."""
        excluded = select(publications.c.number).where(publications.c.exclusion != "")
        return frozenset(
            row[0] for row in await self._rows("统计工单", union(excluded, select(sealed_orders.c.number)))
        )

    async def _calls(self, begin: datetime, end: datetime) -> AsyncIterator[Sequence[Row[Any]]]:
        c = calls.c
        last = ""
        while True:
            query = (
                select(c.id, c.queued, c.answered, c.outcome)
                .where(c.started >= begin - LONGEST_WAIT, c.started < end, c.queued.is_not(None), c.id > last)
                .order_by(c.id)
                .limit(_CALLS_AT_ONCE)
            )
            rows = await self._rows("统计通话", query)
            if not rows:
                return
            yield rows
            last = rows[-1].id

    async def _rows(self, doing: str, query: Any) -> Sequence[Row[Any]]:
        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(query)).all()

        return await self._database.read(doing, work)


async def _each_batch(batches: AsyncIterator[Sequence[Row[Any]]], count: Callable[[Sequence[Row[Any]]], None]) -> None:
    """Count batch by batch, beside the loop that serves others, while the database reads the next one."""
    batch = await anext(batches, None)
    while batch is not None:
        batch, _ = await asyncio.gather(_following(batches), asyncio.to_thread(count, batch))


async def _following(batches: AsyncIterator[Sequence[Row[Any]]]) -> Sequence[Row[Any]] | None:
    return await anext(batches, None)


def _steps(events: str) -> list[Step]:
    """Read an order's events as they were joined; in which order a database joins them it does not say."""
    return [step_of(each) for each in sorted(json.loads(f"[{events}]"), key=_BY_SEQ)]


def _content(row: Row[Any]) -> Content:
    if row.place is None:  # an order that never had a draft
        return Content()
    levels = (row.category_1, row.category_2, row.category_3)
    return Content(
        row.place,
        row.place_key,
        "/".join(each for each in levels if each),
        row.request_type,
        f"{row.title}\n{row.summary}",
        row.emergency_at,
    )
