"""Notes on orders in SQL, each with its row in the audit trail; and what a telephone brought before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import orders
from cti.adapters.sql.schema_orders import order_marks
from cti.adapters.sql.types import storable
from workorder.audit import AuditRow, Person
from workorder.marks import Mark, MarkKind, MarkState
from workorder.order import OrderNumber

_MOST = 500


class SqlMarks:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, mark: Mark, person: Person) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(order_marks), _row(mark))
            detail = {"kind": mark.kind.value, "mark": mark.id}
            await put_audit(connection, AuditRow(mark.at, person, "order.mark", mark.number, detail))

        await self._database.write("标记工单", work)

    async def review(self, mark: Mark, person: Person) -> bool:
        """Keep a review; False when somebody else was quicker."""
        mine = (order_marks.c.id == mark.id) & (order_marks.c.state == MarkState.OPEN.value)

        async def work(connection: AsyncConnection) -> bool:
            done = await connection.execute(update(order_marks).where(mine).values(_row(mark)))
            if done.rowcount != 1:
                return False
            detail = {"state": mark.state.value, "mark": mark.id}
            at = mark.reviewed or mark.at
            await put_audit(connection, AuditRow(at, person, "order.mark_reviewed", mark.number, detail))
            return True

        return await self._database.write("复核标记", work)

    async def of(self, number: OrderNumber) -> tuple[Mark, ...]:
        """Return the notes on one order, oldest first."""
        return await self._marks(order_marks.c.number == number)

    async def of_caller(self, number: OrderNumber, since: datetime) -> tuple[tuple[OrderNumber, ...], tuple[Mark, ...]]:
        """Return the orders of the same telephone since, the newest first, and all notes on them."""
        c = orders.c
        mine = select(c.caller).where(c.number == number, c.caller != "").scalar_subquery()
        query = select(c.number).where(c.caller == mine, c.created >= since).order_by(c.created.desc()).limit(_MOST)

        async def work(connection: AsyncConnection) -> tuple[OrderNumber, ...]:
            return tuple(OrderNumber(each) for each in (await connection.execute(query)).scalars())

        numbers = await self._database.read("读取同一电话的工单", work)
        return numbers, await self._marks(order_marks.c.number.in_([*numbers, number]))

    async def _marks(self, which: Any) -> tuple[Mark, ...]:
        query = select(order_marks).where(which).order_by(order_marks.c.at, order_marks.c.id).limit(_MOST)

        async def work(connection: AsyncConnection) -> tuple[Mark, ...]:
            return tuple(_mark(row) for row in await connection.execute(query))

        return await self._database.read("读取标记", work)


def _row(mark: Mark) -> dict[str, Any]:
    return {
        "id": mark.id, "number": mark.number, "kind": mark.kind.value, "code": storable(mark.code),
        "reason": storable(mark.reason), "who": storable(mark.who), "at": mark.at, "state": mark.state.value,
        "reviewer": storable(mark.reviewer), "reviewed": mark.reviewed, "finding": storable(mark.finding),
        "conditions": [storable(each) for each in mark.conditions],
    }  # fmt: skip


def _mark(row: Row[Any]) -> Mark:
    return Mark(
        row.id, OrderNumber(row.number), MarkKind(row.kind), row.code, row.reason, row.who, row.at,
        MarkState(row.state), row.reviewer, row.reviewed, row.finding, tuple(row.conditions),
    )  # fmt: skip
