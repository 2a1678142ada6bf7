"""What earlier calls and orders say of a caller and of a matter, in SQL."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import order_of_row
from cti.adapters.sql.schema import calls, nuisance_marks, order_links, order_lives, orders, vip_callers
from cti.adapters.sql.statements import ensure_call, put_row
from cti.adapters.sql.types import storable
from ivr.call import CallId, PhoneNumber, SeatId
from workorder.audit import AuditRow, Person
from workorder.draft import Draft, FieldName
from workorder.known_caller import KnownCaller
from workorder.life.states import ENDS, LifeState
from workorder.links import LinkKind
from workorder.order import WorkOrder
from workorder.similar import place_key, place_of

_OVER = tuple(state.value for state in sorted(ENDS | {LifeState.CLOSED}))
"""Lives in which nothing is left to be done: another call is not linked to or merged into them."""


class SqlCallerBook:
    """`CallerBook` on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known(self, number: PhoneNumber, but: CallId, most: int = 5) -> KnownCaller:
        if not number.is_known:
            return KnownCaller(number)
        earlier = (calls.c.caller == number.digits) & (calls.c.id != but)
        newest = calls.c.started.desc().nulls_last()

        counted = select(func.count()).select_from(calls).where(earlier).scalar_subquery()
        last = select(calls.c.started).where(earlier).order_by(newest).limit(1).scalar_subquery()
        seat = select(calls.c.seat).where(earlier, calls.c.seat != "").order_by(newest).limit(1).scalar_subquery()
        marked = nuisance_marks.c.caller == number.digits
        nuisances = select(func.count()).select_from(nuisance_marks).where(marked).scalar_subquery()
        vip = (
            select(func.count()).select_from(vip_callers).where(vip_callers.c.caller == number.digits).scalar_subquery()
        )
        answers = {"counted": counted, "last": last, "seat": seat, "nuisances": nuisances, "vip": vip}
        past = select(*(each.label(name) for name, each in answers.items()))  # one: at a peak each waits in line
        theirs = (orders.c.caller == number.digits) & (orders.c.call_id != but)
        latest = select(orders).where(theirs).order_by(orders.c.created.desc()).limit(most)

        async def work(connection: AsyncConnection) -> KnownCaller:
            row = (await connection.execute(past)).one()
            found = (await connection.execute(latest)).all()
            return KnownCaller(
                number,
                tuple(order_of_row(each) for each in found),
                int(row.counted),
                SeatId(row.seat) if row.seat else None,
                row.last,
                int(row.nuisances),
                bool(row.vip),
            )

        return await self._database.read("查询来电人", work)

    async def near(self, draft: Draft, since: datetime, most: int = 50) -> tuple[WorkOrder, ...]:
        conditions: list[ColumnElement[bool]] = []
        places = {draft.value(FieldName.PLACE), place_of(draft)} - {""}  # earlier orders are filed as said
        if places:
            conditions.append(orders.c.place_key.in_({place_key(place) for place in places}))
        numbers = {draft.value(FieldName.CALLER_NUMBER), draft.value(FieldName.PHONE)} - {""}
        if numbers:
            conditions += [orders.c.caller.in_(numbers)]
        if not conditions:
            return ()
        merged = select(order_links.c.number).where(order_links.c.kind == LinkKind.MERGED.value)
        over = exists().where(order_lives.c.number == orders.c.number, order_lives.c.state.in_(_OVER))
        query = (
            select(orders)
            .where(or_(*conditions), orders.c.created >= since, orders.c.call_id != draft.call)
            .where(orders.c.number.not_in(merged), ~over)
            .order_by(orders.c.created.desc())
            .limit(most)
        )

        async def work(connection: AsyncConnection) -> tuple[WorkOrder, ...]:
            return tuple(order_of_row(row) for row in await connection.execute(query))

        return await self._database.read("查找相似工单", work)

    async def mark_nuisance(self, call: CallId, number: PhoneNumber, reason: str, person: Person, at: datetime) -> None:
        row = {
            "call_id": call,
            "caller": number.digits,
            "who": storable(person.name),
            "reason": storable(reason),
            "at": at,
        }

        async def work(connection: AsyncConnection) -> None:
            await ensure_call(connection, call)
            await put_row(connection, nuisance_marks, row)
            await put_audit(connection, AuditRow(at, person, "caller.nuisance", call))

        await self._database.write("标记骚扰电话", work)

    async def mark_vip(self, number: PhoneNumber, reason: str, person: Person, at: datetime) -> None:
        row = {"caller": number.digits, "who": storable(person.name), "reason": storable(reason), "at": at}

        async def work(connection: AsyncConnection) -> None:
            await put_row(connection, vip_callers, row)
            await put_audit(connection, AuditRow(at, person, "caller.vip", number.masked))

        await self._database.write("登记重点服务对象", work)

    async def unmark_vip(self, number: PhoneNumber, person: Person, at: datetime) -> bool:
        async def work(connection: AsyncConnection) -> bool:
            gone = await connection.execute(delete(vip_callers).where(vip_callers.c.caller == number.digits))
            await put_audit(connection, AuditRow(at, person, "caller.vip_ended", number.masked))
            return gone.rowcount == 1

        return await self._database.write("取消重点服务对象", work)
