"""`/api/quality`: draw calls without bias, judge them by the form."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StrictInt

from cti.access import Account, Permission, hidden_from
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.mark_store import SqlMarks
from cti.adapters.sql.quality_store import Draw, Review, SqlQuality
from cti.adapters.sql.report_rows import SqlReportRows
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.desk_days import instants, period
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import number_of
from cti.adapters.web.own_calls import call_of
from cti.adapters.web.routes_supervisor import clean, plain_of
from cti.adapters.web.sessions import require
from cti.quality import FORM, MOST_DRAWN, RUDE, ScoreError, drawn, drawn_per_seat, score
from workorder.cities.pack import Pack
from workorder.marks import Mark, MarkKind, violation_of_attitude
from workorder.order import OrderNumber

Judge = Annotated[Account, Depends(require(Permission.QUALITY))]


class DrawBody(BaseModel):
    """How many calls of which days; `per_seat`: so many of each seat, else so many of all."""

    model_config = ConfigDict(extra="forbid")
    since: date | None = None
    until: date | None = None
    seat: str = Field(default="", max_length=80)
    count: StrictInt = Field(ge=1, le=MOST_DRAWN)
    per_seat: bool = False


class ReviewBody(BaseModel):
    """Points for every line of the form."""

    model_config = ConfigDict(extra="forbid")
    form: StrictInt = Field(ge=1, le=10_000)
    marks: dict[Annotated[str, Field(max_length=40)], StrictInt] = Field(max_length=60)
    remark: str = Field(default="", max_length=2000)
    complaint: str = Field(default="", max_length=24)


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/quality", tags=["quality"], responses=answers(401, 403, 404, 409, 422, 503))
    rows, kept, calls = SqlReportRows(deps.database), SqlQuality(deps.database), SqlCallStore(deps.database)
    marks = SqlMarks(deps.database)

    @router.get("/form")
    async def form(me: Judge) -> dict[str, Any]:
        """Return the form by which calls are judged."""
        return {
            "version": FORM.version,
            "full_marks": FORM.full_marks,
            "criteria": [
                {
                    "name": each.name,
                    "title": each.title,
                    "points": each.points,
                    "hint": each.hint,
                    "fatal": each.is_fatal,
                }
                for each in FORM.criteria
            ],
        }

    @router.post("/draws")
    async def draw(body: DrawBody, me: Judge) -> dict[str, Any]:
        """Draw calls: every answered and recorded call of these days has the same chance."""
        now = deps.clock.now()
        first, last = period(body.since, body.until, now)
        population = await rows.drawable(*instants(first, last), clean(body.seat))
        if not population:
            raise refused(404, "这几天没有接通并有录音的通话。改法：换日期或席位", "nothing_to_draw")
        seed = secrets.token_hex(16)
        chosen = (drawn_per_seat if body.per_seat else drawn)(population, body.count, seed)
        wanted = {**body.model_dump(mode="json"), "since": first.isoformat(), "until": last.isoformat()}
        made = Draw(secrets.token_hex(8), now, me.name, seed, wanted, len(population), chosen)
        await kept.keep_draw(made, me.person)
        return await shown(made, me)

    @router.get("/draws")
    async def draws(me: Judge) -> dict[str, Any]:
        """Return the latest draws."""
        return {"draws": [plain_draw(each) for each in await kept.latest_draws()]}

    @router.get("/draws/{identity}")
    async def one_draw(identity: str, me: Judge) -> dict[str, Any]:
        """Return one draw with its calls and how they were judged."""
        found = await kept.draw(clean(identity)[:32])
        if found is None:
            raise refused(404, "没有这次抽样。改法：从列表里选", "no_such_draw")
        return await shown(found, me)

    async def shown(made: Draw, me: Account) -> dict[str, Any]:
        hidden = hidden_from(me, deps.masking)
        return {**plain_draw(made), "calls": [plain_of(each, hidden) for each in await rows.these(made.calls)]}

    @router.get("/reviews/{call}")
    async def reviews(call: str, me: Judge) -> dict[str, Any]:
        """Return how a call was judged, by whom."""
        return {"reviews": [plain_review(each) for each in await kept.reviews(call_of(call))]}

    @router.put("/reviews/{call}")
    async def judge(call: str, body: ReviewBody, me: Judge) -> dict[str, Any]:
        """Judge a call; one's own earlier judgement is replaced. Nobody judges a call of the seat where they sit."""
        asked = call_of(call)
        record = await calls.call(asked)
        if record is None or record.answered is None:
            raise refused(404, "没有这通接通的电话。改法：检查通话编号", "no_such_call")
        if me.seat and record.seat == me.seat:
            raise refused(403, "不能给自己的通话打分。改法：请别人评", "own_call")
        if body.form != FORM.version:
            raise refused(409, "评分表已经更新。改法：刷新页面后重新打分", "old_form")
        try:
            total = score(FORM, body.marks)
        except ScoreError as error:
            raise refused(422, str(error), "wrong_marks") from None
        now = deps.clock.now()
        complaint = number_of(body.complaint) if body.complaint else ""
        pack = await _rules_of(complaint) if complaint else None
        review = Review(
            asked, me.name, now, record.seat, FORM.version, body.marks, total, body.remark.strip(), complaint
        )
        await kept.keep_review(review, me.person)
        if pack is not None and body.marks.get(RUDE):
            await _mark(OrderNumber(complaint), violation_of_attitude(pack), review, me)
        return plain_review(review)

    @router.get("/complaints/{number}")
    async def of_complaint(number: str, me: Judge) -> dict[str, Any]:
        """Return how the calls that a complaint is about were judged."""
        return {"reviews": [plain_review(each) for each in await kept.of_complaint(number_of(number))]}

    async def _rules_of(number: str) -> Pack:
        """Return the rules under which a complaint is handled; 404 when there is no such order."""
        order = await deps.orders.lives.order(OrderNumber(number))
        pack = await deps.orders.lives.pack(order.pack) if order else None
        if pack is None:
            raise refused(404, "没有这张投诉工单。改法：检查工单编号", "no_such_order")
        return pack

    async def _mark(number: OrderNumber, code: str, review: Review, me: Account) -> None:
        """Note the violation on the complaint, once for each call and judge; somebody else reviews it."""
        reason = f"质检认定：通话 {review.call}，评分人 {review.who}。{review.remark}"
        known = await marks.of(number)
        if not any(each.kind is MarkKind.VIOLATION and each.reason.startswith(reason[:60]) for each in known):
            mark = Mark(secrets.token_hex(8), number, MarkKind.VIOLATION, code, reason, me.name, review.at)
            await marks.add(mark, me.person)

    return router


def plain_draw(made: Draw) -> dict[str, Any]:
    """Return a draw as JSON can hold it; seed and population prove that nobody chose."""
    return {
        "id": made.id,
        "at": made.at.isoformat(),
        "who": made.who,
        "seed": made.seed,
        "wanted": dict(made.wanted),
        "population": made.population,
        "drawn": len(made.calls),
    }


def plain_review(review: Review) -> dict[str, Any]:
    """Return a judgement as JSON can hold it."""
    return {
        "call": review.call,
        "who": review.who,
        "at": review.at.isoformat(),
        "seat": review.seat,
        "form": review.form,
        "marks": dict(review.marks),
        "total": review.total,
        "remark": review.remark,
        "complaint": review.complaint,
    }
