"""`/api/city`: the digital city's map: grids with collectors, components, types of matter, whose a thing is."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from cti.access import Account, Permission
from cti.adapters.web.case_bodies import plain_asset, plain_grid
from cti.adapters.web.case_desk import CaseDesk
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.sessions import require
from workorder.grid.cases import Found
from workorder.grid.shapes import Point

Reader = Annotated[Account, Depends(require(Permission.ORDERS_READ))]
Lon = Annotated[float, Query(ge=-180, le=180)]
Lat = Annotated[float, Query(ge=-90, le=90)]
NEAR_METRES, CAMERA_METRES = 50.0, 300.0


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/city", tags=["city"], responses=answers(403))
    desk, sources = CaseDesk(deps), deps.orders.sources

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
