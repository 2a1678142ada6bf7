"""Published versions of flows, queues, holidays and words in SQL; each goes in with its row of the audit trail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_pages import file_versions
from cti.adapters.sql.types import storable, storable_json
from cti.file_versions import Shelf, Version
from workorder.audit import AuditRow, Person


class SqlVersionStore:
    """Versions on either database. Every method raises StoreError when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, version: Version, person: Person, then: Callable[[], Awaitable[None]] | None = None) -> Version:
        """Keep a version under the next number of its shelf and return it.

        `then` puts the files where they count; if it raises, no version is kept. It must be repeatable.
        """

        async def work(connection: AsyncConnection) -> Version:
            newest = select(func.max(file_versions.c.number)).where(file_versions.c.shelf == version.shelf.value)
            number = ((await connection.execute(newest)).scalar_one() or 0) + 1
            kept = replace(version, number=number)
            await connection.execute(file_versions.insert(), _row(kept))
            action = f"{version.shelf.value}.{'roll_back' if version.back_to else 'publish'}"
            detail = {"digest": kept.digest, "note": kept.note, "reason": kept.reason, "back_to": kept.back_to}
            subject = f"{version.shelf.value}/{number}"
            await put_audit(connection, AuditRow(version.at, person, action, subject, detail))
            if then is not None:
                await then()
            return kept

        return await self._database.write("保存版本", work)

    async def newest(self, shelf: Shelf) -> Version | None:
        """Return the last version of a shelf."""
        found = await self._versions(shelf, 1, 0)
        return found[0] if found else None

    async def version(self, shelf: Shelf, number: int) -> Version | None:
        """Return one version."""
        found = await self._versions(shelf, 1, number)
        return found[0] if found else None

    async def versions(self, shelf: Shelf, limit: int = 200) -> tuple[Version, ...]:
        """Return the versions of a shelf, newest first."""
        return await self._versions(shelf, limit, 0)

    async def _versions(self, shelf: Shelf, limit: int, number: int) -> tuple[Version, ...]:
        query = select(file_versions).where(file_versions.c.shelf == shelf.value)
        if number:
            query = query.where(file_versions.c.number == number)
        query = query.order_by(file_versions.c.number.desc()).limit(limit)

        async def work(connection: AsyncConnection) -> tuple[Version, ...]:
            return tuple(_version(row) for row in await connection.execute(query))

        return await self._database.read("读取版本", work)


def _row(version: Version) -> dict[str, Any]:
    return {
        "shelf": version.shelf.value,
        "number": version.number,
        "digest": version.digest,
        "at": version.at,
        "by": storable(version.by)[:200],
        "note": storable(version.note),
        "reason": storable(version.reason),
        "back_to": version.back_to,
        "files": storable_json(version.files),
    }


def _version(row: Row[Any]) -> Version:
    return Version(
        Shelf(row.shelf), row.number, row.digest, row.at, row.by, row.note, dict(row.files), row.reason, row.back_to
    )
