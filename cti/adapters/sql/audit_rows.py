"""Rows of the audit trail: they go in with the act that they tell of, and are never changed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.schema import audit
from cti.adapters.sql.types import storable, storable_json
from workorder.audit import AuditRow, Person


async def put_audit(connection: AsyncConnection, row: AuditRow) -> None:
    """Add one row."""
    await connection.execute(
        audit.insert(),
        {
            "at": row.at,
            "who": storable(row.person.name)[:200],
            "role": storable(row.person.role)[:40],
            "action": row.action,
            "subject": storable(row.subject)[:200],
            "detail": storable_json(row.detail),
        },
    )


def audit_of_row(row: Row[Any]) -> AuditRow:
    """Read a row of `audit`."""
    return AuditRow(row.at, Person(row.who, row.role), row.action, row.subject, row.detail)
