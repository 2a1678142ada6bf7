"""Writes invented orders into an empty database in batches; the bus hears nothing of them, nobody is reminded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.call_store import call_row
from cti.adapters.sql.database import Database
from cti.adapters.sql.life_rows import append, keep_timers
from cti.adapters.sql.order_store import order_row
from cti.adapters.sql.schema import calls, orders, outbox
from cti.adapters.sql.statements import next_serial, put_row
from workorder.cities.pack import Pack
from workorder.clock.days import WorkCalendar
from workorder.life.living import LivingOrder
from workorder.life.timers import timers_of
from workorder.life.whole import WholeOrder
from workorder.order import OrderNumber, numbered, order_day


class SqlSeeding:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_empty(self) -> bool:
        """Whether no order is kept yet."""
        count = select(func.count()).select_from(select(orders.c.number).limit(1).subquery())

        async def work(connection: AsyncConnection) -> bool:
            return int((await connection.execute(count)).scalar_one()) == 0

        return await self._database.read("读取工单", work)

    async def numbers(self, instants: Sequence[datetime]) -> list[OrderNumber]:
        """Take the next number of its day for each instant."""

        async def work(connection: AsyncConnection) -> list[OrderNumber]:
            days = [order_day(at) for at in instants]
            return [numbered(day, await next_serial(connection, day.isoformat())) for day in days]

        return await self._database.write("取工单编号", work)

    async def write(self, batch: Sequence[WholeOrder], pack: Pack, calendar: WorkCalendar, now: datetime) -> None:
        """Write whole orders, all of the batch or none."""

        async def work(connection: AsyncConnection) -> None:
            for each in batch:
                await put_row(connection, calls, call_row(each.call))
                await put_row(connection, orders, order_row(each.draft))
                order: LivingOrder | None = None
                for event in each.history:
                    order = await append(connection, order, event)
                coming = [timer for timer in timers_of(each.order, pack, calendar) if timer.at > now]
                await keep_timers(connection, each.order.number, coming)
                untold = outbox.c.key.startswith(f"orders/{each.order.number}/")
                await connection.execute(delete(outbox).where(untold))

        await self._database.write("写入演示工单", work)
