"""Cases of the digital-city centre in SQL, with their costs; every change stands in the audit trail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, func, insert, or_, select, update
from sqlalchemy import case as case_when
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.life_rows import event_of
from cti.adapters.sql.schema import order_events, order_lives
from cti.adapters.sql.schema_city import city_cases, city_costs
from cti.adapters.sql.statements import insert_new
from cti.adapters.sql.types import storable, storable_json
from ivr.errors import StoreRefusedError
from workorder.audit import AuditRow, Person
from workorder.grid.cases import Case, Cost, CostKind, Source, refused_cost, source_of
from workorder.grid.counts import Row as CountedRow
from workorder.grid.shapes import Point
from workorder.life.actions import Reply, ReplyUnsolvable
from workorder.life.evolve import evolve
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder
from workorder.life.refusal import Refusal
from workorder.order import OrderNumber

_C = city_cases.c


class SqlCases:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, case: Case, person: Person, at: datetime, act: str) -> None:
        """Keep a case as it is now; StoreRefusedError when its hotline order was filed as another case."""
        row = _row(case)

        async def work(connection: AsyncConnection) -> None:
            if case.hotline_order is not None:
                mine = select(_C.number).where(_C.hotline_order == case.hotline_order, _C.number != case.number)
                other = (await connection.execute(mine)).scalar_one_or_none()
                if other is not None:
                    raise StoreRefusedError(f"{case.hotline_order} 已立案为 {other}。改法：打开那一件")
            await insert_new(connection, city_cases, [row])
            kept = await connection.execute(update(city_cases).where(_C.number == case.number).values(**row))
            if not kept.rowcount:  # somebody filed the same hotline order in this moment
                raise StoreRefusedError(f"{case.hotline_order} 刚刚由别人立案。改法：打开那一件")
            detail = {"matter": case.matter, "unit": case.unit, "grid": case.grid, "asset": case.asset}
            await put_audit(connection, AuditRow(at, person, act, case.number, detail))

        await self._database.write("保存案件", work)

    async def one(self, number: OrderNumber) -> Case | None:
        """Return the case of this number, or the one that this hotline order was filed as."""
        chosen = select(city_cases).where(or_(_C.number == number, _C.hotline_order == number))

        async def work(connection: AsyncConnection) -> Case | None:
            row = (await connection.execute(chosen)).one_or_none()
            return None if row is None else case_of_row(row)

        return await self._database.read("读取案件", work)

    async def reported(self, since: datetime, until: datetime) -> tuple[CountedRow, ...]:
        """Return the cases reported within a time, each with where it stands; the number of its order is its key."""
        inside = (_C.reported >= since) & (_C.reported < until)
        chosen = select(city_cases).where(inside).order_by(_C.reported, _C.number)
        e = order_events.c
        told = select(e.number, e.event).join(city_cases, _C.number == e.number).where(inside).order_by(e.number, e.seq)

        async def work(connection: AsyncConnection) -> tuple[CountedRow, ...]:
            lives: defaultdict[str, list[LifeEvent]] = defaultdict(list)
            for row in await connection.execute(told):
                lives[row.number].append(event_of(row.event))
            rows = (await connection.execute(chosen)).all()
            return tuple(
                CountedRow(case_of_row(row), *_lived(lives[row.number])) for row in rows if row.number in lives
            )

        return await self._database.read("统计案件", work)

    async def sources(self, pack: str, since: datetime, until: datetime) -> tuple[Source, ...]:
        """Return who found each order opened under any edition of a pack; where no case says it, its channel does."""
        c = order_lives.c
        joined = order_lives.outerjoin(city_cases, _C.number == c.number)
        chosen = (
            select(_C.source, c.channel)
            .select_from(joined)
            .where(and_(c.pack.startswith(f"{pack}@", autoescape=True), c.opened >= since, c.opened < until))
        )

        async def work(connection: AsyncConnection) -> tuple[Source, ...]:
            rows = await connection.execute(chosen)
            return tuple(Source(row.source) if row.source else source_of(row.channel) for row in rows)

        return await self._database.read("统计案件来源", work)

    async def add_cost(self, cost: Cost, case: Case, person: Person) -> Refusal | None:
        """Note a sum, or return why it may not be: of two at once the second sees what the first has settled."""
        row = {
            "id": cost.id,
            "number": cost.number,
            "kind": cost.kind.value,
            "fen": cost.fen,
            "unit": storable(cost.unit),
            "note": storable(cost.note),
            "who": storable(cost.who),
            "at": cost.at,
        }

        async def work(connection: AsyncConnection) -> Refusal | None:
            await connection.execute(select(_C.number).where(_C.number == case.number).with_for_update())
            refusal = refused_cost(case, cost.kind, cost.fen, await _costs(connection, case.number))
            if refusal is not None:
                return refusal
            await connection.execute(insert(city_costs).values(**row))
            detail = {"kind": cost.kind.value, "fen": cost.fen, "unit": cost.unit}
            await put_audit(connection, AuditRow(cost.at, person, "case.cost", cost.number, detail))
            return None

        return await self._database.write("记录经费", work)

    async def costs(self, number: OrderNumber) -> tuple[Cost, ...]:
        """Return the sums of a case, oldest first."""
        return await self._database.read("读取经费", lambda connection: _costs(connection, number))

    async def owing(self) -> dict[OrderNumber, int]:
        """Return how many fen of each case nobody has settled yet; those that are settled are left out."""
        c = city_costs.c
        left = func.sum(case_when((c.kind == CostKind.ADVANCED.value, c.fen), else_=-c.fen))
        query = select(c.number, left.label("fen")).group_by(c.number).having(left != 0).order_by(c.number)

        async def work(connection: AsyncConnection) -> dict[OrderNumber, int]:
            return {OrderNumber(row.number): int(row.fen) for row in await connection.execute(query)}

        return await self._database.read("读取经费", work)


async def _costs(connection: AsyncConnection, number: OrderNumber) -> tuple[Cost, ...]:
    c = city_costs.c
    rows = await connection.execute(select(city_costs).where(c.number == number).order_by(c.at, c.id))
    return tuple(_cost(row) for row in rows)


def _lived(events: Iterable[LifeEvent]) -> tuple[LivingOrder, bool | None]:
    """Return where an order stands, and whether its first reply came within the limit of then."""
    order: LivingOrder | None = None
    in_time: bool | None = None
    for event in events:
        if in_time is None and order is not None and isinstance(event.action, Reply | ReplyUnsolvable):
            in_time = order.due is None or event.at <= order.due
        order = evolve(order, event)
    assert order is not None
    return order, in_time


def _row(case: Case) -> dict[str, Any]:
    return {
        "number": case.number,
        "source": case.source.value,
        "matter": storable(case.matter),
        "hotline_order": case.hotline_order,
        "collector": case.collector,
        "asset": case.asset,
        "lon": case.at.lon if case.at else None,
        "lat": case.at.lat if case.at else None,
        "grid": case.grid,
        "unit": storable(case.unit),
        "why": storable(case.why),
        "catalogue": storable(case.catalogue),
        "solve_first": case.solve_first,
        "checklist": storable_json(dict(case.checklist)),
        "reported": case.reported,
        "filed": case.filed,
        "filed_by": storable(case.filed_by),
    }


def case_of_row(row: Row[Any]) -> Case:
    """Return a case as its row keeps it."""
    return Case(
        number=OrderNumber(row.number),
        source=Source(row.source),
        matter=row.matter,
        catalogue=row.catalogue,
        reported=row.reported,
        hotline_order=OrderNumber(row.hotline_order) if row.hotline_order else None,
        collector=row.collector,
        asset=row.asset,
        at=None if row.lon is None else Point(row.lon, row.lat),
        grid=row.grid,
        unit=row.unit,
        why=row.why,
        solve_first=row.solve_first,
        checklist=dict(row.checklist),
        filed=row.filed,
        filed_by=row.filed_by,
    )


def _cost(row: Row[Any]) -> Cost:
    return Cost(
        row.id, OrderNumber(row.number), CostKind(row.kind), row.fen, row.unit, row.note, row.who, row.at
    )  # fmt: skip
