"""Sensitive orders: their content sealed with AES-GCM in the same transaction that takes it out of the open columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.files.order_keys import OrderKeys
from cti.adapters.files.sealed_box import SealedBox
from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.event_seals import EventSeals
from cti.adapters.sql.order_store import order_of_row, order_row
from cti.adapters.sql.schema import orders
from cti.adapters.sql.schema_orders import sealed_orders
from cti.adapters.sql.statements import put_row
from cti.adapters.sql.types import storable
from ivr.errors import StoreRefusedError
from workorder.audit import AuditRow, Person
from workorder.draft import Draft
from workorder.life.history import LifeEvent
from workorder.order import OrderNumber
from workorder.sealed import husk_of, is_sealed

_MOST_READERS = 20


class SqlSealing:
    """On either database. The keys lie in a file, never in the database."""

    def __init__(self, database: Database, keys: OrderKeys) -> None:
        self._database = database
        self.box = SealedBox(keys)
        self._events = EventSeals(self.box)

    async def seal_in(self, connection: AsyncConnection, number: OrderNumber, person: Person, at: datetime) -> None:
        """Seal every word of an order within a transaction; `person` is its first reader. May be repeated."""
        await self._events.seal_history_in(connection, number)
        row = (
            await connection.execute(select(orders).where(orders.c.number == number).with_for_update())
        ).one_or_none()
        order = None if row is None else order_of_row(row)
        if order is None or is_sealed(order.draft):
            return
        name, sealed = self.box.seal(number, order.draft.to_json().encode())
        readers = [storable(person.name)]
        kept = {"number": number, "key_name": name, "sealed": sealed, "readers": readers, "at": at}
        await put_row(connection, sealed_orders, kept)
        await put_row(connection, orders, {**order_row(replace(order, draft=husk_of(order.draft))), "caller": ""})
        await put_audit(connection, AuditRow(at, person, "order.sealed", number, {"key": name}))

    async def seal_event_in(self, connection: AsyncConnection, event: LifeEvent) -> None:
        """Seal the words of one more event of an order that is sealed, within a transaction. May be repeated."""
        await self._events.seal_in(connection, event)

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

    async def open_history(self, number: OrderNumber, person: Person, at: datetime) -> tuple[LifeEvent, ...] | None:
        """Return every word of the history for one of the order's readers, written down; None for anybody else."""

        async def work(connection: AsyncConnection) -> tuple[LifeEvent, ...] | None:
            known = select(sealed_orders.c.readers).where(sealed_orders.c.number == number)
            readers = (await connection.execute(known)).scalar_one_or_none()
            if readers is None or person.name not in readers:
                return None
            await put_audit(connection, AuditRow(at, person, "order.history_unsealed", number))
            return await self._events.whole_in(connection, number)

        return await self._database.write("打开敏感工单", work)

    async def whole_history(self, number: OrderNumber) -> tuple[LifeEvent, ...]:
        """Return every word of a history, to prove its seals; not for showing."""
        return await self._database.read("核对封印", lambda connection: self._events.whole_in(connection, number))

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
        """Seal anew, with the present key, what an older one sealed; returns how many orders were, 0 when all are."""
        c, now = sealed_orders.c, self.box.key_name

        async def work(connection: AsyncConnection) -> int:
            rows = (await connection.execute(select(sealed_orders).where(c.key_name != now).limit(most))).all()
            for row in rows:
                name, sealed = self.box.seal(row.number, self._opened(row).encode())
                mine = c.number == row.number
                await connection.execute(update(sealed_orders).where(mine).values(key_name=name, sealed=sealed))
            return len(rows)

        return await self._database.write("换密钥", work)

    async def reseal_events(self, most: int = 200) -> int:
        """Seal anew the words of events that an older key sealed; returns how many events were."""
        return await self._database.write("换密钥", lambda connection: self._events.reseal_in(connection, most))

    def _opened(self, row: Any) -> str:
        return self.box.open(row.number, row.key_name, bytes(row.sealed)).decode()
