"""The orders of emergencies, found by when the first emergency of their call began."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import order_of_row
from cti.adapters.sql.schema import orders
from workorder.order import WorkOrder


async def emergency_orders(database: Database, since: datetime, until: datetime) -> tuple[WorkOrder, ...]:
    """Return the orders whose first emergency began in [since, until), the oldest first; StoreError when away."""

    async def work(connection: AsyncConnection) -> tuple[WorkOrder, ...]:
        at = orders.c.emergency_at
        query = select(orders).where(at >= since, at < until).order_by(at)
        return tuple(order_of_row(row) for row in await connection.execute(query))

    return await database.read("读取紧急联动的工单", work)
