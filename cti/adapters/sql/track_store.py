"""Collectors on duty and where they were, in SQL; what is older than the roster allows is deleted for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_city import collector_duties, collector_tracks
from cti.adapters.sql.statements import insert_new
from workorder.audit import AuditRow, Person
from workorder.grid.shapes import Point
from workorder.grid.tracks import Duty, TrackPoint

_D, _T = collector_duties.c, collector_tracks.c
MOST_POINTS = 20_000


class SqlTracks:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, duty: Duty, person: Person) -> None:
        """Begin a spell of duty; one that is still open goes on, if it was begun under the same notice."""
        running = (_D.collector == duty.collector) & _D.ended.is_(None)

        async def work(connection: AsyncConnection) -> None:
            notice = (await connection.execute(select(_D.notice).where(running))).scalars().first()
            if notice == duty.notice:
                return
            await connection.execute(update(collector_duties).where(running).values(ended=duty.began))
            row = {"collector": duty.collector, "began": duty.began, "ended": None, "notice": duty.notice}
            await connection.execute(insert(collector_duties).values(**row))
            detail = {"notice": duty.notice}
            await put_audit(connection, AuditRow(duty.began, person, "collector.on_duty", duty.collector, detail))

        await self._database.write("采集员上岗", work)

    async def end(self, collector: str, person: Person, at: datetime) -> None:
        """End the spell of duty, if one is open."""

        async def work(connection: AsyncConnection) -> None:
            mine = update(collector_duties).where(_D.collector == collector, _D.ended.is_(None), _D.began <= at)
            if (await connection.execute(mine.values(ended=at))).rowcount:
                await put_audit(connection, AuditRow(at, person, "collector.off_duty", collector, {}))

        await self._database.write("采集员下岗", work)

    async def duties(self, collector: str, since: datetime) -> tuple[Duty, ...]:
        """Return the spells of duty that are open or ended after `since`, oldest first."""
        chosen = select(collector_duties).where(_D.collector == collector, _D.ended.is_(None) | (_D.ended >= since))

        async def work(connection: AsyncConnection) -> tuple[Duty, ...]:
            rows = await connection.execute(chosen.order_by(_D.began))
            return tuple(Duty(row.collector, row.began, row.ended, row.notice) for row in rows)

        return await self._database.read("读取值勤", work)

    async def add(self, points: Sequence[TrackPoint]) -> None:
        """Keep points; one that is known already stays as it is."""
        rows = [
            {
                "collector": each.collector,
                "at": each.at,
                "lon": each.place.lon,
                "lat": each.place.lat,
                "accuracy": each.accuracy,
                "grid": each.grid,
            }
            for each in points
        ]
        if rows:
            await self._database.write("保存轨迹", lambda connection: insert_new(connection, collector_tracks, rows))

    async def of(
        self, collector: str, since: datetime, until: datetime, person: Person, at: datetime, why: str
    ) -> tuple[TrackPoint, ...]:
        """Return where a collector was; who looked and why is written down in the same transaction."""
        mine = select(collector_tracks).where(_T.collector == collector, _T.at >= since, _T.at < until)

        async def work(connection: AsyncConnection) -> tuple[TrackPoint, ...]:
            rows = (await connection.execute(mine.order_by(_T.at).limit(MOST_POINTS))).all()
            detail = {"since": since.isoformat(), "until": until.isoformat(), "points": len(rows), "why": why}
            await put_audit(connection, AuditRow(at, person, "collector.tracks", collector, detail))
            return tuple(
                TrackPoint(row.collector, row.at, Point(row.lon, row.lat), row.accuracy, row.grid) for row in rows
            )

        return await self._database.write("查看轨迹", work)

    async def forget(self, before: datetime) -> int:
        """Delete every point of before an instant; return how many."""

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(delete(collector_tracks).where(_T.at < before))).rowcount

        return await self._database.write("删除过期轨迹", work)
