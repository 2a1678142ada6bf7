"""What is done with cases of the digital-city centre: found, filed (立案) and dispatched; routes only speak for it.

A case is an order under the pack `digital_city` with a row of its own beside it. Each step may be repeated after a
failure: the same hotline order, or the same report of a device, is the same case.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from cti.access import Account
from cti.adapters.sql.case_store import SqlCases
from cti.adapters.sql.order_desk import SqlOrderDesk
from cti.adapters.sql.order_rows import Listed
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import refused
from cti.adapters.web.order_deps import refusal_told
from cti.order_access import actor_for
from workorder.audit import Person
from workorder.dispatch import Catalogue
from workorder.draft import FieldName
from workorder.grid.cases import Case, Found, Source, chosen_unit, kind_of, refused_matter, routed, unanswered
from workorder.grid.city_map import CityMap, Collector
from workorder.grid.routing import Routed
from workorder.life.actions import Accept, Action, Dispatch
from workorder.life.actors import Actor, Role
from workorder.life.living import LivingOrder
from workorder.life.opening import Opening
from workorder.life.refusal import Refusal
from workorder.life.states import LifeState
from workorder.life.table import MOVES
from workorder.links import LinkKind, OrderLink
from workorder.order import OrderNumber
from workorder.sealed import is_sealed

PACK = "digital_city"


class CaseDesk:
    """Wired by the routes from what they are given."""

    def __init__(self, deps: PagesDeps) -> None:
        self.cases = SqlCases(deps.database)
        self._desk = SqlOrderDesk(deps.database)
        self._orders = deps.orders

    async def city(self) -> CityMap:
        return await self._orders.sources.geo.city()

    async def way(self, found: Found, at: datetime) -> tuple[Routed, str, Catalogue]:
        """Return whose it is, the grid, and the catalogue that says so; 409 for what is in no tree or register."""
        city, catalogue = await self.city(), await asyncio.to_thread(self._orders.catalogue)
        refusal = refused_matter(found, city)
        if refusal is not None:
            raise refusal_told(refusal)
        way, grid = routed(found, city, catalogue, at)
        return way, grid, catalogue

    async def file_hotline_order(
        self, order: Listed, found: Found, checklist: Mapping[str, str], me: Account, at: datetime
    ) -> Case:
        """File a hotline order as a case, with both numbers linked both ways; 409 when it was filed already."""
        known = await self.cases.one(order.number)
        if known is not None:
            raise refused(409, f"{order.number} 已立案为 {known.number}。改法：打开那一件", "already_filed")
        if order.draft is None or is_sealed(order.draft.draft):
            raise refused(409, "没有内容，或是敏感工单，不能转为城市管理案件。改法：按一般诉求办理", "refused")
        life, draft = order.life, order.draft.draft
        case = await self._planned(found, Source.CITIZEN, at)
        await self._check(checklist, at)
        wish = Opening(
            category=kind_of(found.matter, await self.city()),
            channel=life.channel if life else "call",
            consents=bool(life and life.consents),
            subject_unit=life.subject_unit if life else "",
            upstream_id=order.number,
        )
        fields = {name: draft.value(name) for name in FieldName if draft.value(name)}
        number = await self._open(fields, wish, Actor(me.name, Role.AGENT), at, f"case\0{order.number}")
        case = replace(case, number=number, hotline_order=order.number)
        await self._desk.link(OrderLink(order.number, number, LinkKind.RELATED, me.person, at))
        return await self._filed(case, checklist, me, at)

    async def file_found(
        self,
        found: Found,
        source: Source,
        text: str,
        place: str,
        checklist: Mapping[str, str],
        me: Account,
        at: datetime,
    ) -> Case:
        """File what somebody of the government, or a citizen at the window, reported."""
        case = await self._planned(found, source, at)
        await self._check(checklist, at)
        channel = "upstream" if source is Source.GOVERNMENT else "visit"
        wish = Opening(category=kind_of(found.matter, await self.city()), channel=channel)
        number = await self._open(_fields(found.matter, text, place), wish, Actor(me.name, Role.AGENT), at, "")
        return await self._filed(replace(case, number=number), checklist, me, at)

    async def report(
        self, found: Found, collector: Collector, text: str, place: str, contact: str, seen: datetime, at: datetime
    ) -> Case:
        """Take in what a collector found; it is filed or refused by the centre."""
        case = replace(await self._planned(found, Source.COLLECTOR, at), collector=collector.id)
        wish = Opening(category=kind_of(found.matter, await self.city()), channel="collector", upstream_id=collector.id)
        fields = _fields(found.matter, text, place) | {FieldName.TIME: seen.isoformat()}
        number = await self._open(fields, wish, Actor(collector.name, Role.COLLECTOR), at, contact)
        known = await self.cases.one(number)
        if known is not None:
            return known
        case = replace(case, number=number)
        await self.cases.put(case, collector_person(collector), at, "case.reported")
        return case

    async def file_report(
        self, case: Case, found: Found, checklist: Mapping[str, str], me: Account, at: datetime
    ) -> Case:
        """File (立案) a collector's report, after somebody checked it."""
        if case.filed is not None:
            raise refused(409, f"{case.number} 已经立案。改法：派单", "already_filed")
        planned = await self._planned(found, case.source, at)
        await self._check(checklist, at)
        kept = replace(
            planned, number=case.number, collector=case.collector, reported=case.reported, hotline_order=None
        )
        return await self._filed(kept, checklist, me, at)

    async def dispatch(self, case: Case, unit: str, me: Account, at: datetime) -> tuple[Case, LivingOrder]:
        """Dispatch a filed case to its unit; one whose route was left open to the unit that is chosen now."""
        if case.filed is None:
            raise refused(409, "还没有立案，不能派遣。改法：核对后先立案", "refused")
        if unit and unit != case.unit:
            found = Found(case.matter, case.at, case.asset, unit, case.solve_first)
            planned = await self._planned(found, case.source, at)
            why = "；".join(dict.fromkeys([*case.why.split("；"), *planned.why.split("；")]))  # nothing said is lost
            case = replace(case, unit=planned.unit, why=why, catalogue=planned.catalogue)
        if not case.unit:
            raise refused(409, f"责任单位还没有定：{case.why}。改法：问清后选一个，或提交协调", "refused")
        moved = await self._act(case.number, Dispatch(case.unit, route=case.catalogue), me, at)
        await self.cases.put(case, me.person, at, "case.dispatched")
        return case, moved

    async def solve_first(self, case: Case, why: str, me: Account, at: datetime) -> Case:
        """Mark a case that is solved first and paid for later; why stands in its record."""
        case = replace(case, solve_first=True, why=f"{case.why}；先解决后落实经费：{why}")
        await self.cases.put(case, me.person, at, "case.solve_first")
        return case

    async def _planned(self, found: Found, source: Source, at: datetime) -> Case:
        way, grid, catalogue = await self.way(found, at)
        unit = chosen_unit(found, way, catalogue)
        if isinstance(unit, Refusal):
            raise refusal_told(unit)
        why = way.why if unit == way.unit else f"{way.why}；{way.question}" if not unit else f"{way.why}；选定{unit}"
        place = found.at
        asset = (await self.city()).assets.get(found.asset)
        return Case(
            number=OrderNumber(""),
            source=source,
            matter=found.matter,
            catalogue=catalogue.edition,
            reported=at,
            asset=found.asset,
            at=asset.at if asset and place is None else place,
            grid=grid,
            unit=unit,
            why=why,
            solve_first=found.solve_first,
        )

    async def _check(self, checklist: Mapping[str, str], at: datetime) -> None:
        refusal = unanswered(checklist, await self._orders.pack(at, PACK))
        if refusal is not None:
            raise refusal_told(refusal)

    async def _open(
        self, fields: Mapping[FieldName, str], wish: Opening, actor: Actor, at: datetime, contact: str
    ) -> OrderNumber:
        known_by = hashlib.sha256(contact.encode("utf-8", "replace")).hexdigest()[:24] if contact else ""
        begun = await self._orders.take_in(fields, wish, actor, at, known_by, PACK)
        if isinstance(begun, Refusal):
            raise refusal_told(begun)
        return begun.number

    async def _filed(self, case: Case, checklist: Mapping[str, str], me: Account, at: datetime) -> Case:
        order = await self._orders.lives.order(case.number)
        if order is not None and order.state is LifeState.DRAFTED:
            answered = tuple(item for item, answer in checklist.items() if answer.strip())
            await self._act(case.number, Accept(checked=answered), me, at)
        elif order is not None and order.state is not LifeState.ACCEPTED:
            raise refused(409, f"{case.number} 现在不能立案。改法：刷新后再看", "refused")
        case = replace(case, checklist=dict(checklist), filed=at, filed_by=me.name)
        await self.cases.put(case, me.person, at, "case.filed")
        return case

    async def _act(self, number: OrderNumber, action: Action, me: Account, at: datetime) -> LivingOrder:
        actor = actor_for(me, MOVES[type(action)])
        if actor is None:
            raise refused(403)
        moved = await self._orders.lives.act(number, action, actor, at)
        if isinstance(moved, Refusal):
            raise refusal_told(moved)
        return moved


def collector_person(collector: Collector) -> Person:
    """Return a collector as the audit trail knows them: by id, not by name."""
    return Person(collector.id, "collector")


def _fields(matter: str, text: str, place: str) -> dict[FieldName, str]:
    return {
        FieldName.TITLE: f"{matter}：{text[:24]}",
        FieldName.SUMMARY: text,
        FieldName.PLACE: place,
        FieldName.REQUEST_TYPE: "求助",
    }
