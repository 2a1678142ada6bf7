"""`/api/order-marks`: notes on orders, their review by another, and what one telephone brought, as evidence."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from cti.access import Account, Permission
from cti.adapters.sql.mark_store import SqlMarks
from cti.adapters.sql.order_rows import Listed, SqlOrderRows
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import number_of, opened, refusal_told
from cti.adapters.web.sessions import require
from workorder.cities.pack import Pack
from workorder.life.refusal import Refusal
from workorder.marks import (
    ABUSES,
    MARK_TITLES,
    Mark,
    MarkKind,
    MarkState,
    proposed,
    refused_mark,
    reviewed_mark,
    violations_of,
)

Reader = Annotated[Account, Depends(require(Permission.ORDERS_READ))]
Marker = Annotated[Account, Depends(require(Permission.ORDERS_HANDLE, Permission.ORDERS_INSPECT))]
Reviewer = Annotated[Account, Depends(require(Permission.ORDERS_INSPECT, Permission.QUALITY))]
EVIDENCE_DAYS = 90


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewMark(_Body):
    """What is noted, and why."""

    kind: MarkKind
    code: str = Field(default="", max_length=80)
    reason: str = Field(max_length=2000)


class Review(_Body):
    """What came of it."""

    state: MarkState
    finding: str = Field(max_length=2000)
    conditions: list[Annotated[str, Field(max_length=80)]] = Field(default_factory=list, max_length=10)


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/order-marks", tags=["orders"], responses=answers(409))
    rows, marks = SqlOrderRows(deps.database), SqlMarks(deps.database)

    async def seen(number: str, me: Account, what: str) -> tuple[Listed, Pack]:
        name = number_of(number)
        found = await opened(await rows.one(name), name, me, deps.audit.note, deps.clock.now(), what)
        pack = await deps.orders.lives.pack(found.life.pack) if found.life else None
        return found, pack or await deps.orders.pack(deps.clock.now())

    @router.get("/{number}")
    async def listed(number: str, me: Reader) -> dict[str, Any]:
        """Return the notes on an order, what may be noted, and the violation proposed after redo upon redo."""
        found, pack = await seen(number, me, "order.marks")
        known = await marks.of(found.number)
        wish = proposed(found.life, known, pack) if found.life else ""
        choices = {
            "kinds": [{"value": kind.value, "title": title} for kind, title in MARK_TITLES.items()],
            "abuses": list(ABUSES),
            "violations": list(violations_of(pack)),
        }
        return {"marks": [_plain(each) for each in known], "proposed_violation": wish, "choices": choices}

    @router.post("/{number}", status_code=201)
    async def mark(number: str, body: NewMark, me: Marker) -> dict[str, Any]:
        """Note something; whom dissuasion did not reach is not referred."""
        found, pack = await seen(number, me, "order.marking")
        now = deps.clock.now()
        _, of_caller = await marks.of_caller(found.number, now - timedelta(days=EVIDENCE_DAYS))
        refusal = refused_mark(body.kind, body.code, body.reason, pack, of_caller)
        if refusal is not None:
            raise refusal_told(refusal)
        new = Mark(secrets.token_hex(8), found.number, body.kind, body.code, body.reason, me.name, now)
        await marks.add(new, me.person)
        return _plain(new)

    @router.post("/{number}/{id}/review")
    async def review(number: str, id: str, body: Review, me: Reviewer) -> dict[str, Any]:
        """Review a note; nobody reviews their own."""
        found, pack = await seen(number, me, "order.mark_review")
        known = next((each for each in await marks.of(found.number) if each.id == id), None)
        if known is None:
            raise refused(404, "没有这条标记。改法：刷新后再看", "no_such_mark")
        done = reviewed_mark(known, me.name, body.state, body.finding, body.conditions, pack, deps.clock.now())
        if isinstance(done, Refusal):
            raise refusal_told(done)
        if not await marks.review(done, me.person):
            raise refused(409, "别人刚刚复核了。改法：刷新后再看", "changed_meanwhile")
        return _plain(done)

    @router.get("/{number}/evidence")
    async def evidence(number: str, me: Reviewer) -> dict[str, Any]:
        """Return what one telephone brought in ninety days: orders, calls, notes and the seals of the histories."""
        found, _ = await seen(number, me, "order.evidence")
        numbers, known = await marks.of_caller(found.number, deps.clock.now() - timedelta(days=EVIDENCE_DAYS))
        lives = [await deps.orders.lives.order(each) for each in numbers]
        return {
            "days": EVIDENCE_DAYS,
            "count": len(numbers),
            "orders": [
                {
                    "number": each.number,
                    "opened_at": each.opened.isoformat(),
                    "calls": list(each.calls),
                    "seal": each.head,
                }
                for each in lives
                if each is not None
            ],
            "marks": [_plain(each) for each in known],
        }

    return router


def _plain(mark: Mark) -> dict[str, Any]:
    return {
        "id": mark.id,
        "number": mark.number,
        "kind": mark.kind.value,
        "kind_title": MARK_TITLES[mark.kind],
        "code": mark.code,
        "reason": mark.reason,
        "who": mark.who,
        "at": mark.at.isoformat(),
        "state": mark.state.value,
        "reviewer": mark.reviewer,
        "finding": mark.finding,
        "conditions": list(mark.conditions),
    }
