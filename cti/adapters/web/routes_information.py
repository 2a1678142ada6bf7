"""`/api/information`: units send in the information that they owe; who is late or missing is seen per unit."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from cti.access import Account, Permission
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.desk_days import period
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.routes_supervisor import Day, clean
from cti.adapters.web.sessions import require
from workorder.order import order_day
from workorder.reports.information import STANDS_TITLES, Owed, Sent, Stands, due_of
from workorder.reports.periods import last_whole

Unit = Annotated[Account, Depends(require(Permission.ORDERS_UNIT))]
Reader = Annotated[Account, Depends(require(Permission.REPORTS, Permission.ORDERS_UNIT))]


class SentBody(BaseModel):
    """What is sent in: which duty, of which month (2026-10) or week (2026-W43)."""

    model_config = ConfigDict(extra="forbid")
    duty: str = Field(max_length=40)
    period: str = Field(max_length=10)
    title: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=20_000)


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/information", tags=["information"], responses=answers(401, 403, 404, 409, 422))
    desk = deps.reports

    @router.post("", status_code=201)
    async def send(body: SentBody, me: Unit) -> dict[str, Any]:
        """Send in; the first sending counts, a second one is refused."""
        duty, now = desk.duties().duty(body.duty), deps.clock.now()
        if duty is None:
            raise refused(422, "没有这项报送。改法：从列表里选", "no_such_duty")
        try:
            due = due_of(duty, body.period)
        except ValueError:
            example = "2026-10" if duty.every == "month" else "2026-W43"
            raise refused(422, f"周期不对。改法：写成 {example}", "wrong_period") from None
        if not clean(body.title) or not clean(body.text):
            raise refused(422, "没有内容。改法：写明标题和内容", "empty")
        sent = Sent(me.unit, duty.name, body.period, clean(body.title), clean(body.text), me.name, now)
        if not await desk.store.send_in(sent, me.person):
            raise refused(409, f"{body.period} 的“{duty.title}”已经报过。改法：有补充请报下一期", "sent_already")
        return {"duty": duty.name, "period": body.period, "is_late": now >= due, "due": due}

    @router.get("")
    async def stands(me: Reader, since: Day = None, until: Day = None) -> dict[str, Any]:
        """Return how units stand with the periods that end in these days; a unit sees itself alone."""
        now = deps.clock.now()
        if since is None and until is None:
            since, until = last_whole("month", order_day(now))
        first, last = period(since, until, now)
        own = "" if me.may(Permission.REPORTS) else me.unit
        owed = await desk.owed(first, last, now, own)
        units = [
            {
                "unit": unit,
                **{stands.value: sum(e.stands is stands for e in owed if e.unit == unit) for stands in Stands},
                "owed": [_plain(each) for each in owed if each.unit == unit],
            }
            for unit in dict.fromkeys(each.unit for each in owed)
        ]
        return {"since": first, "until": last, "clause": desk.duties().clause, "units": units}

    return router


def _plain(owed: Owed) -> dict[str, Any]:
    return {
        "duty": owed.duty.name,
        "title": owed.duty.title,
        "period": owed.period,
        "due": owed.due,
        "stands": owed.stands.value,
        "stands_title": STANDS_TITLES[owed.stands],
        "sent": owed.sent.at if owed.sent else None,
        "sent_title": owed.sent.title if owed.sent else "",
    }
