"""A case of the digital-city centre: what it knows beyond its order's life, and what must hold before it is filed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from workorder.cities.pack import Pack
from workorder.dispatch import Catalogue
from workorder.grid.city_map import CityMap
from workorder.grid.routing import Routed, route
from workorder.grid.shapes import Point
from workorder.life.guards_desk import FILING_CHECKLIST
from workorder.life.refusal import Refusal
from workorder.order import OrderNumber, order_day


class Source(StrEnum):
    """Who found the problem (D-16): collectors first, then the government's own people, then citizens."""

    COLLECTOR = "collector"
    GOVERNMENT = "government"
    CITIZEN = "citizen"


SOURCE_TITLES = {Source.COLLECTOR: "采集员", Source.GOVERNMENT: "政府监管", Source.CITIZEN: "市民举报"}
_OF_CHANNEL = {
    "collector": Source.COLLECTOR,
    "video": Source.GOVERNMENT,
    "upstream": Source.GOVERNMENT,
    "110": Source.GOVERNMENT,
}


class CostKind(StrEnum):
    """What became of the money of a case that was solved first (先解决后落实经费)."""

    ADVANCED = "advanced"  # 垫付
    RECOVERED = "recovered"  # 责任主体落实（追缴）
    BORNE = "borne"  # 无责任主体，由“代整治”经费承担


@dataclass(frozen=True, slots=True)
class Cost:
    """One sum in fen: who paid it and what for."""

    id: str
    number: OrderNumber
    kind: CostKind
    fen: int
    unit: str
    note: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `catalogue` is the edition it was routed by: a later edition changes nothing for it (D-30)."""

    number: OrderNumber
    source: Source
    matter: str
    catalogue: str
    reported: datetime
    hotline_order: OrderNumber | None = None
    collector: str = ""
    asset: str = ""
    at: Point | None = None
    grid: str = ""
    unit: str = ""
    why: str = ""
    solve_first: bool = False
    checklist: Mapping[str, str] = field(default_factory=dict)
    filed: datetime | None = None
    filed_by: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody says of a problem: which matter, where, which component; `unit` when the route left it open."""

    matter: str
    at: Point | None = None
    asset: str = ""
    unit: str = ""
    solve_first: bool = False


def source_of(channel: str) -> Source:
    """Return who found what came by a channel."""
    return _OF_CHANNEL.get(channel, Source.CITIZEN)


def kind_of(matter: str, city: CityMap) -> str:
    """Return the pack's category of a matter: `component` or `event`."""
    placed = city.tree.place_of(matter)
    return placed[0] if placed else "event"


def refused_matter(found: Found, city: CityMap) -> Refusal | None:
    """Return what is wrong with what was found, whoever found it."""
    if city.tree.place_of(found.matter) is None:
        return Refusal(f"“{found.matter}”不在部件、事件分类里。", "从分类里选一项；不属于的转热线。", "D-12、D-13")
    if not found.asset:
        return None
    asset = city.assets.get(found.asset)
    if asset is None:
        return Refusal(f"没有登记编号 {found.asset} 的部件。", "核对编号，或先登记。", "D-12")
    if asset.matter != found.matter:
        return Refusal(f"部件 {asset.id} 是“{asset.matter}”，不是“{found.matter}”。", "核对编号或类别。", "D-12")
    return None


def routed(found: Found, city: CityMap, catalogue: Catalogue, at: datetime) -> tuple[Routed, str]:
    """Return whose it is, and the id of the grid it lies in; a component stands where its register says."""
    asset = city.assets.get(found.asset)
    grid = city.grid_at(asset.at if asset else found.at)
    return route(found.matter, catalogue, order_day(at), asset, grid), grid.id if grid else ""


def chosen_unit(found: Found, way: Routed, catalogue: Catalogue) -> str | Refusal:
    """Return the one unit. What the route left open is chosen among its candidates by somebody who asked.

    What must be solved first (先解决后落实经费) may go to any unit: whose it was is settled later.
    """
    if not found.unit:
        return way.unit
    if found.unit not in catalogue.units:
        return Refusal(f"“{found.unit}”不在派单目录里。", "写单位清单里的名称。", "D-06")
    if found.solve_first or found.unit == way.unit or found.unit in way.candidates:
        return found.unit
    told = f"按目录归{way.unit}" if way.unit else f"可选：{'、'.join(way.candidates) or '无'}"
    return Refusal(f"“{found.unit}”不是这件事的责任单位（{told}）。", "改选；确有争议的提交协调。", "D-06")


def unanswered(checklist: Mapping[str, str], pack: Pack) -> Refusal | None:
    """Return which items of the pack's filing checklist have no answer (D-10)."""
    wanted = pack.lists.get(FILING_CHECKLIST)
    missing = [item for item in wanted.items if not checklist.get(item, "").strip()] if wanted else []
    if wanted is None or not missing:
        return None
    return Refusal(f"立案前还没有核对：{'、'.join(missing)}。", "逐项核对清楚再立案。", wanted.clause)


def owed(costs: tuple[Cost, ...]) -> int:
    """Return how many fen of what was advanced nobody has paid back or borne yet."""
    return sum(each.fen if each.kind is CostKind.ADVANCED else -each.fen for each in costs)


def refused_cost(case: Case, kind: CostKind, fen: int, known: tuple[Cost, ...]) -> Refusal | None:
    """Return why a sum may not be noted."""
    if not case.solve_first:
        return Refusal("这件没有标明“先解决后落实经费”。", "先标明再记经费。", "D-48")
    if kind is not CostKind.ADVANCED and fen > owed(known):
        left = owed(known) / 100
        return Refusal(f"落实的比垫付的多：还没有落实的是 {left:.2f} 元。", "核对金额。", "D-48")
    return None
