"""`/api/units`: the directory of units with duties and contacts, and whose a matter is today."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from cti.access import Account, Permission
from cti.adapters.sql.unit_systems import SqlUnitSystems
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.desk_days import instants, period
from cti.adapters.web.errors import answers
from cti.adapters.web.sessions import require
from workorder.directory import duties_of, units_by, whose
from workorder.duty import on_duty
from workorder.order import order_day
from workorder.uptime import uptimes

Reader = Annotated[Account, Depends(require(Permission.KNOWLEDGE_READ))]
Watcher = Annotated[Account, Depends(require(Permission.REPORTS))]
Words = Annotated[str, Query(max_length=60)]


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/units", tags=["units"], responses=answers(403))

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

    @router.get("/connections")
    async def connections(me: Watcher, since: date | None = None, until: date | None = None) -> dict[str, Any]:
        """Return how much of these days (the last thirty) each unit's system was connected; null: never was."""
        now = deps.clock.now()
        first, last = period(since, until, now)
        begin, end = instants(first, last)
        end = min(end, now)
        units = (await asyncio.to_thread(deps.orders.catalogue)).units
        known = await SqlUnitSystems(deps.database).heard(begin, end)
        return {
            "since": first.isoformat(),
            "until": last.isoformat(),
            "units": [
                {
                    "unit": each.unit,
                    "percent": None if each.percent is None else str(each.percent),
                    "last_heard": each.last.isoformat() if each.last else None,
                }
                for each in uptimes(units, known, begin, end)
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
