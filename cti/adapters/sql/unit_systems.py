"""Units' systems in SQL: their heartbeats, and their moves by the systems' own ids, so that each is done once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_units import partner_moves, unit_beats
from cti.adapters.sql.statements import insert_new
from workorder.uptime import Heard, slot_of


@dataclass(frozen=True, slots=True)
class Answered:
    """What a unit's system was answered when it asked under this id: the digest of its words, and ours."""

    body_sha256: str
    status: int
    answer: Mapping[str, Any]


class SqlUnitSystems:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def beat(self, unit: str, at: datetime) -> datetime:
        """Note that a unit's system was heard of; returns its slot. May be repeated."""
        slot = slot_of(at)
        row = {"unit": unit[:120], "slot": slot}
        await self._database.write("记录心跳", lambda connection: insert_new(connection, unit_beats, [row]))
        return slot

    async def heard(self, since: datetime, until: datetime) -> dict[str, Heard]:
        """Return what is known of each unit's system, its slots counted in [since, until)."""
        return await self._database.read("读取心跳", lambda connection: heard_in(connection, since, until))

    async def answered(self, partner: str, identity: str) -> Answered | None:
        """Return what was answered under this id before."""
        m = partner_moves.c
        query = select(m.body_sha256, m.status, m.answer).where(m.partner == partner, m.id == identity)

        async def work(connection: AsyncConnection) -> Answered | None:
            row = (await connection.execute(query)).one_or_none()
            return None if row is None else Answered(row.body_sha256, row.status, row.answer)

        return await self._database.read("读取外部系统的办理", work)

    async def keep(self, partner: str, identity: str, answered: Answered, at: datetime) -> None:
        """Keep an answer; the first one under an id stays."""
        row = {
            "partner": partner, "id": identity, "body_sha256": answered.body_sha256, "status": answered.status,
            "answer": dict(answered.answer), "at": at,
        }  # fmt: skip
        await self._database.write(
            "保存外部系统的办理", lambda connection: insert_new(connection, partner_moves, [row])
        )


async def heard_in(connection: AsyncConnection, since: datetime, until: datetime) -> dict[str, Heard]:
    """Return what is known of each unit's system within a transaction."""
    b = unit_beats.c
    inside = func.count().filter(b.slot >= slot_of(since), b.slot < until)
    query = select(b.unit, func.min(b.slot).label("first"), func.max(b.slot).label("last"), inside.label("slots"))
    rows = await connection.execute(query.group_by(b.unit))
    return {row.unit: Heard(row.first, row.last, row.slots) for row in rows}
