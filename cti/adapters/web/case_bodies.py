"""What is sent and told of the digital city: bodies with bounds, and cases, grids and components as plain JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from workorder.grid.cases import SOURCE_TITLES, Case, Cost, CostKind, Found, Source
from workorder.grid.city_map import Asset, CityMap, Grid
from workorder.grid.shapes import point_of

Text = Annotated[str, Field(max_length=400)]
Short = Annotated[str, Field(max_length=80)]


class Body(BaseModel):
    """Nothing beside what is asked for."""

    model_config = ConfigDict(extra="forbid")


class Place(Body):
    """Where, in degrees."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)


class FoundBody(Body):
    """A problem: the type of matter, where, which component; `unit` when the route asks who; what must be solved first.

    `checklist` answers each item of the pack's filing checklist (立案核对).
    """

    matter: Short
    at: Place | None = None
    asset: str = Field(default="", max_length=40)
    unit: str = Field(default="", max_length=120)
    solve_first: bool = False
    checklist: dict[Short, Text] = Field(default_factory=dict, max_length=20)

    def found(self) -> Found:
        """Return it as the rules take it."""
        place = point_of(self.at.lon, self.at.lat) if self.at else None
        return Found(self.matter.strip(), place, self.asset.strip(), self.unit.strip(), self.solve_first)


class NewCase(FoundBody):
    """A problem that was told at the centre, not by telephone."""

    source: Literal["government", "citizen"]
    text: str = Field(min_length=5, max_length=2000)
    place: str = Field(min_length=2, max_length=200)


class ChosenUnit(Body):
    """Which unit, where the route left it open; empty: as routed."""

    unit: str = Field(default="", max_length=120)


class NewCost(Body):
    """A sum in yuan with at most two decimals: who paid it, and what for."""

    kind: CostKind
    yuan: float = Field(gt=0, le=100_000_000)
    unit: str = Field(min_length=1, max_length=120)
    note: str = Field(min_length=2, max_length=400)


class SolveFirst(Body):
    """Solve first, settle the money later (先解决后落实经费); why."""

    why: str = Field(min_length=2, max_length=400)


class Position(Place):
    """One point of a track; `accuracy` in metres."""

    at: datetime
    accuracy: float = Field(ge=0, le=10_000)


def plain_case(case: Case, city: CityMap) -> dict[str, Any]:
    """Return a case as the pages show it; whose order it was stands in `hotline_order`."""
    placed = city.tree.place_of(case.matter)
    grid = city.grid(case.grid)
    return {
        "number": case.number,
        "hotline_order": case.hotline_order,
        "source": case.source.value,
        "source_title": SOURCE_TITLES[case.source],
        "matter": case.matter,
        "kind": placed[0] if placed else "",
        "group": placed[1] if placed else "",
        "at": {"lon": case.at.lon, "lat": case.at.lat} if case.at else None,
        "grid": case.grid,
        "street": grid.street if grid else "",
        "asset": case.asset,
        "unit": case.unit,
        "why": case.why,
        "catalogue": case.catalogue,
        "solve_first": case.solve_first,
        "checklist": dict(case.checklist),
        "collector": case.collector,
        "reported_at": case.reported.isoformat(),
        "filed_at": case.filed.isoformat() if case.filed else None,
        "filed_by": case.filed_by,
    }


def plain_cost(cost: Cost) -> dict[str, Any]:
    """Return a sum in yuan."""
    return {
        "number": cost.number,
        "kind": cost.kind.value,
        "yuan": cost.fen / 100,
        "unit": cost.unit,
        "note": cost.note,
        "who": cost.who,
        "at": cost.at.isoformat(),
    }


def plain_grid(grid: Grid, city: CityMap) -> dict[str, Any]:
    """Return a grid with its corners and whose duty it is."""
    return {
        "id": grid.id,
        "name": grid.name,
        "street": grid.street,
        "head": grid.head,
        "building_heads": list(grid.building_heads),
        "areas": list(grid.areas),
        "corners": [{"lon": each.lon, "lat": each.lat} for each in grid.corners],
        "collectors": [
            {
                "id": each.id,
                "name": each.name,
                "company": each.company,
                "hours": f"{each.begins:%H:%M}-{each.ends:%H:%M}",
            }
            for each in city.collectors_of(grid.id)
        ],
    }


def plain_asset(asset: Asset) -> dict[str, Any]:
    """Return a component with whose it is, now and after its maintenance."""
    return {
        "id": asset.id,
        "matter": asset.matter,
        "name": asset.name,
        "at": {"lon": asset.at.lon, "lat": asset.at.lat},
        "owner": asset.owner,
        "maintained_by": asset.maintained_by,
        "valid_until": asset.valid_until.isoformat() if asset.valid_until else None,
    }


def plain_sources(counted: dict[Source, int]) -> list[dict[str, Any]]:
    """Return the share of each source."""
    whole = sum(counted.values())
    return [
        {"source": each.value, "title": SOURCE_TITLES[each], "count": count, "share": count / whole if whole else None}
        for each, count in counted.items()
    ]
