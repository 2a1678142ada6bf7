"""`/api/units`: the directory of units with duties and contacts, and whose a matter is today."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from cti.access import Account, Permission
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import ErrorBody
from cti.adapters.web.sessions import require
from workorder.directory import duties_of, units_by, whose
from workorder.duty import on_duty
from workorder.order import order_day

Reader = Annotated[Account, Depends(require(Permission.KNOWLEDGE_READ))]
Words = Annotated[str, Query(max_length=60)]


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/units", tags=["units"], responses={403: {"model": ErrorBody}})

    @router.get("")
    async def listed(me: Reader, words: Words = "") -> dict[str, Any]:
        """Return the units in whose name or duties the words occur."""
        catalogue, today = deps.orders.catalogue(), order_day(deps.clock.now())
        return {
            "catalogue": f"{catalogue.name}@{catalogue.version}",
            "units": [
                {
                    "unit": unit,
                    "duties": [
                        {"matters": list(duty.matters), "when": duty.when, "until": duty.until}
                        for duty in duties_of(unit, catalogue, today)
                    ],
                    "contacts": asdict(catalogue.contacts[unit]) if unit in catalogue.contacts else None,
                    "duty": [asdict(each) for each in catalogue.duty.get(unit, ())],
                    "on_duty": str(watch) if (watch := on_duty(catalogue.duty.get(unit, ()), today)) else "",
                }
                for unit in units_by(words, catalogue, today)
            ],
        }

    @router.get("/for")
    async def owner(me: Reader, matter: Words) -> dict[str, Any]:
        """Return whose a matter is today: one unit, or the question that decides, or a meeting."""
        found = whose(matter.strip(), deps.orders.catalogue(), order_day(deps.clock.now()))
        return {
            "matter": found.matter,
            "units": list(found.units),
            "conditions": list(found.conditions),
            "question": found.question,
            "needs_meeting": found.needs_meeting,
        }

    return router
