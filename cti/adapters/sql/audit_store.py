"""The audit trail: a row for every act that somebody must be able to answer for."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import audit_of_row, put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import audit
from cti.adapters.sql.types import storable
from workorder.audit import AuditRow


class SqlAudit:
    """The audit trail on either database: added to, read, never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, row: AuditRow) -> None:
        """Keep a row; StoreError when it cannot be kept, and then nothing may be shown or done."""
        await self._database.write("写入审计记录", lambda connection: put_audit(connection, row))

    async def rows(self, who: str = "", subject: str = "", limit: int = 300) -> tuple[AuditRow, ...]:
        """Return rows, newest first: of one person, about one subject, or all."""
        query = select(audit).order_by(audit.c.number.desc()).limit(limit)
        if who:
            query = query.where(audit.c.who == storable(who))
        if subject:
            query = query.where(audit.c.subject == storable(subject))

        async def work(connection: AsyncConnection) -> tuple[AuditRow, ...]:
            return tuple(audit_of_row(row) for row in await connection.execute(query))

        return await self._database.read("读取审计记录", work)
