"""Reports drafted and issued, and the information that units sent in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_reports import information, report_drafts
from cti.adapters.sql.statements import insert_first
from cti.adapters.sql.types import storable, storable_json
from ivr.errors import StoreRefusedError
from workorder.audit import AuditRow, Person
from workorder.reports.information import Sent
from workorder.reports.report import Report, from_plain, to_plain


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A report as it was drafted, by whom, and who issued it."""

    report: Report
    digest: str
    made: datetime
    made_by: str
    issued_by: str = ""
    issued: datetime | None = None


class SqlReports:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def has(self, name: str, since: date, until: date) -> bool:
        """Whether this report of these days was drafted already."""
        return bool(await self._rows("读取报表", _these(select(report_drafts.c.name), name, since, until)))

    async def draft(self, report: Report, person: Person, at: datetime) -> bool:
        """Keep a report that was made; False when one of these days is there already, which stays as it is."""
        row = {
            "name": report.name,
            "since": report.since,
            "until": report.until,
            "title": storable(report.title),
            "report": storable_json(to_plain(report)),
            "digest": report.digest,
            "made": at,
            "made_by": person.name,
        }

        async def work(connection: AsyncConnection) -> bool:
            if not await insert_first(connection, report_drafts, row):
                return False
            subject = f"{report.name} {report.since}"
            await put_audit(connection, AuditRow(at, person, "report.drafted", subject, {"digest": row["digest"]}))
            return True

        return await self._database.write("起草报表", work)

    async def issue(self, name: str, since: date, until: date, person: Person, at: datetime) -> KeptReport | None:
        """Issue a drafted report, once; None when there is none, StoreRefusedError when it was issued or changed."""

        async def work(connection: AsyncConnection) -> KeptReport | None:
            query = _these(select(report_drafts), name, since, until).with_for_update()
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                return None
            kept = _kept(row)
            if kept.issued is not None:
                raise StoreRefusedError(f"{kept.issued_by} 已经签发。改法：刷新后再看。")
            if kept.report.digest != kept.digest:
                raise StoreRefusedError("报表与存档时的封印不符，被改动过。改法：从备份恢复。")
            change = update(report_drafts).values(issued_by=person.name, issued=at)
            await connection.execute(_these(change, name, since, until))
            await put_audit(connection, AuditRow(at, person, "report.issued", f"{name} {since}", {}))
            return KeptReport(kept.report, kept.digest, kept.made, kept.made_by, person.name, at)

        return await self._database.write("签发报表", work)

    async def one(self, name: str, since: date, until: date) -> KeptReport | None:
        rows = await self._rows("读取报表", _these(select(report_drafts), name, since, until))
        return _kept(rows[0]) if rows else None

    async def latest(self, limit: int = 50) -> tuple[KeptReport, ...]:
        """Return the reports that were drafted, the newest first."""
        query = select(report_drafts).order_by(report_drafts.c.until.desc(), report_drafts.c.name).limit(limit)
        return tuple(_kept(row) for row in await self._rows("读取报表", query))

    async def send_in(self, sent: Sent, person: Person) -> bool:
        """Keep what a unit sent in; False when it has sent this already: the first sending counts."""
        row: dict[str, Any] = {
            "unit": sent.unit,
            "duty": sent.duty,
            "period": sent.period,
            "title": storable(sent.title),
            "text": storable(sent.text),
            "who": sent.who,
            "at": sent.at,
        }

        async def work(connection: AsyncConnection) -> bool:
            if not await insert_first(connection, information, row):
                return False
            subject = f"{sent.unit} {sent.duty} {sent.period}"[:200]
            await put_audit(connection, AuditRow(sent.at, person, "information.sent", subject, {}))
            return True

        return await self._database.write("保存报送的信息", work)

    async def sent(self, periods: Sequence[str], unit: str = "") -> tuple[Sent, ...]:
        """Return what was sent in for these periods: by one unit, or (empty) by all."""
        query = select(information).where(information.c.period.in_(periods))
        rows = await self._rows("读取报送的信息", query.where(information.c.unit == unit) if unit else query)
        return tuple(Sent(r.unit, r.duty, r.period, r.title, r.text, r.who, r.at) for r in rows)

    async def _rows(self, doing: str, query: Any) -> Sequence[Row[Any]]:
        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(query)).all()

        return await self._database.read(doing, work)


def _these(query: Any, name: str, since: date, until: date) -> Any:
    d = report_drafts.c
    return query.where(d.name == name, d.since == since, d.until == until)


def _kept(row: Row[Any]) -> KeptReport:
    return KeptReport(from_plain(row.report), row.digest, row.made, row.made_by, row.issued_by, row.issued)
