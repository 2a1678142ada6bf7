"""What of orders was published, or excluded for good, and by whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_orders import publications
from cti.adapters.sql.statements import put_row
from cti.adapters.sql.types import storable
from workorder.audit import AuditRow, Person
from workorder.order import OrderNumber
from workorder.publication import Publication


class SqlPublications:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, shown: Publication, person: Person, at: datetime) -> None:
        """Publish, or exclude; the later word counts, and both stand in the audit trail."""
        row = {
            "number": shown.number,
            "exclusion": shown.exclusion,
            "title": storable(shown.title),
            "summary": storable(shown.summary),
            "result": storable(shown.result),
            "unit": storable(shown.unit),
            "who": storable(person.name),
            "at": shown.at,
        }
        action = "order.excluded" if shown.exclusion else "order.published"

        async def work(connection: AsyncConnection) -> None:
            await put_row(connection, publications, row)
            await put_audit(connection, AuditRow(at, person, action, shown.number, {"exclusion": shown.exclusion}))

        await self._database.write("公开工单", work)

    async def page(self, first: int, most: int) -> tuple[Publication, ...]:
        """Return what everybody may see, the newest first."""
        c = publications.c
        query = select(publications).where(c.exclusion == "").order_by(c.at.desc(), c.number.desc())

        async def work(connection: AsyncConnection) -> tuple[Publication, ...]:
            return tuple(
                Publication(OrderNumber(row.number), row.title, row.summary, row.result, row.unit, row.at)
                for row in await connection.execute(query.offset(first).limit(most))
            )

        return await self._database.read("读取公开的工单", work)
