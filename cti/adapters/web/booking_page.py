"""`/q/booking`: citizens book life services on the web (网上预订), without signing in; the order has channel `web`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from cti.adapters.web.bookings import Booking, Bookings, merchants_file
from cti.adapters.web.citizen import APPEALS_OF_ADDRESS, environment, read_form
from cti.adapters.web.citizen_tries import Tries
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.form_tokens import FormTokens
from cti.adapters.web.sessions import address_of
from cti.citizen import Appeal, read_appeal
from workorder.audit import Person
from workorder.life.refusal import Refusal
from workorder.merchant_orders import Citizen
from workorder.merchants import Offer

ON_THE_WEB = Person("市民", "citizen")
CONSENT = "网上预订时勾选同意"
CHOICES_OF_SERVICE = 5


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/q/booking", include_in_schema=False)
    here, tokens = Bookings(deps), FormTokens(deps.clock.now)
    templates = environment(merchants_file(deps.settings.data_folder).is_file)
    booked = Tries(APPEALS_OF_ADDRESS, deps.clock.monotonic)

    def page(template: str, status: int = 200, **words: Any) -> Response:
        text = templates.get_template(f"citizen/{template}.html").render(here="booking", **words)
        return Response(text, status, media_type="text/html; charset=utf-8")

    @router.get("")
    async def empty() -> Response:
        refusal = await here.refusal(deps.clock.now())
        if refusal is not None:
            return page("booking", 404, problem=f"{refusal.what}生活服务请拨打 12345 询问。", groups=[])
        return await form_page({}, {})

    @router.post("")
    async def book(request: Request) -> Response:
        form, address = await read_form(request), address_of(request)
        if form["website"]:
            return page(
                "booked", number="SH00000000-00000000", merchant="企业", consents=True
            )  # let a machine think so
        if booked.is_closed(address):
            return await form_page(form, {}, "提交得太频繁。请一小时后再试，或拨打 12345。", 429)
        if not tokens.is_good(form["token"]):
            told = "页面打开得太久或提交得太快，没有收下。内容还在，请再按一次“提交预订”。"
            return await form_page(form, {}, told, 409)
        wanted, wrong = read_appeal({**form, "request_type": "求助"})
        if not form["choice"].partition("/")[2]:
            wrong = {**wrong, "choice": "请选一项服务和一家企业。"}
        if wanted is None or wrong:
            return await form_page(form, wrong, "还没有预订：请改好标出的地方。", 422)
        found = await here.open(_wish(form["choice"], wanted), ON_THE_WEB, deps.clock.now())
        if isinstance(found, Refusal):
            return await form_page(form, {}, f"没有预订：{found} 也可以拨打 12345。", 409)
        booked.count(address)
        merchant = here.register.merchant(found.merchant)
        name = merchant.name if merchant else "企业"
        return page("booked", 201, number=found.id, merchant=name, consents=wanted.consents)

    async def form_page(
        form: Mapping[str, str], wrong: Mapping[str, str], problem: str = "", status: int = 200
    ) -> Response:
        offers = await here.offers_of(here.register.services)
        return page(
            "booking",
            status,
            form=defaultdict(str, form),
            problems=defaultdict(str, wrong),
            problem=problem,
            token=tokens.token(),
            groups=[_group(service, found) for service, found in offers.items() if found],
        )

    return router


def _group(service: str, offers: Sequence[Offer]) -> dict[str, Any]:
    choices = [
        {"value": f"{service}/{each.merchant.id}", "title": f"{each.merchant.name}（{each.points:g} 分）"}
        for each in offers[:CHOICES_OF_SERVICE]
    ]
    return {"service": service, "choices": choices}


def _wish(choice: str, wanted: Appeal) -> Booking:
    service, _, merchant = choice.rpartition("/")
    citizen = Citizen(wanted.name, wanted.phone, wanted.place, wanted.text)
    consent = CONSENT if wanted.consents else ""
    return Booking(service[:40], citizen, "web", merchant[:40], consent, is_handed_over=True)
