"""`/api/bulletins` and `/api/pivot`: reports by template; those drafted by themselves are issued by a person."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from cti.access import Account, Permission
from cti.adapters.sql.report_store import KeptReport
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.desk_days import period
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.routes_supervisor import Day, clean
from cti.adapters.web.sessions import require
from ivr.errors import StoreRefusedError
from workorder.order import order_day
from workorder.reports.grid import Grid
from workorder.reports.periods import last_whole
from workorder.reports.report import to_plain
from workorder.reports.tally import DIMENSIONS

Counter = Annotated[Account, Depends(require(Permission.REPORTS))]
Issuer = Annotated[Account, Depends(require(Permission.EXPORT_APPROVE))]
Name = Annotated[str, Query(max_length=40)]


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api", tags=["reports"], responses=answers(401, 403, 404, 409, 422, 503))
    desk = deps.reports

    @router.get("/bulletins")
    async def listed(me: Counter) -> dict[str, Any]:
        """Return which reports there are, those that were drafted (newest first), and what a pivot may be asked for."""
        known = [
            {
                "name": each.name,
                "title": each.title,
                "period": each.period,
                "is_drafted": each.is_drafted,
                "is_public": each.is_public,
                "clause": each.clause,
            }
            for each in desk.templates().values()
        ]
        return {
            "templates": known,
            "drafts": [_plain(each) for each in await desk.store.latest()],
            "figures": [{"name": each.name, "title": each.title} for each in desk.figures().values()],
            "dimensions": [{"name": name, "title": title} for name, title in DIMENSIONS.items()],
        }

    @router.get("/bulletins/{name}")
    async def one(
        name: str, me: Counter, since: Day = None, until: Day = None, about: Annotated[str, Query(max_length=40)] = ""
    ) -> dict[str, Any]:
        """Return a report made now; without days, of the last period that is over."""
        template = desk.templates().get(name)
        if template is None:
            raise refused(404, "没有这张报表。改法：从列表里选", "no_such_report")
        now = deps.clock.now()
        if since is None and until is None:
            since, until = last_whole(template.period, order_day(now))
        first, last = period(since, until, now)
        report = await desk.make(name, first, last, now, clean(about))
        return to_plain(report) | {"digest": report.digest}

    @router.get("/bulletins/{name}/{since}/{until}")
    async def kept(name: str, since: date, until: date, me: Counter) -> dict[str, Any]:
        """Return a report as it was drafted."""
        found = await desk.store.one(clean(name), since, until)
        if found is None:
            raise refused(404, "没有起草过这份报告。改法：从列表里选", "no_such_report")
        return _plain(found) | {"report": to_plain(found.report)}

    @router.post("/bulletins/{name}/{since}/{until}/issue")
    async def issue(name: str, since: date, until: date, me: Issuer) -> dict[str, Any]:
        """Issue a drafted report, once."""
        try:
            found = await desk.store.issue(clean(name), since, until, me.person, deps.clock.now())
        except StoreRefusedError as error:
            raise refused(409, str(error), "not_issued") from None
        if found is None:
            raise refused(404, "没有起草过这份报告。改法：从列表里选", "no_such_report")
        return _plain(found)

    @router.get("/pivot")
    async def pivot(
        me: Counter, rows: Name, columns: Name, figure: Name = "opened", since: Day = None, until: Day = None
    ) -> dict[str, Any]:
        """Return one figure by two dimensions: area, unit, type, category, topic, channel, day, week, month, hour."""
        first, last = period(since, until, deps.clock.now(), usual_days=31)
        return _table(await desk.pivot(rows, columns, figure, first, last)) | {"since": first, "until": last}

    return router


def _plain(kept: KeptReport) -> dict[str, Any]:
    report = kept.report
    return {
        "name": report.name,
        "title": report.title,
        "since": report.since,
        "until": report.until,
        "digest": kept.digest,
        "is_sound": report.digest == kept.digest,
        "made": kept.made,
        "made_by": kept.made_by,
        "issued": kept.issued,
        "issued_by": kept.issued_by,
    }


def _table(grid: Grid) -> dict[str, Any]:
    return {
        "title": grid.title,
        "columns": [{"name": each.name, "title": each.title, "kind": each.kind.value} for each in grid.columns],
        "rows": [list(row) for row in grid.rows],
        "note": grid.note,
    }
