"""`/api/city`: the digital city's map: grids with collectors, cases, components, types, whose a thing is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from cti.access import Account, Permission, hidden_from
from cti.adapters.sql.case_rows import CaseFilter, SqlCaseRows
from cti.adapters.sql.order_rows import SqlOrderRows
from cti.adapters.web.case_bodies import plain_asset, plain_case, plain_grid
from cti.adapters.web.case_desk import CaseDesk
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.sessions import require
from cti.order_view import row_of
from workorder.audit import AuditRow
from workorder.grid.cases import Found
from workorder.grid.shapes import Point
from workorder.life.states import LifeState

Reader = Annotated[Account, Depends(require(Permission.ORDERS_READ))]
Lon = Annotated[float, Query(ge=-180, le=180)]
Lat = Annotated[float, Query(ge=-90, le=90)]
NEAR_METRES, CAMERA_METRES = 50.0, 300.0


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/city", tags=["city"], responses=answers(403))
    desk, sources = CaseDesk(deps), deps.orders.sources
    cases, orders = SqlCaseRows(deps.database), SqlOrderRows(deps.database)

    @router.get("/types")
    async def types(me: Reader) -> dict[str, Any]:
        """Return the trees of components and events, each type with the units that undertake it."""
        city, catalogue = await desk.city(), deps.orders.catalogue()
        return {
            "version": city.tree.version,
            **{
                key: [
                    {
                        "group": group,
                        "types": [{"matter": each, "units": list(catalogue.owners(each))} for each in matters],
                    }
                    for group, matters in tree.items()
                ]
                for key, tree in (("components", city.tree.components), ("events", city.tree.events))
            },
        }

    @router.get("/grids")
    async def grids(me: Reader) -> dict[str, Any]:
        """Return every grid with its polygon and its collectors."""
        city = await desk.city()
        return {"grids": [plain_grid(each, city) for each in city.grids]}

    @router.get("/grids/at")
    async def at(me: Reader, lon: Lon, lat: Lat) -> dict[str, Any]:
        """Return the grid that a place lies in, who lives there by number, and the cameras and components near."""
        city, place = await desk.city(), Point(lon, lat)
        grid = city.grid_at(place)
        counted = await sources.population.of(grid.id) if grid else None
        return {
            "grid": plain_grid(grid, city) if grid else None,
            "population": {
                "day": counted.day.isoformat(),
                "households": counted.households,
                "residents": counted.residents,
                "migrants": counted.migrants,
            }
            if counted
            else None,
            "cameras": [
                {"id": each.id, "place": each.place, "owner": each.owner}
                for each in await sources.video.near(place, CAMERA_METRES)
            ],
            "assets": [plain_asset(each) for each in city.assets_near(place, metres=NEAR_METRES)],
        }

    @router.get("/cases")
    async def listed(
        me: Reader,
        state: Annotated[list[LifeState] | None, Query(max_length=40)] = None,
        grid: Annotated[str, Query(max_length=40)] = "",
        page: Annotated[int, Query(ge=1, le=10_000)] = 1,
        size: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> dict[str, Any]:
        """Return one page of cases, the newest first, each with its order's line: where it stands, and its limit."""
        wanted = CaseFilter(tuple(each.value for each in state or ()), grid.replace("\0", "").strip())
        found, total = await cases.page(wanted, (page - 1) * size, size)
        lines = [await orders.one(each.number) for each in found]
        city, now, hidden = await desk.city(), deps.clock.now(), hidden_from(me, deps.masking)
        shown = [
            {**plain_case(case, city), "order": row_of(line.draft, line.life, me, now, hidden) if line else {}}
            for case, line in zip(found, lines, strict=True)
        ]
        await deps.audit.note(AuditRow(now, me.person, "case.list", "cases", {"numbers": [c.number for c in found]}))
        return {"cases": shown, "total": total, "page": page, "size": size, "now": now.isoformat()}

    @router.get("/assets/{id}")
    async def asset(id: str, me: Reader) -> dict[str, Any]:
        """Return one component of the register."""
        found = (await desk.city()).assets.get(id)
        if found is None:
            raise refused(404, "没有登记这个部件。改法：核对编号，或先登记", "no_such_asset")
        return plain_asset(found)

    @router.get("/route")
    async def route(
        me: Reader,
        matter: Annotated[str, Query(max_length=80)],
        asset: Annotated[str, Query(max_length=40)] = "",
        lon: Annotated[float | None, Query(ge=-180, le=180)] = None,
        lat: Annotated[float | None, Query(ge=-90, le=90)] = None,
    ) -> dict[str, Any]:
        """Return whose a matter is today: by component, type, place; or the question that decides."""
        place = Point(lon, lat) if lon is not None and lat is not None else None
        way, grid, catalogue = await desk.way(Found(matter.strip(), place, asset.strip()), deps.clock.now())
        return {
            "unit": way.unit,
            "why": way.why,
            "candidates": list(way.candidates),
            "question": way.question,
            "grid": grid,
            "catalogue": catalogue.edition,
        }

    return router
