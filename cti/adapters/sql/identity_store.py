"""Who asked, by their papers: sealed with the orders' keys, each look written down."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.files.sealed_box import SealedBox
from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_units import order_identities
from cti.adapters.sql.statements import put_row
from cti.adapters.sql.types import storable
from workorder.audit import AuditRow, Person
from workorder.identity import Identity, IdType, VerifiedBy
from workorder.order import OrderNumber

_C = order_identities.c


class SqlIdentities:
    """On either database."""

    def __init__(self, database: Database, box: SealedBox) -> None:
        self._database = database
        self._box = box

    async def put(self, number: OrderNumber, identity: Identity, person: Person, at: datetime) -> None:
        """Register who asked, or correct it."""
        papers = {"name": identity.name, "id_type": identity.id_type.value, "id_number": identity.id_number}
        name, sealed = self._box.seal(_context(number), json.dumps(papers).encode())
        row = {
            "number": number, "key_name": name, "sealed": sealed, "is_verified": identity.is_verified,
            "verified_by": identity.verified_by.value, "who": storable(person.name), "at": at,
        }  # fmt: skip

        async def work(connection: AsyncConnection) -> None:
            await put_row(connection, order_identities, row)
            detail = {"verified": identity.is_verified}
            await put_audit(connection, AuditRow(at, person, "order.identity", number, detail))

        await self._database.write("登记实名", work)

    async def standing(self, number: OrderNumber) -> bool | None:
        """Return whether the identity was verified; None when none is registered."""
        query = select(_C.is_verified).where(_C.number == number)

        async def work(connection: AsyncConnection) -> bool | None:
            found = (await connection.execute(query)).scalar_one_or_none()
            return None if found is None else bool(found)

        return await self._database.read("读取实名", work)

    async def open(self, number: OrderNumber, person: Person, at: datetime) -> Identity | None:
        """Return who asked; that somebody looked is written down."""

        async def work(connection: AsyncConnection) -> Identity | None:
            row = (await connection.execute(select(order_identities).where(_C.number == number))).one_or_none()
            await put_audit(connection, AuditRow(at, person, "order.identity_read", number))
            if row is None:
                return None
            papers = json.loads(self._box.open(_context(number), row.key_name, bytes(row.sealed)))
            who = VerifiedBy(row.verified_by)
            return Identity(papers["name"], IdType(papers["id_type"]), papers["id_number"], who)

        return await self._database.write("读取实名", work)

    async def reseal(self, most: int = 200) -> int:
        """Seal anew what an older key sealed; returns how many were."""
        query = select(order_identities).where(_C.key_name != self._box.key_name).limit(most)

        async def work(connection: AsyncConnection) -> int:
            rows = (await connection.execute(query)).all()
            for row in rows:
                context = _context(row.number)
                name, sealed = self._box.seal(context, self._box.open(context, row.key_name, bytes(row.sealed)))
                mine = _C.number == row.number
                await connection.execute(update(order_identities).where(mine).values(key_name=name, sealed=sealed))
            return len(rows)

        return await self._database.write("换密钥", work)


def _context(number: str) -> str:
    return f"{number}/identity"
