"""`/api/partner`: messages from other systems become orders, the same one once; answers to follow-up SMS."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from cti.adapters.sql.identity_store import SqlIdentities
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import number_of, refusal_told
from cti.adapters.web.partner_door import PartnerDoor
from cti.adapters.web.routes_identity import Papers, papers_of
from cti.citizen import REQUEST_TYPES, read_appeal
from cti.partners import contact_of
from workorder.audit import Person
from workorder.identity import wrong_identity
from workorder.life.actions import Action, Close, SmsDissatisfied
from workorder.life.actors import SYSTEM
from workorder.life.opening import Opening
from workorder.life.refusal import Refusal
from workorder.order import order_day

SMS_WORDS = {"1": "satisfied", "满意": "satisfied", "2": "dissatisfied", "不满意": "dissatisfied"}


class Message(BaseModel):
    """One request of a citizen; `their_id` is the other system's own id: told twice, it is one order."""

    model_config = ConfigDict(extra="forbid")
    their_id: str = Field(min_length=1, max_length=80)
    text: str = Field(max_length=2000)
    name: str = Field(max_length=40)
    phone: str = Field(max_length=20)
    place: str = Field(default="", max_length=100)
    request_type: Literal["咨询", "求助", "投诉", "举报", "建议", "表扬"] = "求助"
    consents: bool = False
    due: datetime | None = None
    identity: Papers | None = None


class SmsAnswer(BaseModel):
    """What a citizen sent back."""

    model_config = ConfigDict(extra="forbid")
    order: str = Field(max_length=24)
    answer: str = Field(max_length=200)


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/partner", tags=["partner"], responses=answers(401, 403, 409, 422, 429))
    door, orders = PartnerDoor(deps), deps.orders
    identities = SqlIdentities(deps.database, orders.sealing.box)

    @router.post("/orders", status_code=201)
    async def message(body: Message, request: Request) -> dict[str, Any]:
        """Take in a message; the same `their_id` again returns the same order."""
        partner = door.admit(request, "intake")
        assert body.request_type in REQUEST_TYPES
        if body.due is not None and body.due.tzinfo is None:
            raise refused(422, "时限没有写时区。改法：写成 2026-11-22T10:00:00+08:00", "invalid")
        form = {name: str(getattr(body, name)) for name in ("text", "name", "phone", "place", "request_type")}
        wanted, wrong = read_appeal(form | {"consents": "yes" if body.consents else ""})
        if wanted is None:
            raise refused(422, f"{'；'.join(wrong.values())}", "invalid")
        wish = Opening(
            channel=partner.channel, consents=wanted.consents, upstream_id=body.their_id, upstream_due=body.due
        )
        papers = papers_of(body.identity) if body.identity else None
        if papers is not None and (bad := wrong_identity(papers, order_day(deps.clock.now()))):
            raise refused(422, bad, "wrong_identity")
        contact = contact_of(partner, body.their_id)
        begun = await orders.take_in(wanted.fields(), wish, SYSTEM, deps.clock.now(), contact)
        if isinstance(begun, Refusal):
            raise refusal_told(begun)
        if papers is not None:
            await identities.put(begun.number, papers, Person(partner.name, "partner"), deps.clock.now())
        return {"number": begun.number, "state": begun.state.value, "their_id": body.their_id}

    @router.post("/sms")
    async def sms(body: SmsAnswer, request: Request) -> dict[str, Any]:
        """Take a citizen's answer to the follow-up SMS: content closes the order, discontent calls for a person."""
        door.admit(request, "sms")
        answer = SMS_WORDS.get(body.answer.strip().rstrip("。.!！"))
        if answer is None:
            raise refused(422, "看不懂的答复。改法：转人工回访", "invalid")
        action: Action = Close("satisfied") if answer == "satisfied" else SmsDissatisfied(body.answer)
        found = await orders.lives.act(number_of(body.order), action, SYSTEM, deps.clock.now())
        if isinstance(found, Refusal):
            raise refusal_told(found)
        return {"number": found.number, "state": found.state.value}

    return router
