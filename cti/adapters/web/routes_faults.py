"""`/api/faults`: what broke, from when to when, and the mean time to repair; beside the health of every part."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from cti.access import Account, Permission
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers
from cti.adapters.web.sessions import require
from cti.faults import FORMULA, repairs

Watchman = Annotated[Account, Depends(require(Permission.HEALTH))]


def routes(deps: PagesDeps) -> APIRouter:
    """Return the route."""
    router = APIRouter(prefix="/api/faults", tags=["admin"], responses=answers(403))

    @router.get("")
    async def faults(me: Watchman, days: Annotated[int, Query(ge=1, le=3650)] = 90) -> dict[str, Any]:
        """Return the faults of these days, and MTTR of each part and of all, with its formula."""
        now = deps.clock.now()
        since = now - timedelta(days=days)
        known = [each for each in await deps.admin.faults() if each.ended is None or each.ended >= since]
        return {
            "faults": [
                {
                    "part": each.part,
                    "began_at": each.began.isoformat(),
                    "ended_at": each.ended.isoformat() if each.ended else None,
                    "seconds": each.seconds,
                    "why": each.why,
                    "how": each.how,
                    "by": each.by,
                }
                for each in reversed(known)
            ],
            "mttr": [
                {"part": each.part, "repaired": each.repaired, "open": each.open, "mttr_seconds": each.mttr_seconds}
                for each in repairs(known, since, now + timedelta(seconds=1))
            ],
            "formula": FORMULA,
        }

    return router
