"""Wishes to take data out of the house, in SQL; each step goes in with its row of the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_orders import exports
from cti.adapters.sql.types import storable, storable_json
from cti.exporting import ExportState, ExportWish
from workorder.audit import AuditRow, Person


class SqlExports:
    """Keeps them on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, wish: ExportWish, person: Person) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(exports.insert(), _row(wish))
            detail = {"what": wish.what, "wanted": dict(wish.wanted), "state": wish.state.value}
            await put_audit(connection, AuditRow(wish.asked, person, "export.asked", wish.id, detail))

        await self._database.write("保存导出申请", work)

    async def change(
        self, identity: str, person: Person, at: datetime, action: str, step: Callable[[ExportWish], ExportWish]
    ) -> ExportWish | None:
        """Take one step with the wish as it is kept now, whatever else happens at the same time; None when unknown.

        What `step` raises ends it, and nothing is changed.
        """

        async def work(connection: AsyncConnection) -> ExportWish | None:
            query = select(exports).where(exports.c.id == identity).with_for_update()
            row = (await connection.execute(query)).one_or_none()
            if row is None:
                return None
            after = step(_wish(row))
            await connection.execute(update(exports).where(exports.c.id == identity).values(**_row(after)))
            detail = {"what": after.what, "state": after.state.value, "taken": after.taken}
            await put_audit(connection, AuditRow(at, person, action, identity, detail))
            return after

        return await self._database.write("更新导出申请", work)

    async def wish(self, identity: str) -> ExportWish | None:
        found = await self._rows(select(exports).where(exports.c.id == identity))
        return _wish(found[0]) if found else None

    async def latest(self, asked_by: str = "", limit: int = 50) -> Sequence[ExportWish]:
        """Return wishes, the newest first: of one person, or (empty) of everybody."""
        query = select(exports).order_by(exports.c.asked.desc()).limit(limit)
        return [
            _wish(row) for row in await self._rows(query.where(exports.c.asked_by == asked_by) if asked_by else query)
        ]

    async def _rows(self, query: Any) -> Sequence[Row[Any]]:
        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(query)).all()

        return await self._database.read("读取导出申请", work)


def _row(wish: ExportWish) -> dict[str, Any]:
    return {
        "id": wish.id, "what": wish.what, "wanted": storable_json(dict(wish.wanted)), "reason": storable(wish.reason),
        "asked_by": wish.asked_by, "asked": wish.asked, "state": wish.state.value, "decided_by": wish.decided_by,
        "decided": wish.decided, "why": storable(wish.why), "taken": wish.taken,
    }  # fmt: skip


def _wish(row: Row[Any]) -> ExportWish:
    return ExportWish(
        row.id, row.what, row.wanted, row.reason, row.asked_by, row.asked, ExportState(row.state), row.decided_by,
        row.decided, row.why, row.taken,
    )  # fmt: skip
