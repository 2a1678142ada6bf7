"""The assessment in SQL: a month counted from the orders' events, marks, months that are kept, tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.life_rows import history_of
from cti.adapters.sql.schema import order_events, order_lives
from cti.adapters.sql.schema_assessment import assessment_marks, assessment_months, assessment_tasks
from cti.adapters.sql.statements import insert_new, put_row
from cti.adapters.sql.unit_systems import heard_in
from ivr.errors import StoreRefusedError
from workorder.assessment.counts import UnitCounts, count_month
from workorder.assessment.snapshot import MonthSnapshot, digest_of, published_from, read_snapshot
from workorder.audit import AuditRow, Person
from workorder.order import HOTLINE_TIME, OrderNumber
from workorder.uptime import SLOT, Heard, uptimes

_AT_ONCE = 200
"""How many histories are read in one transaction: a month may hold tens of thousands."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a grade asks of a unit; with a `due` day it waits for a written report."""

    unit: str
    grade: str
    what: str
    due: date | None = None
    report: str = ""
    sha256: str = ""
    done: datetime | None = None


class SqlAssessment:
    """One city's assessment, on either database."""

    def __init__(self, database: Database, city: str) -> None:
        self._database = database
        self._city = city

    async def count(self, month: str, units: Iterable[str]) -> dict[str, UnitCounts]:
        """Count `month` (2026-10) from the events of every order that something happened to in it."""
        begin = datetime.fromisoformat(f"{month}-01").replace(tzinfo=HOTLINE_TIME)
        end = datetime.combine(published_from(month), datetime.min.time(), HOTLINE_TIME)
        query = (
            select(order_events.c.number)
            .join(order_lives, order_lives.c.number == order_events.c.number)
            .where(order_events.c.at >= begin - timedelta(seconds=1), order_events.c.at < end)
            .where(order_lives.c.pack.like(f"{self._city}@%"))
            .distinct()
            .order_by(order_events.c.number)
        )

        async def numbers(connection: AsyncConnection) -> Sequence[str]:
            return (await connection.execute(query)).scalars().all()

        found = dict.fromkeys(units, UnitCounts())
        wanted = await self._database.read("统计考核", numbers)
        for first in range(0, len(wanted), _AT_ONCE):
            for unit, counts in (await self._counted(wanted[first : first + _AT_ONCE], month)).items():
                found[unit] = found.get(unit, UnitCounts()) + counts
        return await self._with_connections(found, begin, end)

    async def _with_connections(
        self, found: dict[str, UnitCounts], begin: datetime, end: datetime
    ) -> dict[str, UnitCounts]:
        """Add how much of the month each unit's system was connected; a month that runs, to the last beat of any."""

        async def work(connection: AsyncConnection) -> dict[str, Heard]:
            return await heard_in(connection, begin, end)

        heard = await self._database.read("统计考核", work)
        last = max((each.last + SLOT for each in heard.values()), default=end)
        for each in uptimes((), heard, begin, min(end, last)):
            if each.unit in found:
                found[each.unit] = replace(found[each.unit], slots_up=each.up, slots=each.slots)
        return found

    async def _counted(self, numbers: Sequence[str], month: str) -> dict[str, UnitCounts]:
        async def work(connection: AsyncConnection) -> dict[str, UnitCounts]:
            return count_month([await history_of(connection, OrderNumber(each)) for each in numbers], month)

        return await self._database.read("统计考核", work)

    async def put_marks(
        self, month: str, unit: str, marks: Mapping[str, Decimal], person: Person, why: str, at: datetime
    ) -> None:
        """Keep marks given by hand; StoreRefusedError once the month has been taken."""

        async def work(connection: AsyncConnection) -> None:
            if await _month(connection, self._city, month) is not None:
                raise StoreRefusedError(f"{month} 的考核已经存档，不能再改。改法：写进下一个月，并说明原因。")
            for dimension, mark in marks.items():
                row = {"city": self._city, "month": month, "unit": unit, "dimension": dimension}
                given = {"mark": str(mark), "why": why, "who": person.name, "at": at}
                await put_row(connection, assessment_marks, row | given)
            told = {name: str(mark) for name, mark in marks.items()}
            subject = f"{self._city} {month} {unit}"
            await put_audit(connection, AuditRow(at, person, "assessment.mark", subject, {"marks": told, "why": why}))

        await self._database.write("保存评分", work)

    async def marks(self, month: str) -> dict[str, dict[str, Decimal]]:
        """Return the marks given by hand, by unit and dimension."""
        query = select(assessment_marks).where(assessment_marks.c.city == self._city, assessment_marks.c.month == month)

        async def work(connection: AsyncConnection) -> dict[str, dict[str, Decimal]]:
            found: dict[str, dict[str, Decimal]] = {}
            for row in await connection.execute(query):
                found.setdefault(row.unit, {})[row.dimension] = Decimal(row.mark)
            return found

        return await self._database.read("读取评分", work)

    async def keep_month(self, snapshot: MonthSnapshot, person: Person, at: datetime) -> MonthSnapshot:
        """Keep a month for good and return it; one that was kept before is returned as it was."""
        plain = snapshot.to_plain()
        row = {"city": self._city, "month": snapshot.month, "snapshot": plain, "digest": digest_of(plain)}

        async def work(connection: AsyncConnection) -> MonthSnapshot:
            kept = await _month(connection, self._city, snapshot.month)
            if kept is not None:
                return kept
            await insert_new(connection, assessment_months, [row | {"who": person.name, "at": at}])
            detail = {"digest": row["digest"]}
            subject = f"{self._city} {snapshot.month}"
            await put_audit(connection, AuditRow(at, person, "assessment.month", subject, detail))
            return snapshot

        return await self._database.write("存档考核", work)

    async def months(self, year: str) -> tuple[MonthSnapshot, ...]:
        """Return the kept months of a year; StoreRefusedError when one of them was changed."""
        query = select(assessment_months).where(
            assessment_months.c.city == self._city, assessment_months.c.month.like(f"{year}-%")
        )

        async def work(connection: AsyncConnection) -> tuple[MonthSnapshot, ...]:
            rows = (await connection.execute(query.order_by(assessment_months.c.month))).all()
            for row in rows:
                if digest_of(row.snapshot) != row.digest:
                    raise StoreRefusedError(f"{row.month} 的考核存档与封印不符，被改动过。改法：从备份恢复。")
            return tuple(read_snapshot(row.snapshot) for row in rows)

        return await self._database.read("读取考核", work)

    async def put_tasks(self, year: str, tasks: Iterable[Task]) -> None:
        """Keep what the grades ask; a task that is there stays as it is."""
        rows = [
            {
                "city": self._city,
                "year": year,
                "unit": each.unit,
                "grade": each.grade,
                "what": each.what,
                "due": each.due,
            }
            for each in tasks
        ]
        await self._database.write("保存考核事项", lambda connection: insert_new(connection, assessment_tasks, rows))

    async def tasks(self, year: str) -> tuple[Task, ...]:
        """Return what the grades of a year ask."""
        table = assessment_tasks.c
        query = select(assessment_tasks).where(table.city == self._city, table.year == year).order_by(table.unit)

        async def work(connection: AsyncConnection) -> tuple[Task, ...]:
            rows = await connection.execute(query)
            return tuple(Task(r.unit, r.grade, r.what, r.due, r.report, r.sha256, r.done) for r in rows)

        return await self._database.read("读取考核事项", work)

    async def finish(self, year: str, unit: str, report: str, sha256: str, person: Person, at: datetime) -> bool:
        """Note that the unit handed in its report; False when nothing waits for one."""
        table = assessment_tasks.c
        change = (
            update(assessment_tasks)
            .where(table.city == self._city, table.year == year, table.unit == unit)
            .where(table.due.is_not(None), table.done.is_(None))
            .values(report=report, sha256=sha256, done_by=person.name, done=at)
        )

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(change)).rowcount == 1

        return await self._database.write("登记改进材料", work)


async def _month(connection: AsyncConnection, city: str, month: str) -> MonthSnapshot | None:
    query = select(assessment_months.c.snapshot).where(
        assessment_months.c.city == city, assessment_months.c.month == month
    )
    plain = (await connection.execute(query)).scalar_one_or_none()
    return None if plain is None else read_snapshot(plain)
