"""What was attached to orders: one row a file; its content lies in a file named by its sha256."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_orders import order_files
from workorder.audit import AuditRow, Person
from workorder.order import OrderNumber


@dataclass(frozen=True, slots=True)
class OrderFile:
    """One attached file; `unit` is empty when somebody of the hotline attached it; with a `key_name` it lies
    encrypted."""

    id: str
    number: OrderNumber
    name: str
    media: str
    bytes: int
    sha256: str
    who: str
    unit: str
    at: datetime
    key_name: str = ""


class SqlOrderFiles:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, file: OrderFile, person: Person) -> None:
        """Keep a file's row, and the act in the audit trail."""
        row = {column.name: getattr(file, column.name) for column in order_files.c}

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(order_files), row)
            detail = {"file": file.id, "sha256": file.sha256}
            await put_audit(connection, AuditRow(file.at, person, "order.attach", file.number, detail))

        await self._database.write("保存附件", work)

    async def change(self, file: OrderFile) -> None:
        """Keep how a file lies now: under which key, by what digest and name."""
        where = order_files.c.id == file.id
        lies = {"name": file.name, "sha256": file.sha256, "key_name": file.key_name}
        await self._database.write(
            "保存附件", lambda connection: connection.execute(update(order_files).where(where).values(lies))
        )

    async def is_used(self, sha256: str) -> bool:
        """Whether any order has this content."""
        query = select(order_files.c.id).where(order_files.c.sha256 == sha256).limit(1)

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(query)).one_or_none() is not None

        return await self._database.read("读取附件", work)

    async def under_other_keys(self, key_name: str, most: int) -> tuple[OrderFile, ...]:
        """Return files that another key sealed."""
        c = order_files.c
        query = select(order_files).where(c.key_name != "", c.key_name != key_name).order_by(c.id).limit(most)

        async def work(connection: AsyncConnection) -> tuple[OrderFile, ...]:
            return tuple(OrderFile(**row._mapping) for row in await connection.execute(query))

        return await self._database.read("读取附件", work)

    async def of(self, number: OrderNumber) -> tuple[OrderFile, ...]:
        """Return the files of an order, oldest first."""
        query = select(order_files).where(order_files.c.number == number).order_by(order_files.c.at, order_files.c.id)

        async def work(connection: AsyncConnection) -> tuple[OrderFile, ...]:
            return tuple(OrderFile(**row._mapping) for row in await connection.execute(query))

        return await self._database.read("读取附件", work)
