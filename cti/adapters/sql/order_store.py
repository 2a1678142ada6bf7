"""Work orders in SQL: a draft and the event that tells of it go in together or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import orders
from cti.adapters.sql.statements import ensure_call, next_serial, put_envelopes, put_row
from cti.adapters.sql.types import storable, storable_json
from ivr.call import CallId
from workorder.draft import Draft, FieldName
from workorder.envelope import order_saved
from workorder.order import OrderNumber, OrderState, WorkOrder, numbered, order_day
from workorder.sealed import is_sealed
from workorder.similar import place_key, place_of

_INDEXED_LENGTH = 24
"""A caller's number never is longer; PostgreSQL refuses index entries of more than 2.7 kB."""


_OF_CALL = select(orders).where(orders.c.call_id == bindparam("call"))


class SqlOrderStore:
    """`OrderStore` on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_draft(self, draft: Draft, at: datetime) -> WorkOrder:
        """See OrderStore; this one never returns None."""
        clean = Draft.from_json(json.dumps(storable_json(draft.to_plain())))

        async def work(connection: AsyncConnection) -> WorkOrder:
            await ensure_call(connection, clean.call)
            row = (await connection.execute(_OF_CALL, {"call": clean.call})).one_or_none()
            known = None if row is None else order_of_row(row)
            if known is None:
                day = order_day(at)
                serial = await next_serial(connection, day.isoformat())
                order = WorkOrder(numbered(day, serial), clean, OrderState.DRAFTED, 1, at, at)
            else:
                revised = known.draft.revised_by(clean)
                if revised == known.draft or is_sealed(known.draft):  # nothing of a sealed order comes back by speech
                    return known
                order = replace(known, draft=revised, revision=known.revision + 1, updated=at)
            await put_row(connection, orders, order_row(order))
            await put_envelopes(connection, (order_saved(order),))
            return order

        return await self._database.write("保存工单草稿", work)

    async def order(self, number: OrderNumber) -> WorkOrder | None:
        return await self._one(orders.c.number == number)

    async def order_of(self, call: CallId) -> WorkOrder | None:
        return await self._one(orders.c.call_id == call)

    async def latest_orders(self, limit: int = 50) -> tuple[WorkOrder, ...]:
        async def work(connection: AsyncConnection) -> tuple[WorkOrder, ...]:
            query = select(orders).order_by(orders.c.created.desc(), orders.c.number.desc()).limit(limit)
            return tuple(order_of_row(row) for row in await connection.execute(query))

        return await self._database.read("读取工单", work)

    async def _one(self, condition: Any) -> WorkOrder | None:
        async def work(connection: AsyncConnection) -> WorkOrder | None:
            row = (await connection.execute(select(orders).where(condition))).one_or_none()
            return None if row is None else order_of_row(row)

        return await self._database.read("读取工单", work)


def order_row(order: WorkOrder) -> dict[str, Any]:
    """Return the order as a row of `orders`."""
    draft = order.draft
    levels = (*draft.category, "", "", "")
    return {
        "number": order.number,
        "call_id": draft.call,
        "state": order.state.value,
        "revision": order.revision,
        "caller": storable(draft.value(FieldName.CALLER_NUMBER))[:_INDEXED_LENGTH],
        "request_type": draft.value(FieldName.REQUEST_TYPE),
        "category_1": levels[0],
        "category_2": levels[1],
        "category_3": levels[2],
        "unit": draft.value(FieldName.UNIT),
        "urgency": draft.value(FieldName.URGENCY),
        "place": draft.value(FieldName.PLACE),
        "event_time": draft.value(FieldName.TIME),
        "phone": draft.value(FieldName.PHONE),
        "title": draft.value(FieldName.TITLE),
        "summary": draft.value(FieldName.SUMMARY),
        "draft": draft.to_plain(),
        "created": order.created,
        "updated": order.updated,
        "confirmed": order.confirmed,
        "confirmed_by": storable(order.confirmed_by),
        "place_key": place_key(place_of(draft)),
        "touched": order.touched,
        "emergency_at": min((min(clock.times.values()) for clock in draft.emergency if clock.times), default=None),
    }


def order_of_row(row: Row[Any]) -> WorkOrder:
    """Read a row of `orders`."""
    return WorkOrder(
        number=OrderNumber(row.number),
        draft=Draft.from_json(json.dumps(row.draft)),
        state=OrderState(row.state),
        revision=row.revision,
        created=row.created,
        updated=row.updated,
        touched=row.touched,
        confirmed=row.confirmed,
        confirmed_by=row.confirmed_by,
    )
