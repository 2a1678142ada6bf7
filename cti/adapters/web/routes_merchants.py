"""`/api/merchants`, `/api/merchant-orders`: recommend merchants, hand orders over, keep consent and every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from cti.access import Account, Permission
from cti.adapters.sql.merchant_store import MerchantFilter
from cti.adapters.sql.order_rows import SqlOrderRows
from cti.adapters.web.bookings import Booking, Bookings
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.order_deps import number_of, opened, refusal_told
from cti.adapters.web.own_calls import call_of, must_be_own
from cti.adapters.web.partner_door import PartnerDoor
from cti.adapters.web.routes_supervisor import clean
from cti.adapters.web.sessions import require
from cti.merchant_view import may_see, plain_offer, plain_order
from cti.partners import contact_of
from ivr.call import CallId
from workorder.audit import AuditRow, Person
from workorder.draft import FieldName
from workorder.life.opening import service_line
from workorder.life.refusal import Refusal
from workorder.merchant_orders import (
    Citizen,
    Handover,
    MerchantMove,
    MerchantOrder,
    MerchantState,
    Verdict,
    consented,
    handed_over,
    judged,
    moved,
    seen_at,
    withdrawn,
)
from workorder.sealed import is_sealed

Keeper = Annotated[Account, Depends(require(Permission.MERCHANTS))]
Reader = Annotated[Account, Depends(require(Permission.MERCHANTS, Permission.ORDERS_INSPECT, Permission.MERCHANTS_OWN))]
Mover = Annotated[Account, Depends(require(Permission.MERCHANTS, Permission.MERCHANTS_OWN))]
Recommender = Annotated[Account, Depends(require(Permission.MERCHANTS, Permission.ORDERS_INSPECT))]
TRANSFER_SECONDS = 12.0


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CitizenBody(_Body):
    """Who wants it, where, and what."""

    name: str = Field(min_length=1, max_length=40)
    phone: str = Field(pattern=r"^[0-9+ \-]{3,20}$")
    place: str = Field(default="", max_length=100)
    wish: str = Field(min_length=2, max_length=2000)

    def citizen(self) -> Citizen:
        return Citizen(clean(self.name), clean(self.phone).replace(" ", ""), clean(self.place), clean(self.wish))


class NewMerchantOrder(_Body):
    """An order for a merchant: of a life-service work order, or with the citizen's own words.

    Without `merchant` the one ranked first gets it. `consent`: how the citizen agreed that the merchant may call.
    """

    service: str = Field(max_length=40)
    merchant: str = Field(default="", max_length=40)
    work_order: str = Field(default="", max_length=24)
    citizen: CitizenBody | None = None
    channel: Literal["call", "letter", "wechat"] = "call"
    consent: str = Field(default="", max_length=200)


class BookingBody(CitizenBody):
    """A booking made on another system's website (便民服务网); `their_id` told twice is one order."""

    their_id: str = Field(min_length=1, max_length=80)
    service: str = Field(max_length=40)
    merchant: str = Field(default="", max_length=40)
    consents: StrictBool = False


class Seen(_Body):
    """Which revision of the order was seen."""

    revision: StrictInt = Field(ge=1, le=10**9)


class MoveBody(Seen):
    """Contact, confirm (with what was agreed) or cancel (with why)."""

    move: MerchantMove
    text: str = Field(default="", max_length=500)


class ConsentBody(Seen):
    """How the citizen agreed, or took it back and why."""

    consents: StrictBool
    how: str = Field(default="", max_length=200)


class HandoverBody(Seen):
    """转交 (`ticket`) or 转接 (`call`, which names the call); with `transfer` the switch is asked to put it through."""

    mode: Handover
    call: str = Field(default="", max_length=80)
    transfer: StrictBool = False


class VerdictBody(Seen):
    """What the citizen said when asked afterwards."""

    rating: StrictInt = Field(ge=1, le=5)
    is_completed: StrictBool
    complaint: str = Field(default="", max_length=500)


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["merchants"], responses=answers(401, 403, 404, 409, 422, 503))
    here, rows, door = Bookings(deps), SqlOrderRows(deps.database), PartnerDoor(deps)

    @router.get("/api/merchants")
    async def recommended(me: Recommender, service: Annotated[str, Query(max_length=40)] = "") -> dict[str, Any]:
        """Return the services, and who offers this one: the best first, with the figures behind each rank."""
        rule, offers = here.register.ranking, await here.offers(clean(service))
        return {
            "services": list(here.register.services),
            "names": {each.id: each.name for each in here.register.merchants},
            "weights": {"rating": rule.rating, "completion": rule.completion, "complaints": rule.complaints},
            "merchants": [plain_offer(each, nth) for nth, each in enumerate(offers, 1)],
        }

    @router.get("/api/merchant-orders")
    async def listed(
        me: Reader,
        state: MerchantState | None = None,
        work_order: Annotated[str, Query(max_length=24)] = "",
        page: Annotated[int, Query(ge=1, le=10_000)] = 1,
        size: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> dict[str, Any]:
        """Return orders, the newest first, without their citizens; a merchant sees what was handed over to them."""
        is_ours = me.may(Permission.MERCHANTS) or me.may(Permission.ORDERS_INSPECT)
        if not is_ours and not me.unit:
            raise refused(403, "您的账号没有写明是哪家企业。改法：请管理员补上", "no_unit")
        wanted = MerchantFilter(
            "" if is_ours else clean(me.unit), state.value if state else "", clean(work_order), not is_ours
        )
        found, total = await here.orders.page(wanted, (page - 1) * size, size)
        shown = [plain_order(each, me, deps.masking) for each in found]
        for each in shown:
            del each["citizen"], each["steps"]
        return {"orders": shown, "total": total, "page": page, "size": size}

    @router.post("/api/merchant-orders", status_code=201)
    async def begin(body: NewMerchantOrder, me: Keeper) -> dict[str, Any]:
        """Open an order and propose it to a merchant."""
        channel, number, citizen = body.channel, "", body.citizen.citizen() if body.citizen else None
        if body.work_order:
            number, citizen = await life_service(body.work_order, me, citizen)
        if citizen is None:
            raise refused(422, "没有写诉求人。改法：写 citizen，或写来自哪张工单 work_order", "invalid")
        wish = Booking(
            clean(body.service), citizen, channel, clean(body.merchant), clean(body.consent), work_order=number
        )
        return await told(await here.open(wish, me.person, deps.clock.now()), me)

    async def life_service(text: str, me: Account, given: Citizen | None) -> tuple[str, Citizen]:
        number = number_of(text)
        found = await opened(await rows.one(number), number, me, deps.audit.note, deps.clock.now(), "order.read")
        if found.life is None or service_line(found.life.category) != "life" or found.draft is None:
            raise refused(409, "这张工单不是生活类服务。改法：政务诉求派给承办单位", "refused")
        if is_sealed(found.draft.draft):
            raise refused(409, "这张工单的内容是加密的，不能转给企业。改法：由热线处理", "refused")
        value = found.draft.draft.value
        phone = value(FieldName.PHONE) or value(FieldName.CALLER_NUMBER)
        wish = value(FieldName.SUMMARY) or value(FieldName.TITLE)
        return number, given or Citizen(value(FieldName.NAME), phone, value(FieldName.PLACE), wish)

    @router.get("/api/merchant-orders/{identity}")
    async def one(identity: str, me: Reader) -> dict[str, Any]:
        """Return one order; that they looked, and whether the number was shown, is written down."""
        return await told(await known(identity, me), me)

    @router.post("/api/merchant-orders/{identity}/consent")
    async def consent(identity: str, body: ConsentBody, me: Keeper) -> dict[str, Any]:
        """Record that the citizen agreed that the merchant may have their number, or took it back."""
        act, at = consented if body.consents else withdrawn, deps.clock.now()
        return await changed(identity, body, me, lambda order: act(order, clean(body.how), me.name, at))

    @router.post("/api/merchant-orders/{identity}/handover")
    async def hand_over(identity: str, body: HandoverBody, me: Keeper) -> dict[str, Any]:
        """Hand the order to its merchant: as an order, or with the citizen's call, whose recording stays linked."""
        call: CallId | None = None
        if body.mode is Handover.CALL:
            call = call_of(body.call)
            await must_be_own(deps, me, call)
        at = deps.clock.now()
        order = await known(identity, me)
        step = seen_at(order, body.revision) or handed_over(order, body.mode, call, me.name, at)
        if isinstance(step, Refusal):
            raise refusal_told(step)  # before anybody's telephone rings
        if call is not None and body.transfer:
            await put_through(order, call, me)
        return await changed(identity, body, me, lambda now: handed_over(now, body.mode, call, me.name, at))

    async def put_through(order: MerchantOrder, call: CallId, me: Account) -> None:
        """Ask the controller for the transfer that a desk asks for; its interlock decides whether it may dial."""
        merchant = here.register.merchant(order.merchant)
        if merchant is None or not me.seat:
            raise refused(409, "企业已不在名录里，或您没有签入席位。改法：在席位上转接", "refused")
        words = {"call": call, "to": merchant.phone, "seat": me.seat, "by": me.name, "user": me.name}
        answer = await deps.door.ask("call.transfer_blind", TRANSFER_SECONDS, **words)
        if answer.get("ok") is not True:
            raise refused(409, f"没有转接：{str(answer.get('text') or '')[:200]}", "not_transferred")

    @router.post("/api/merchant-orders/{identity}/moves")
    async def move(identity: str, body: MoveBody, me: Mover) -> dict[str, Any]:
        """Move the order on: contacted, confirmed with what was agreed, or cancelled with why."""
        at = deps.clock.now()
        return await changed(identity, body, me, lambda order: moved(order, body.move, clean(body.text), me.name, at))

    @router.post("/api/merchant-orders/{identity}/verdict")
    async def judge(identity: str, body: VerdictBody, me: Keeper) -> dict[str, Any]:
        """Keep what the citizen said afterwards: it counts in the merchant's rank from now on."""
        verdict, at = Verdict(body.rating, body.is_completed, clean(body.complaint)), deps.clock.now()
        return await changed(identity, body, me, lambda order: judged(order, verdict, me.name, at))

    @router.post("/api/partner/bookings", status_code=201, tags=["partner"])
    async def book(body: BookingBody, request: Request) -> dict[str, Any]:
        """Take in a booking of the convenience services' website; it is the same order, with channel `web`."""
        partner = door.admit(request, "intake")
        consent = f"{partner.name}网上勾选同意" if body.consents else ""
        wish = Booking(
            clean(body.service),
            body.citizen(),
            "web",
            clean(body.merchant),
            consent,
            contact=contact_of(partner, body.their_id),
            is_handed_over=True,
        )
        found = await here.open(wish, Person(partner.name, "partner"), deps.clock.now())
        if isinstance(found, Refusal):
            raise refusal_told(found)
        return {
            "id": found.id,
            "state": found.state.value,
            "channel": found.channel,
            "merchant": found.merchant,
            "their_id": body.their_id,
        }

    async def known(identity: str, me: Account) -> MerchantOrder:
        found = await here.orders.one(clean(identity)[:32])
        if found is not None and may_see(me, found):
            return found
        if me.may(Permission.MERCHANTS) or me.may(Permission.ORDERS_INSPECT):
            raise refused(404, "没有这张生活服务订单。改法：检查编号", "no_such_order")
        await deps.audit.note(
            AuditRow(deps.clock.now(), me.person, "merchant_order.forbidden", clean(identity)[:32], {})
        )
        raise refused(403, "没有这张订单，或它没有交给您的企业。改法：检查编号", "not_your_order")

    async def changed(
        identity: str, body: Seen, me: Account, step: Callable[[MerchantOrder], MerchantOrder | Refusal]
    ) -> dict[str, Any]:
        order = await known(identity, me)
        return await told(await here.orders.change(order.id, body.revision, me.person, deps.clock.now(), step), me)

    async def told(found: MerchantOrder | Refusal | None, me: Account) -> dict[str, Any]:
        """Return the order as this person may see it, and write down whether that showed them the number."""
        if found is None:
            raise refused(404, "没有这张生活服务订单。改法：检查编号", "no_such_order")
        if isinstance(found, Refusal):
            raise refusal_told(found)
        shown = plain_order(found, me, deps.masking)
        detail = {"phone_shown": bool(found.citizen.phone) and shown["citizen"]["phone"] == found.citizen.phone}
        await deps.audit.note(AuditRow(deps.clock.now(), me.person, "merchant_order.seen", found.id, detail))
        return shown

    return router
