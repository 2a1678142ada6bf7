"""Sensitive orders: their content sealed with AES-GCM in the same transaction that takes it out of the open columns."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.files.order_keys import OrderKeys
from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import order_of_row, order_row
from cti.adapters.sql.schema import orders
from cti.adapters.sql.schema_orders import sealed_orders
from cti.adapters.sql.statements import put_row
from cti.adapters.sql.types import storable
from ivr.errors import StoreRefusedError
from workorder.audit import AuditRow, Person
from workorder.draft import Draft
from workorder.order import OrderNumber
from workorder.sealed import husk_of, is_sealed

_NONCE = 12
_MOST_READERS = 20


class SqlSealing:
    """On either database. The keys lie in a file, never in the database."""

    def __init__(self, database: Database, keys: OrderKeys) -> None:
        self._database = database
        self._keys = keys

    async def seal_in(self, connection: AsyncConnection, number: OrderNumber, person: Person, at: datetime) -> None:
        """Seal an order's content within a transaction; `person` is its first reader. May be repeated."""
        row = (
            await connection.execute(select(orders).where(orders.c.number == number).with_for_update())
        ).one_or_none()
        order = None if row is None else order_of_row(row)
        if order is None or is_sealed(order.draft):
            return
        name, key = self._keys.current()
        sealed = _sealed(key, number, order.draft.to_json())
        readers = [storable(person.name)]
        kept = {"number": number, "key_name": name, "sealed": sealed, "readers": readers, "at": at}
        await put_row(connection, sealed_orders, kept)
        await put_row(connection, orders, {**order_row(replace(order, draft=husk_of(order.draft))), "caller": ""})
        await put_audit(connection, AuditRow(at, person, "order.sealed", number, {"key": name}))

    async def seal(self, number: OrderNumber, person: Person, at: datetime) -> None:
        """Seal an order's content."""
        await self._database.write("加密敏感工单", lambda connection: self.seal_in(connection, number, person, at))

    async def open(self, number: OrderNumber, person: Person, at: datetime) -> Draft | None:
        """Return the content for one of its readers, written down; None for anybody else."""

        async def work(connection: AsyncConnection) -> Draft | None:
            row = (
                await connection.execute(select(sealed_orders).where(sealed_orders.c.number == number))
            ).one_or_none()
            if row is None or person.name not in row.readers:
                await put_audit(connection, AuditRow(at, person, "order.unseal_refused", number))
                return None
            await put_audit(connection, AuditRow(at, person, "order.unsealed", number))
            return Draft.from_json(self._opened(row))

        return await self._database.write("打开敏感工单", work)

    async def name_readers(self, number: OrderNumber, names: Sequence[str], person: Person, at: datetime) -> None:
        """Make these the people who handle a sensitive order; StoreRefusedError when it is none."""
        readers = list(dict.fromkeys(storable(name) for name in names if name))[:_MOST_READERS]

        async def work(connection: AsyncConnection) -> None:
            mine = sealed_orders.c.number == number
            done = await connection.execute(update(sealed_orders).where(mine).values(readers=readers))
            if done.rowcount != 1:
                raise StoreRefusedError("这不是敏感工单，不用指定专人。改法：直接办理")
            await put_audit(connection, AuditRow(at, person, "order.readers", number, {"readers": readers}))

        await self._database.write("指定敏感工单的专人", work)

    async def reseal(self, most: int = 200) -> int:
        """Seal anew, with the present key, what an older one sealed; returns how many were, 0 when all are."""
        name, key = self._keys.current()
        c = sealed_orders.c

        async def work(connection: AsyncConnection) -> int:
            rows = (await connection.execute(select(sealed_orders).where(c.key_name != name).limit(most))).all()
            for row in rows:
                sealed = _sealed(key, row.number, self._opened(row))
                await connection.execute(
                    update(sealed_orders).where(c.number == row.number).values(key_name=name, sealed=sealed)
                )
            return len(rows)

        return await self._database.write("换密钥", work)

    def _opened(self, row: Any) -> str:
        key = self._keys.all().get(row.key_name)
        if key is None:
            raise StoreRefusedError(f"没有密钥 {row.key_name}。改法：把它放回密钥文件")
        try:
            plain = AESGCM(key).decrypt(bytes(row.sealed[:_NONCE]), bytes(row.sealed[_NONCE:]), row.number.encode())
        except InvalidTag:
            raise StoreRefusedError(f"敏感工单 {row.number} 的内容被改动过，打不开。改法：从备份恢复") from None
        return plain.decode()


def _sealed(key: bytes, number: str, text: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), number.encode())
