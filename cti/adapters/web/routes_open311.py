"""`/open311/v2`: Open311 GeoReport v2 as a server, JSON and XML. What it tells of a request names nobody, no place."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from cti.adapters.sql.order_rows import OrderFilter, SqlOrderRows
from cti.adapters.web.citizen import read_form
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import ApiError
from cti.adapters.web.partner_door import PartnerDoor
from cti.citizen import read_appeal
from cti.open311_xml import written
from cti.partners import contact_of
from workorder.cities.pack import Category, Pack
from workorder.life.actors import SYSTEM
from workorder.life.living import LivingOrder
from workorder.life.opening import Opening
from workorder.life.plain_words import standing_of
from workorder.life.refusal import Refusal
from workorder.life.states import ENDS, LifeState
from workorder.order import order_number

CHANNEL = "open311"
Form = Literal["json", "xml"]
MOST_LISTED = 100
_CLOSED = ENDS | {LifeState.TOLD, LifeState.CLOSED, LifeState.SMS_FOLLOWUP, LifeState.MANUAL_FOLLOWUP}


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/open311/v2", tags=["open311"])
    door, orders, rows = PartnerDoor(deps), deps.orders, SqlOrderRows(deps.database)

    @router.get("/discovery.{form}", response_model=None)
    async def discovery(request: Request, form: Form) -> Response:
        """Say where the service is."""
        base = str(request.base_url).rstrip("/") + "/open311/v2"
        formats = ["application/json", "text/xml"]
        endpoint = {"specification": "http://wiki.open311.org/GeoReport_v2", "url": base, "type": "production"}
        found = {
            "changeset": "2026-11-22",
            "contact": "拨打 12345",
            "key_service": "由热线管理员登记（hotline partner add）",
            "endpoints": [{**endpoint, "changeset": "2026-11-22", "formats": formats}],
        }
        return _answer(form, "discovery", found)

    @router.get("/services.{form}", response_model=None)
    async def services(form: Form) -> Response:
        """Return what may be asked for: the city's categories, without those that are protected."""
        found = [_service(each) for each in _open_categories(await orders.pack(deps.clock.now()))]
        return _answer(form, "services", found)

    @router.get("/services/{code}.{form}", response_model=None)
    async def service(code: str, form: Form) -> Response:
        """Return what must be told with a request."""
        pack = await orders.pack(deps.clock.now())
        if code not in [each.name for each in _open_categories(pack)]:
            return _error(form, 404, f"没有“{code[:40]}”这项服务")
        attributes = [
            _attribute(1, "name", "姓名或称呼"),
            _attribute(2, "phone", "联系电话"),
        ]
        return _answer(form, "service_definition", {"service_code": code, "attributes": attributes})

    @router.post("/requests.{form}", response_model=None)
    async def request_service(request: Request, form: Form) -> Response:
        """Take in a request; returns its id, which is also its token. An `external_id` told twice is one request."""
        given = await read_form(request)
        try:
            partner = door.admit(request, "open311", given["api_key"])
        except ApiError as error:
            return _error(form, error.status, error.text)
        pack, now = await orders.pack(deps.clock.now()), deps.clock.now()
        if given["service_code"] not in [each.name for each in _open_categories(pack)]:
            return _error(form, 400, "service_code 不对，请先取 services.json")
        place = given["address_string"] or given["address_id"]
        if not place and given["lat"] and given["long"]:
            place = f"{given['lat'][:12]},{given['long'][:12]}"
        if not place:
            return _error(form, 400, "没有地点：写 address_string，或 lat 和 long")
        name = f"{given['last_name']}{given['first_name']}" or given["attribute[name]"]
        appeal, wrong = read_appeal(
            {
                "name": name,
                "phone": given["phone"] or given["attribute[phone]"],
                "place": place,
                "text": given["description"],
                "request_type": "求助",
            }
        )
        if appeal is None:
            return _error(form, 400, "；".join(wrong.values()))
        known = given["external_id"][:80]
        contact = contact_of(partner, known) if known else secrets.token_hex(12)
        wish = Opening(category=given["service_code"], channel=CHANNEL)
        begun = await orders.take_in(appeal.fields(), wish, SYSTEM, now, contact)
        if isinstance(begun, Refusal):
            return _error(form, 400, str(begun))
        notice = "凭编号和电话后四位可在 /q 查进度。"
        told = [{"service_request_id": begun.number, "service_notice": notice, "account_id": None}]
        return _answer(form, "service_requests", told, 201)

    @router.get("/tokens/{token}.{form}", response_model=None)
    async def token_of(token: str, form: Form) -> Response:
        """Return the request of a token: ours are the same."""
        found = await one(token)
        if found is None:
            return _error(form, 404, "没有这个令牌")
        return _answer(form, "service_requests", [{"service_request_id": found.number, "token": found.number}])

    @router.get("/requests/{number}.{form}", response_model=None)
    async def status(number: str, form: Form) -> Response:
        """Return where a request stands."""
        found = await one(number)
        if found is None:
            return _error(form, 404, "没有这个请求")
        return _answer(form, "service_requests", [await told(found)])

    @router.get("/requests.{form}", response_model=None)
    async def statuses(
        form: Form,
        service_request_id: Annotated[str, Query(max_length=2000)] = "",
        service_code: Annotated[str, Query(max_length=80)] = "",
        start_date: datetime | None = None,
        end_date: datetime | None = None,
        status: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        """Return requests, the newest first; those that came by Open311 only."""
        if any(each is not None and each.tzinfo is None for each in (start_date, end_date)):
            return _error(form, 400, "时间要写时区，例如 2026-11-22T10:00:00Z")
        if service_request_id:
            wanted = [await one(each.strip()) for each in service_request_id.split(",")[:MOST_LISTED]]
            return _answer(form, "service_requests", [await told(each) for each in wanted if each is not None])
        chosen = OrderFilter(
            channel=CHANNEL, category=service_code.replace("\0", ""), opened_from=start_date, opened_until=end_date
        )
        found, _ = await rows.page(chosen, 0, MOST_LISTED)
        shown = [await told(each.life) for each in found if each.life is not None]
        chosen_ones = [each for each in shown if not status or each["status"] in status.split(",")]
        return _answer(form, "service_requests", chosen_ones)

    async def one(number: str) -> LivingOrder | None:
        try:
            found = await orders.lives.order(order_number(number))
        except ValueError:
            return None
        return found if found is not None and found.channel == CHANNEL else None

    async def told(order: LivingOrder) -> dict[str, Any]:
        pack = await orders.lives.pack(order.pack)
        category = pack.category(order.category) if pack else None
        standing = standing_of(order, await orders.lives.history(order.number))
        return {
            "service_request_id": order.number,
            "status": "closed" if order.state in _CLOSED else "open",
            "status_notes": standing.words,
            "service_name": category.title if category else order.category,
            "service_code": order.category,
            "agency_responsible": order.lead,
            "requested_datetime": order.opened.isoformat(),
            "updated_datetime": order.updated.isoformat(),
            "expected_datetime": standing.due.isoformat() if standing.due else None,
        }

    return router


def _open_categories(pack: Pack) -> list[Category]:
    return [each for each in pack.categories if not each.is_protected]


def _service(category: Category) -> dict[str, Any]:
    return {
        "service_code": category.name,
        "service_name": category.title,
        "description": category.title,
        "metadata": True,
        "type": "realtime",
        "keywords": "",
        "group": "12345",
    }


def _attribute(order: int, code: str, title: str) -> dict[str, Any]:
    return {
        "variable": True,
        "code": code,
        "datatype": "string",
        "required": True,
        "datatype_description": None,
        "order": order,
        "description": title,
    }


def _error(form: Form, status: int, description: str) -> Response:
    """Errors as Open311 has them: a list of code and description."""
    return _answer(form, "errors", [{"code": status, "description": description}], status)


def _answer(form: Form, root: str, found: object, status: int = 200) -> Response:
    """Return values in the format that was asked for."""
    if form == "xml":
        return Response(written(root, found), status, media_type="text/xml; charset=utf-8")
    return JSONResponse(found, status)
