"""Confirming a draft opens the order's life: the person's word, the first event and the audit row, all or none."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.life_rows import locked
from cti.adapters.sql.life_store import SqlLifeStore
from cti.adapters.sql.order_desk import change_in
from cti.adapters.sql.order_store import order_of_row
from cti.adapters.sql.schema import orders
from cti.adapters.sql.sealing import SqlSealing
from ivr.errors import StoreRefusedError
from workorder.audit import AuditRow, Person
from workorder.cities.pack import Pack
from workorder.draft import Draft
from workorder.life.actors import Actor
from workorder.life.living import LivingOrder
from workorder.life.opening import Opening, opening_of
from workorder.life.refusal import Refusal
from workorder.order import OrderNumber
from workorder.sealed import must_be_sealed


class SqlConfirming:
    """The one door through which a draft becomes an order; the desk page, the controller and the API go through it."""

    def __init__(self, database: Database, lives: SqlLifeStore, sealing: SqlSealing) -> None:
        self._database = database
        self._lives = lives
        self._sealing = sealing

    async def confirm(
        self, number: OrderNumber, revision: int, wish: Opening, actor: Actor, pack: Pack, at: datetime
    ) -> LivingOrder | Refusal:
        """Stand behind the draft as it is and begin its life under `pack`, an edition that was kept. May be repeated:
        an order that lives already is returned as it is.

        ChangedMeanwhileError when another person changed the draft after `revision`; StoreRefusedError when there is
        none.
        """

        async def work(connection: AsyncConnection) -> LivingOrder | Refusal:
            living = await locked(connection, number)
            if living is not None:
                return living
            row = (await connection.execute(select(orders).where(orders.c.number == number))).one_or_none()
            if row is None:
                raise StoreRefusedError(f"没有工单 {number}。改法：检查工单编号")
            opened = opening_of(order_of_row(row).draft, wish, actor.name, pack)
            begun = await self._lives.open_in(connection, opened, actor, at, number)
            if isinstance(begun, LivingOrder):
                act = AuditRow(at, Person(actor.name, actor.role.value), "order.confirm", number)
                await change_in(connection, number, revision, act, Draft.confirmed)
                if must_be_sealed(begun.category, pack):
                    await self._sealing.seal_in(connection, number, act.person, at)
            return begun

        return await self._database.write("确认工单", work)
