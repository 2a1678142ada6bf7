"""`/api/mode`: emergency response as a mode: what is on, and switching it by a supervisor or an admin."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from cti.access import Account, Permission
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers
from cti.adapters.web.sessions import require, require_to_look_on
from cti.response_mode import ModeStanding

Watcher = Annotated[Account, Depends(require_to_look_on(Permission.WALLBOARD, Permission.DESK))]
Switcher = Annotated[Account, Depends(require(Permission.QUEUES_STEER, Permission.ADMIN_SETTINGS))]


class Switch(BaseModel):
    """Which mode (empty: back to how things usually are), and why."""

    model_config = ConfigDict(extra="forbid")
    mode: str = Field(default="", max_length=60)
    reason: str = Field(max_length=300)


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/mode", tags=["mode"], responses=answers(401, 403, 422, 503))

    @router.get("")
    async def standing(me: Watcher) -> dict[str, Any]:
        """Return the mode that is on, the modes there are, every switch, and when the situation is reported next."""
        return _plain(await deps.admin.mode())

    @router.post("")
    async def switch(body: Switch, me: Switcher) -> dict[str, Any]:
        """Switch; refused with every problem when the mode's files would not take effect."""
        await deps.admin.switch_mode(body.mode, me, body.reason)
        return _plain(await deps.admin.mode())

    return router


def _plain(here: ModeStanding) -> dict[str, Any]:
    return {
        "on": here.on.name,
        "title": here.on.title,
        "clause": here.on.clause,
        "since": here.switched.at.isoformat() if here.switched else None,
        "by": here.switched.by if here.switched else "",
        "reason": here.switched.reason if here.switched else "",
        "report_minutes": here.on.report_minutes,
        "report_due_at": here.report_due.isoformat(),
        "reports": [each.isoformat() for each in here.reports],
        "modes": [
            {"name": each.name, "title": each.title, "report_minutes": each.report_minutes} for each in here.modes
        ],
        "history": [
            {"at": each.at.isoformat(), "mode": each.mode, "by": each.by, "reason": each.reason}
            for each in here.history
        ],
    }
