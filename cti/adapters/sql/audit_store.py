"""The audit trail: a row for every act that somebody must be able to answer for."""

from __future__ import annotations

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from workorder.audit import AuditRow


class SqlAudit:
    """Adds to the audit trail on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, row: AuditRow) -> None:
        """Keep a row; StoreError when it cannot be kept, and then nothing may be shown or done."""
        await self._database.write("写入审计记录", lambda connection: put_audit(connection, row))
