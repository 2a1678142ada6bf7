"""Alerts of hot matters in SQL: each told once, growing while it lasts, acknowledged by somebody."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import audit, orders
from cti.adapters.sql.schema_orders import hot_alerts
from cti.adapters.sql.statements import insert_new, put_envelopes
from cti.adapters.sql.types import storable
from workorder.audit import AuditRow, Person
from workorder.envelope import Envelope
from workorder.hot import Hot, Told, spot_of
from workorder.order import OrderNumber, order_day

_STRANGE = ("order.forbidden", "order.unseal_refused")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it is kept."""

    hot: Hot
    raised: datetime
    grown: datetime
    acknowledged_by: str = ""
    acknowledged: datetime | None = None
    note: str = ""


class SqlAlerts:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def told_since(self, since: datetime, most: int = 20_000) -> tuple[Told, ...]:
        """Return what detectors see of the orders that were opened since, oldest first."""
        c = orders.c
        columns = (
            c.number, c.created, c.place, c.place_key, c.category_1, c.category_2, c.category_3, c.title, c.summary,
        )  # fmt: skip
        query = select(*columns).where(c.created >= since).order_by(c.created.desc(), c.number.desc()).limit(most)

        async def work(connection: AsyncConnection) -> tuple[Told, ...]:
            return tuple(_told(row) for row in await connection.execute(query))[::-1]

        return await self._database.read("读取新工单", work)

    async def strange_access(self, since: datetime, at_least: int) -> tuple[Hot, ...]:
        """Return who opened orders that are not theirs, again and again; named by a hash, as an alert is on the bus."""
        c = audit.c
        query = select(c.who, c.subject, c.at).where(c.at >= since, c.action.in_(_STRANGE)).order_by(c.at)

        async def work(connection: AsyncConnection) -> tuple[Hot, ...]:
            by_person: dict[str, list[Any]] = defaultdict(list)
            for row in await connection.execute(query):
                by_person[row.who].append(row)
            return tuple(_access(who, rows) for who, rows in by_person.items() if len(rows) >= at_least)

        return await self._database.read("读取异常访问", work)

    async def raise_alerts(self, found: Sequence[Hot], at: datetime) -> tuple[Hot, ...]:
        """Keep what is hot; returns what was not known yet, which the bus is told of in the same transaction."""

        async def work(connection: AsyncConnection) -> tuple[Hot, ...]:
            ids = [each.id for each in found]
            rows = await connection.execute(
                select(hot_alerts.c.id, hot_alerts.c.numbers).where(hot_alerts.c.id.in_(ids))
            )
            known = {row.id: list(row.numbers) for row in rows}
            new = [each for each in found if each.id not in known]
            await insert_new(connection, hot_alerts, [_row(each, at) for each in new])
            for each in found:
                if each.id in known and known[each.id] != list(each.numbers):
                    grown = {"title": storable(each.title), "numbers": list(each.numbers), "grown": at}
                    await connection.execute(update(hot_alerts).where(hot_alerts.c.id == each.id).values(grown))
            await put_envelopes(connection, [_envelope(each, at) for each in new])
            return tuple(new)

        return await self._database.write("保存预警", work) if found else ()

    async def latest(self, open_only: bool = False, most: int = 100) -> tuple[Alert, ...]:
        """Return alerts, the newest first."""
        query = select(hot_alerts).order_by(hot_alerts.c.raised.desc(), hot_alerts.c.id).limit(most)
        query = query.where(hot_alerts.c.acknowledged.is_(None)) if open_only else query

        async def work(connection: AsyncConnection) -> tuple[Alert, ...]:
            return tuple(_alert(row) for row in await connection.execute(query))

        return await self._database.read("读取预警", work)

    async def acknowledge(self, id: str, person: Person, note: str, at: datetime) -> bool:
        """Say that somebody looks after it; False when there is none that waits. The first one counts."""
        mine = (hot_alerts.c.id == id) & hot_alerts.c.acknowledged.is_(None)

        async def work(connection: AsyncConnection) -> bool:
            values = {"acknowledged_by": storable(person.name), "acknowledged": at, "note": storable(note)}
            done = await connection.execute(update(hot_alerts).where(mine).values(values))
            if done.rowcount == 1:
                await put_audit(connection, AuditRow(at, person, "alert.acknowledge", id, {"note": note[:200]}))
            return bool(done.rowcount == 1)

        return await self._database.write("确认预警", work)


def _access(who: str, rows: Sequence[Any]) -> Hot:
    digest = hashlib.sha256(who.encode()).hexdigest()[:16]
    numbers = tuple(OrderNumber(row.subject) for row in rows)
    title = f"异常访问：账号 {who} 连续 {len(rows)} 次打开无权查看的工单"
    return Hot(f"access:{digest}:{order_day(rows[-1].at).isoformat()}", "access", title, numbers, rows[0].at)


def _told(row: Any) -> Told:
    category = "/".join(each for each in (row.category_1, row.category_2, row.category_3) if each)
    text = f"{row.title}。{row.summary}"
    return Told(OrderNumber(row.number), row.created, spot_of(row.place, row.place_key), category, text)


def _row(hot: Hot, at: datetime) -> dict[str, Any]:
    return {
        "id": hot.id,
        "kind": hot.kind,
        "title": storable(hot.title),
        "numbers": list(hot.numbers),
        "raised": at,
        "grown": at,
        "acknowledged_by": "",
        "note": "",
    }


def _alert(row: Row[Any]) -> Alert:
    numbers = tuple(OrderNumber(each) for each in row.numbers)
    hot = Hot(row.id, row.kind, row.title, numbers, row.raised)
    return Alert(hot, row.raised, row.grown, row.acknowledged_by, row.acknowledged, row.note)


def _envelope(hot: Hot, at: datetime) -> Envelope:
    """The title may hold a place; the bus gets the kind and the numbers only."""
    data = {"alert": hot.id, "kind": hot.kind, "count": len(hot.numbers), "orders": list(hot.numbers[:50])}
    return Envelope(key=f"alerts/{hot.id}", type="hot_alert", at=at, order=hot.numbers[-1], data=data)
