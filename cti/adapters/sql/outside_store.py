"""Orders handed to services of others: which wait to be sent or asked after, their ids there, and when to try again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import order_lives
from cti.adapters.sql.schema_units import outside_requests
from cti.adapters.sql.statements import insert_new
from cti.adapters.sql.types import storable
from workorder.life.states import LifeState
from workorder.order import OrderNumber

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class OutsideRequest:
    """One order at one partner: `token` until `request_id` is known, `status` as they tell it (open, closed)."""

    partner: str
    number: OrderNumber
    next_try: datetime
    token: str = ""
    request_id: str = ""
    status: str = ""
    notes: str = ""
    failures: int = 0
    reason: str = ""


class SqlOutside:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, partner: str, unit: str, now: datetime, most: int) -> tuple[OutsideRequest, ...]:
        """Take in the orders that were dispatched to this unit, and return those that are to be tried now."""
        r, o = outside_requests.c, order_lives.c
        unknown = ~exists().where(r.partner == partner, r.number == o.number)
        new = select(o.number).where(o.lead == unit, o.state == LifeState.DISPATCHED.value, unknown).limit(most)
        due = select(outside_requests).where(r.partner == partner, r.status != "closed", r.next_try <= now)

        async def work(connection: AsyncConnection) -> tuple[OutsideRequest, ...]:
            numbers = (await connection.execute(new)).scalars().all()
            rows = [{"partner": partner, "number": number, "next_try": now} for number in numbers]
            await insert_new(connection, outside_requests, rows)
            found = await connection.execute(due.order_by(r.next_try, r.number).limit(most))
            return tuple(OutsideRequest(**row._mapping) for row in found)

        return await self._database.write("读取转给外部的工单", work)

    async def keep(self, request: OutsideRequest) -> None:
        """Keep how one stands now."""
        r = outside_requests.c
        mine = (r.partner == request.partner) & (r.number == request.number)
        clean = replace(request, notes=storable(request.notes)[:2000], reason=storable(request.reason)[:_LONGEST])
        names = ("next_try", "token", "request_id", "status", "notes", "failures", "reason")
        row = {name: getattr(clean, name) for name in names}
        await self._database.write(
            "保存转给外部的工单",
            lambda connection: connection.execute(update(outside_requests).where(mine).values(row)),
        )

    async def forget(self, request: OutsideRequest) -> None:
        """Let an order that was never sent be as if it had not been taken in."""
        r = outside_requests.c
        mine = (r.partner == request.partner) & (r.number == request.number)
        await self._database.write(
            "不再转给外部", lambda connection: connection.execute(delete(outside_requests).where(mine))
        )

    async def of(self, number: OrderNumber) -> tuple[OutsideRequest, ...]:
        """Return where an order is outside."""
        query = select(outside_requests).where(outside_requests.c.number == number)

        async def work(connection: AsyncConnection) -> tuple[OutsideRequest, ...]:
            return tuple(OutsideRequest(**row._mapping) for row in await connection.execute(query))

        return await self._database.read("读取转给外部的工单", work)
