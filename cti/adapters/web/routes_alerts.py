"""`/api/alerts`: what has become hot, and who looks after it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from cti.access import Account, Permission
from cti.adapters.sql.alert_store import Alert, SqlAlerts
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.sessions import require
from workorder.hot import KIND_TITLES

Watcher = Annotated[Account, Depends(require(Permission.WALLBOARD, Permission.ORDERS_INSPECT))]


class Acknowledged(BaseModel):
    """What is being done about it."""

    model_config = ConfigDict(extra="forbid")
    note: str = Field(default="", max_length=500)


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/alerts", tags=["alerts"], responses=answers(403))
    store = SqlAlerts(deps.database)

    @router.get("")
    async def listed(me: Watcher, open_only: bool = False) -> dict[str, Any]:
        """Return alerts, the newest first."""
        return {"alerts": [_plain(each) for each in await store.latest(open_only)]}

    @router.post("/{id}/acknowledge", status_code=204)
    async def acknowledge(id: str, body: Acknowledged, me: Watcher) -> None:
        """Say that one looks after it; the first to say so counts."""
        if not await store.acknowledge(id[:64].replace("\0", ""), me.person, body.note, deps.clock.now()):
            raise refused(409, "没有这条预警，或别人已经确认。改法：刷新后再看", "not_waiting")

    return router


def _plain(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.hot.id,
        "kind": alert.hot.kind,
        "kind_title": KIND_TITLES.get(alert.hot.kind, alert.hot.kind),
        "title": alert.hot.title,
        "orders": list(alert.hot.numbers),
        "raised_at": alert.raised.isoformat(),
        "grown_at": alert.grown.isoformat(),
        "acknowledged_by": alert.acknowledged_by,
        "acknowledged_at": alert.acknowledged.isoformat() if alert.acknowledged else None,
        "note": alert.note,
    }
