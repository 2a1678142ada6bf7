"""`/api/city/reports`: sources, collectors' valid reports, the quarterly bulletin; `/tracks`, each look noted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from cti.access import Account, Permission
from cti.adapters.sql.case_store import SqlCases
from cti.adapters.sql.track_store import MOST_POINTS, SqlTracks
from cti.adapters.web.case_bodies import plain_sources
from cti.adapters.web.case_desk import PACK
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.sessions import require
from cti.city_report import bulletin_rows, valid_rows
from workorder.grid.counts import BULLETIN_FORMULA, SHARE_FORMULA, VALID_FORMULA, quarter_of, shares

Reader = Annotated[Account, Depends(require(Permission.REPORTS))]
Inspector = Annotated[Account, Depends(require(Permission.ORDERS_INSPECT))]
MOST_DAYS = 400


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/city", tags=["city"], responses=answers(403, 422))
    cases, tracks, geo = SqlCases(deps.database), SqlTracks(deps.database), deps.orders.sources.geo

    @router.get("/reports/sources")
    async def sources(me: Reader, since: datetime, until: datetime) -> dict[str, Any]:
        """Return what share of the cases collectors, the government and citizens found (D-16)."""
        _bounded(since, until)
        counted = shares(await cases.sources(PACK, since, until))
        return {"sources": plain_sources(counted), "formula": SHARE_FORMULA}

    @router.get("/reports/collectors")
    async def collectors(me: Reader, since: datetime, until: datetime) -> dict[str, Any]:
        """Return each collector's valid-report rate (采集信息有效率, D-27)."""
        _bounded(since, until)
        rows = valid_rows(await cases.reported(since, until), await geo.city())
        return {"collectors": rows, "formula": VALID_FORMULA}

    @router.get("/reports/quarter/{quarter}")
    async def quarter(quarter: str, me: Reader) -> dict[str, Any]:
        """Return the quarterly bulletin by grid, its head and the heads of its buildings beside it (D-11)."""
        span = quarter_of(quarter)
        if span is None:
            raise refused(422, "季度写得不对。改法：写成 2026-Q4", "invalid")
        rows = bulletin_rows(await cases.reported(*span), await geo.city())
        return {"quarter": quarter, "grids": rows, "formula": BULLETIN_FORMULA}

    @router.get("/tracks/{collector}")
    async def track(
        collector: str,
        me: Inspector,
        since: datetime,
        until: datetime,
        why: Annotated[str, Query(min_length=2, max_length=200)],
    ) -> dict[str, Any]:
        """Return where a collector was on duty (D-28), for a stated reason; who looked and why is written down.

        `is_whole` is false when there is more than is told: ask for fewer days.
        """
        _bounded(since, until)
        city, now = await geo.city(), deps.clock.now()
        known = city.collector(collector)
        if known is None:
            raise refused(404, "名册里没有这位采集员。改法：核对编号", "no_such_collector")
        points = await tracks.of(known.id, since, until, me.person, now, why)
        own = sum(each.grid in known.grids for each in points)
        return {
            "collector": known.id,
            "points": [
                {
                    "at": each.at.isoformat(),
                    "lon": each.place.lon,
                    "lat": each.place.lat,
                    "accuracy": each.accuracy,
                    "grid": each.grid,
                }
                for each in points
            ],
            "in_own_grids": own / len(points) if points else None,
            "is_whole": len(points) < MOST_POINTS,
            "retention_days": city.roster.retention_days,
        }

    return router


def _bounded(since: datetime, until: datetime) -> None:
    if since.tzinfo is None or until.tzinfo is None:
        raise refused(422, "时间没有写时区。改法：写成 2026-11-22T10:00:00+08:00", "invalid")
    is_reckoned = all(1970 <= each.year <= 9000 for each in (since, until))
    if not is_reckoned or not timedelta(0) < until - since <= timedelta(days=MOST_DAYS):
        raise refused(422, f"起止时间不对。改法：止在起之后，最多 {MOST_DAYS} 天", "invalid")
