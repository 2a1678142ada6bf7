"""What people do to orders, in SQL: edit, confirm, link, merge. Each act leaves a row in the audit trail with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import order_of_row, order_row
from cti.adapters.sql.schema import order_links, orders
from cti.adapters.sql.statements import put_envelopes, put_row
from cti.adapters.sql.types import storable
from ivr.errors import ChangedMeanwhileError, StoreRefusedError
from workorder.audit import AuditRow, Person
from workorder.draft import Draft, FieldName
from workorder.envelope import order_saved
from workorder.links import LinkKind, OrderLink
from workorder.order import OrderNumber, WorkOrder
from workorder.sealed import is_sealed


class SqlOrderDesk:
    """`OrderDesk` on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def edit(
        self, number: OrderNumber, changes: Mapping[FieldName, str], revision: int, person: Person, at: datetime
    ) -> WorkOrder:
        def changed(draft: Draft) -> Draft:
            for name, value in changes.items():
                draft = draft.edited(name, storable(value))
            return draft

        detail = {"fields": sorted(name.value for name in changes)}
        return await self._change(number, revision, AuditRow(at, person, "order.edit", number, detail), changed)

    async def confirm(self, number: OrderNumber, revision: int, person: Person, at: datetime) -> WorkOrder:
        return await self._change(number, revision, AuditRow(at, person, "order.confirm", number), Draft.confirmed)

    async def link(self, link: OrderLink) -> None:
        if link.number == link.other:
            raise StoreRefusedError("工单不能与自己关联。改法：选另一张工单")

        async def work(connection: AsyncConnection) -> None:
            for number in sorted((link.number, link.other)):
                await _held(connection, number)
            if link.kind is LinkKind.MERGED:
                await _refuse_merging_twice(connection, link)
            row = {
                "number": link.number,
                "other": link.other,
                "kind": link.kind.value,
                "who": storable(link.person.name),
                "at": link.at,
            }
            await put_row(connection, order_links, row)
            detail = {"other": link.other, "kind": link.kind.value}
            await put_audit(connection, AuditRow(link.at, link.person, "order.link", link.number, detail))

        await self._database.write("关联工单", work)

    async def links_of(self, number: OrderNumber) -> tuple[OrderLink, ...]:
        async def work(connection: AsyncConnection) -> tuple[OrderLink, ...]:
            c = order_links.c
            query = select(order_links).where((c.number == number) | (c.other == number)).order_by(c.at, c.number)
            return tuple(
                OrderLink(
                    OrderNumber(row.number), OrderNumber(row.other), LinkKind(row.kind), Person(row.who, ""), row.at
                )
                for row in await connection.execute(query)
            )

        return await self._database.read("读取关联的工单", work)

    async def _change(
        self, number: OrderNumber, revision: int, act: AuditRow, changed: Callable[[Draft], Draft]
    ) -> WorkOrder:
        return await self._database.write(
            "修改工单", lambda connection: change_in(connection, number, revision, act, changed)
        )


async def change_in(
    connection: AsyncConnection, number: OrderNumber, revision: int, act: AuditRow, changed: Callable[[Draft], Draft]
) -> WorkOrder:
    """Change the draft of an order within a transaction, with the audit row of the act; errors as `OrderDesk.edit`."""
    known = order_of_row(await _held(connection, number))
    if known.touched > revision:
        raise ChangedMeanwhileError(
            f"工单 {number} 已被别人改过（第 {known.touched} 版，您看到的是第 {revision} 版）。"
            "改法：看一看新的内容，再改一次"
        )
    if is_sealed(known.draft):
        raise StoreRefusedError("敏感工单的内容已加密，不能改写。改法：补充新情况")
    draft = changed(known.draft)
    is_confirmed = act.action == "order.confirm"
    if draft == known.draft and (not is_confirmed or known.confirmed is not None):
        return known
    order = replace(
        known,
        draft=draft,
        revision=known.revision + 1,
        touched=known.revision + 1,
        updated=act.at,
        confirmed=act.at if is_confirmed else known.confirmed,
        confirmed_by=act.person.name if is_confirmed else known.confirmed_by,
    )
    await put_row(connection, orders, order_row(order))
    await put_envelopes(connection, (order_saved(order),))
    await put_audit(connection, act)
    return order


async def _held(connection: AsyncConnection, number: OrderNumber) -> Any:
    """Return the order's row and keep others from changing it until the transaction ends."""
    row = (await connection.execute(select(orders).where(orders.c.number == number).with_for_update())).one_or_none()
    if row is None:
        raise StoreRefusedError(f"没有工单 {number}。改法：检查工单编号")
    return row


async def _refuse_merging_twice(connection: AsyncConnection, link: OrderLink) -> None:
    """An order is merged into one other at most, and only into one that stands by itself; so no circle can arise."""
    c = order_links.c
    query = select(c.number, c.other).where(c.kind == LinkKind.MERGED.value, c.number.in_([link.number, link.other]))
    for row in await connection.execute(query):
        if (row.number, row.other) != (link.number, link.other):
            raise StoreRefusedError(f"工单 {row.number} 已并入 {row.other}。改法：并入 {row.other}，或先看那一张")
