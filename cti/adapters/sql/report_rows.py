"""Calls and orders as reports and lists of recordings need them: bounded reads, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.day_calls import LONGEST_WAIT
from cti.adapters.sql.schema import calls, orders, recordings
from cti.adapters.sql.schema_quality import quality_reviews
from cti.quality import Drawable
from ivr.call import CallId, PhoneNumber, SeatId
from ivr.recording import Part
from workorder.call_record import CallRecord

MOST_CALLS = 300_000
"""Calls of one report: a large city's quarter. More are not counted, and the report says so."""

_COUNTED = (calls.c.id, calls.c.started, calls.c.queued, calls.c.answered, calls.c.ended)
_COUNTED_TOO = (calls.c.queue, calls.c.seat, calls.c.outcome, calls.c.called, calls.c.original_line)
_LINE = case((calls.c.original_line != "", calls.c.original_line), else_=func.coalesce(calls.c.called, ""))
_GROUPS: Mapping[str, Any] = {
    "kinds": orders.c.request_type,
    "categories": orders.c.category_1,
    "units": orders.c.unit,
    "order_lines": _LINE,
}


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls a list shows; empty texts and None ask for nothing."""

    seat: str = ""
    queue: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedCall:
    """One call of a list: what is known, how long it was recorded, and how its quality was judged."""

    record: CallRecord
    recorded_s: float
    problem: str
    total: int | None


class SqlReportRows:
    """Reads on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def calls(self, since: datetime, until: datetime) -> Sequence[CallRecord]:
        """Return what the counts need of the calls of this time, at most MOST_CALLS."""
        query = (
            select(*_COUNTED, *_COUNTED_TOO)
            .where(calls.c.started >= since - LONGEST_WAIT, calls.c.started < until)
            .limit(MOST_CALLS)
        )
        return [_counted(row) for row in await self._rows("统计通话", query)]

    async def order_counts(self, name: str, since: datetime, until: datetime) -> Mapping[str, int]:
        """Return how many orders of this time have each value of `kinds`, `categories`, `units` or `order_lines`."""
        column = _GROUPS[name]
        query = (
            select(column.label("name"), func.count().label("many"))
            .select_from(orders.outerjoin(calls, calls.c.id == orders.c.call_id) if name == "order_lines" else orders)
            .where(orders.c.created >= since, orders.c.created < until)
            .group_by(column)
            .limit(2000)
        )
        return {str(row.name): int(row.many) for row in await self._rows("统计工单", query)}

    async def line(self, call: str) -> tuple[str, str]:
        """Return the number that a call dialled, and the merged hotline that it once was; empty when not known."""
        found = await self._rows("查询原热线", select(calls.c.called, calls.c.original_line).where(calls.c.id == call))
        return (str(found[0].called), str(found[0].original_line)) if found else ("", "")

    async def drawable(self, since: datetime, until: datetime, seat: str = "") -> Sequence[Drawable]:
        """Return every answered call of this time whose recording is there to be heard."""
        conditions = [calls.c.answered.is_not(None), calls.c.seat != "", calls.c.ended.is_not(None)]
        conditions += [calls.c.started >= since, calls.c.started < until]
        if seat:
            conditions.append(calls.c.seat == seat)
        query = (
            select(calls.c.id, calls.c.seat)
            .join(recordings, recordings.c.call_id == calls.c.id)
            .where(recordings.c.part == Part.MIX.value, recordings.c.seconds > 0, *conditions)
            .limit(MOST_CALLS)
        )
        return [Drawable(CallId(row.id), SeatId(row.seat)) for row in await self._rows("抽取通话", query)]

    async def page(self, wanted: CallFilter, skip: int, size: int) -> tuple[Sequence[ListedCall], int]:
        """Return one page of calls that ended, the newest first, and how many there are."""
        where = _conditions(wanted)
        total = select(func.count()).select_from(calls).where(*where)
        ids = select(calls.c.id).where(*where).order_by(calls.c.started.desc(), calls.c.id.desc())
        return await self._listed(ids.offset(skip).limit(size)), int((await self._rows("列出通话", total))[0][0])

    async def these(self, wanted: Sequence[CallId]) -> Sequence[ListedCall]:
        """Return these calls, in the order asked for; those that are gone are left out."""
        found = {
            each.record.call: each for each in await self._listed(select(calls.c.id).where(calls.c.id.in_(wanted)))
        }
        return [found[call] for call in wanted if call in found]

    async def _listed(self, ids: Any) -> Sequence[ListedCall]:
        mean = select(func.round(func.avg(quality_reviews.c.total))).where(quality_reviews.c.call_id == calls.c.id)
        query = (
            select(calls, recordings.c.seconds, recordings.c.problem, mean.scalar_subquery().label("total"))
            .outerjoin(recordings, (recordings.c.call_id == calls.c.id) & (recordings.c.part == Part.MIX.value))
            .where(calls.c.id.in_(ids))
            .order_by(calls.c.started.desc(), calls.c.id.desc())
        )
        return [_listed(row) for row in await self._rows("列出通话", query)]

    async def _rows(self, doing: str, query: Any) -> Sequence[Row[Any]]:
        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(query)).all()

        return await self._database.read(doing, work)


def _conditions(wanted: CallFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [calls.c.ended.is_not(None)]
    for column, value in (
        (calls.c.seat, wanted.seat),
        (calls.c.queue, wanted.queue),
        (calls.c.outcome, wanted.outcome),
    ):
        if value:
            where.append(column == value)
    if wanted.since is not None:
        where.append(calls.c.started >= wanted.since)
    if wanted.until is not None:
        where.append(calls.c.started < wanted.until)
    return where


def _counted(row: Row[Any]) -> CallRecord:
    return CallRecord(
        CallId(row.id), PhoneNumber(""), started=row.started, queued=row.queued, answered=row.answered,
        ended=row.ended, queue=row.queue, seat=row.seat, outcome=row.outcome,
        called=row.called, original_line=row.original_line,
    )  # fmt: skip


def _listed(row: Row[Any]) -> ListedCall:
    record = CallRecord(
        CallId(row.id), PhoneNumber(row.caller), called=row.called, flow=row.flow, started=row.started,
        queued=row.queued, answered=row.answered, ended=row.ended, queue=row.queue, seat=row.seat, outcome=row.outcome,
    )  # fmt: skip
    total = None if row.total is None else int(row.total)
    return ListedCall(record, float(row.seconds or 0.0), str(row.problem or ""), total)
