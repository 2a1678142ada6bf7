"""`/api/order-lists`: what a joint meeting must look at, how long each step takes, and an order's written opinion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from cti.access import Account, Permission, hidden_from
from cti.adapters.sql.order_rows import OrderFilter, SqlOrderRows
from cti.adapters.web.citizen import environment
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.desk_days import instants, period
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import number_of, opened, unsealed
from cti.adapters.web.sessions import require
from cti.order_view import detail_of, row_of
from workorder.life.states import WITH_UNIT, LifeState

Office = Annotated[Account, Depends(require(Permission.ORDERS_INSPECT, Permission.WALLBOARD))]
Reader = Annotated[Account, Depends(require(Permission.ORDERS_READ, Permission.ORDERS_UNIT))]
MOST_LISTED = 200
_SPANS = (
    ("filed", "登记到立案", ("accept",)),
    ("dispatched", "登记到派遣", ("dispatch", "decide_lead")),
    ("replied", "登记到答复", ("reply", "reply_unsolvable", "answer_directly")),
    ("told", "登记到告知市民", ("tell_citizen", "answer_directly", "refuse_request")),
)

_ANSWERS = frozenset({"tell_citizen", "answer_directly", "refuse_request", "inform_repeat", "merge"})


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/order-lists", tags=["orders"], responses=answers(403))
    rows = SqlOrderRows(deps.database)

    @router.get("/meeting")
    async def meeting(me: Office) -> dict[str, Any]:
        """Return what a joint meeting must decide: in coordination, given back by a unit, or past its limit."""
        now, hidden = deps.clock.now(), hidden_from(me, deps.masking)
        coordinating, _ = await rows.page(OrderFilter(states=[LifeState.COORDINATING.value]), 0, MOST_LISTED)
        with_unit = [state.value for state in WITH_UNIT]
        overdue, _ = await rows.page(OrderFilter(states=with_unit, due_before=now), 0, MOST_LISTED)
        disputed = [await rows.one(number) for number in await rows.disputed(MOST_LISTED)]
        return {
            "coordinating": [row_of(each.draft, each.life, me, now, hidden) for each in coordinating],
            "disputed": [row_of(each.draft, each.life, me, now, hidden) for each in disputed if each is not None],
            "overdue": [row_of(each.draft, each.life, me, now, hidden) for each in overdue],
        }

    @router.get("/latencies")
    async def latencies(me: Office, since: date | None = None, until: date | None = None) -> dict[str, Any]:
        """Return how long each step took, from the events alone: median and 90th percentile in seconds."""
        first, last = period(since, until, deps.clock.now(), usual_days=30)
        found = await rows.steps(*instants(first, last))
        return {
            "since": first.isoformat(),
            "until": last.isoformat(),
            "orders": len(found),
            "spans": [
                {"name": name, "title": title, **_spread(found.values(), moves)} for name, title, moves in _SPANS
            ],
            "formula": "每张工单从登记（open）到该步骤第一次发生的秒数；没有这一步的不计。p50、p90 取最近秩。",
        }

    @router.get("/coverage")
    async def coverage(me: Office, since: date | None = None, until: date | None = None) -> dict[str, Any]:
        """Return whether every matter got an answer: the share, its formula, and every order that has none yet."""
        first, last = period(since, until, deps.clock.now(), usual_days=30)
        found = await rows.steps(*instants(first, last))
        unanswered = sorted(number for number, steps in found.items() if not _ANSWERS & steps.keys())
        return {
            "since": first.isoformat(),
            "until": last.isoformat(),
            "orders": len(found),
            "answered": len(found) - len(unanswered),
            "share": (len(found) - len(unanswered)) / len(found) if found else None,
            "exceptions": unanswered[:MOST_LISTED],
            "formula": "已告知市民、直接答复、说明不予受理、告知终结或并单的件数 ÷ 期内登记的件数。",
        }

    @router.get("/{number}/opinion", response_class=Response)
    async def opinion(number: str, me: Reader) -> Response:
        """Return the written opinion on an order, ready to be printed and sealed; only once there is a reply."""
        name = number_of(number)
        found = await opened(await rows.one(name), name, me, deps.audit.note, deps.clock.now(), "order.opinion")
        if found.life is None or not found.life.reply:
            raise refused(409, "还没有答复，出不了书面意见。改法：答复后再出", "refused")
        found = await unsealed(found, me, deps.orders.sealing, deps.clock.now())
        assert found.life is not None
        pack = await deps.orders.lives.pack(found.life.pack)
        whole = detail_of(found.draft, found.life, pack, me, deps.clock.now(), hidden_from(me, deps.masking))
        text = environment().get_template("citizen/opinion.html").render(order=whole, life=found.life)
        return Response(text, media_type="text/html; charset=utf-8")

    return router


def _spread(orders: Iterable[Mapping[str, datetime]], moves: Iterable[str]) -> dict[str, Any]:
    seconds = sorted(
        (min(at for move, at in steps.items() if move in moves) - steps["open"]).total_seconds()
        for steps in orders
        if "open" in steps and any(move in steps for move in moves)
    )
    return {"count": len(seconds), "p50": _rank(seconds, 50), "p90": _rank(seconds, 90)}


def _rank(values: list[float], percent: int) -> float | None:
    """Return the nearest rank."""
    return values[max(0, -(-len(values) * percent // 100) - 1)] if values else None
