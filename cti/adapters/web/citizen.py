"""`/q`: what citizens use without signing in. Server-rendered, works without JavaScript, tells strangers nothing.

Whoever does not know both an order's number and the last four digits of its telephone gets one and the same answer
after one and the same time, whether the order exists or not.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from cti.adapters.sql.order_rows import SqlOrderRows
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.sql.publication_store import SqlPublications
from cti.adapters.web.bookings import merchants_file
from cti.adapters.web.citizen_tries import Tries
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import refused
from cti.adapters.web.form_tokens import FormTokens
from cti.adapters.web.sessions import address_of
from cti.citizen import REQUEST_TYPES, is_theirs, read_appeal
from workorder.life.actors import SYSTEM
from workorder.life.opening import Opening, service_line
from workorder.life.plain_words import Standing, standing_of
from workorder.life.refusal import Refusal
from workorder.life.states import ENDS
from workorder.life.states import LifeState as S
from workorder.order import HOTLINE_TIME, OrderNumber, order_number

ANSWER_SECONDS = 0.3
"""Every look-up takes as long: how long the database took tells nothing."""
WRONG_OF_ADDRESS, WRONG_OF_NUMBER, APPEALS_OF_ADDRESS = 30, 10, 10
MOST_FORM_BYTES = 64 * 1024
PUBLISHED_AT_ONCE = 20
STATISTICS_DAYS = 30
_TOLD = frozenset(
    {state.value for state in ENDS} | {S.TOLD.value, S.SMS_FOLLOWUP.value, S.MANUAL_FOLLOWUP.value, S.CLOSED.value}
)
NOTHING = "没有查到：编号与电话后四位对不上。请核对后再试，或拨打 12345 询问。"
TOO_OFTEN = "查询太频繁，请一小时后再试，或拨打 12345 询问。"


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/q", include_in_schema=False)
    templates = environment(merchants_file(deps.settings.data_folder).is_file)
    drafts, lives = SqlOrderStore(deps.database), deps.orders.lives
    publications, rows = SqlPublications(deps.database), SqlOrderRows(deps.database)
    by_address = Tries(WRONG_OF_ADDRESS, deps.clock.monotonic)
    by_number = Tries(WRONG_OF_NUMBER, deps.clock.monotonic)
    appeals = Tries(APPEALS_OF_ADDRESS, deps.clock.monotonic)
    tokens = FormTokens(deps.clock.now)

    def page(template: str, here: str, status: int = 200, **words: Any) -> Response:
        text = templates.get_template(f"citizen/{template}.html").render(here=here, **words)
        return Response(text, status, media_type="text/html; charset=utf-8")

    @router.get("/citizen.css")
    async def style() -> Response:
        css = templates.get_template("citizen/citizen.css").render()
        return Response(css, media_type="text/css; charset=utf-8", headers={"cache-control": "public, max-age=3600"})

    @router.get("")
    async def query() -> Response:
        return page("query", "query", standing=None, problem="", number="")

    @router.post("")
    async def answer(request: Request) -> Response:
        until = asyncio.get_running_loop().time() + ANSWER_SECONDS
        form = await read_form(request)
        number, digits, address = form["number"].strip().upper()[:24], form["phone"].strip()[:8], address_of(request)
        keys = ((by_address, address), (by_number, number))
        is_closed = any(tries.is_closed(key) for tries, key in keys)
        found = None if is_closed else await look_up(number, digits)
        if found is None and not is_closed:
            for tries, key in keys:
                tries.count(key)
        await asyncio.sleep(max(0.0, until - asyncio.get_running_loop().time()))
        if is_closed:
            return page("query", "query", 429, standing=None, problem=TOO_OFTEN, number=number)
        problem = "" if found else NOTHING
        return page("query", "query", 200 if found else 404, standing=found, problem=problem, number=number)

    async def look_up(text: str, digits: str) -> Standing | None:
        try:
            number = order_number(text)
        except ValueError:
            number = OrderNumber("WO00000000-000000")
        draft, order = await drafts.order(number), await lives.order(number)
        theirs = is_theirs(draft.draft if draft else None, digits)
        if not theirs or draft is None:
            return None
        if order is None:
            return Standing(number, "已收到，正在登记。", draft.created, None, False, ((draft.created, "收到"),))
        return standing_of(order, await lives.history(number))

    @router.get("/appeal")
    async def empty() -> Response:
        return form_page({}, {})

    @router.post("/appeal")
    async def appeal(request: Request) -> Response:
        form, address = await read_form(request), address_of(request)
        if form["website"]:
            return page("receipt", "appeal", number="WO00000000-000000", due=None)  # a machine: let it believe so
        if appeals.is_closed(address):
            return form_page(form, {}, "提交得太频繁。请一小时后再试，或拨打 12345。", 429)
        if not tokens.is_good(form["token"]):
            return form_page(form, {}, "页面打开得太久或提交得太快，没有收下。内容还在，请再按一次“提交”。", 409)
        wanted, wrong = read_appeal(form)
        if wanted is None:
            return form_page(form, wrong, "还没有提交：请改好标出的地方。", 422)
        appeals.count(address)
        wish = Opening(channel="web", consents=wanted.consents)
        begun = await deps.orders.take_in(wanted.fields(), wish, SYSTEM, deps.clock.now())
        if isinstance(begun, Refusal):
            return form_page(form, {}, f"没有收下：{begun} 也可以拨打 12345。", 409)
        return page("receipt", "appeal", 201, number=begun.number, due=begun.due)

    @router.get("/published")
    async def published(page_number: Annotated[int, Query(alias="page", ge=1, le=1000)] = 1) -> Response:
        found = await publications.page((page_number - 1) * PUBLISHED_AT_ONCE, PUBLISHED_AT_ONCE + 1)
        shown = [
            {"title": e.title, "summary": e.summary, "result": e.result, "unit": e.unit, "day": _local(e.at).date()}
            for e in found[:PUBLISHED_AT_ONCE]
        ]
        return page("published", "published", rows=shown, more=len(found) > PUBLISHED_AT_ONCE, page=page_number)

    async def counted() -> dict[str, Any]:
        now = deps.clock.now()
        until = now.astimezone(HOTLINE_TIME).replace(hour=0, minute=0, second=0, microsecond=0)
        since = until - timedelta(days=STATISTICS_DAYS)
        pack, counts = await deps.orders.pack(now), await rows.public_counts(since, until)
        titles = {each.name: each.title for each in pack.categories if not each.is_protected}
        total, told = sum(e[2] for e in counts), sum(e[2] for e in counts if e[1] in _TOLD)
        in_time = sum(e[3] for e in counts)
        by_category = [
            {
                "title": title,
                "count": sum(e[2] for e in counts if e[0] == name),
                "ended": sum(e[2] for e in counts if e[0] == name and e[1] in _TOLD),
            }
            for name, title in titles.items()
        ]
        return {
            "since": since.date().isoformat(),
            "until": (until - timedelta(days=1)).date().isoformat(),
            "total": total,
            "told": told,
            "rate": in_time / told if told else None,
            "rows": by_category,
            "lines": {line: sum(e[2] for e in counts if service_line(e[0]) == line) for line in ("government", "life")},
            "formula": "按时率 = 到期前已告知市民的件数 ÷ 已告知市民的件数。受保护的类别只计入总数。",
        }

    @router.get("/statistics")
    async def statistics() -> Response:
        return page("statistics", "statistics", **await counted())

    @router.get("/statistics.json")
    async def statistics_plain() -> dict[str, Any]:
        return await counted()

    def form_page(form: Mapping[str, str], wrong: Mapping[str, str], problem: str = "", status: int = 200) -> Response:
        return page(
            "appeal",
            "appeal",
            status,
            form=defaultdict(str, form),
            problems=defaultdict(str, wrong),
            problem=problem,
            token=tokens.token(),
            request_types=REQUEST_TYPES,
        )

    return router


async def read_form(request: Request) -> defaultdict[str, str]:
    """Return the fields of a form, the first of each name; files are not looked at."""
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MOST_FORM_BYTES:
        raise refused(413)
    async with request.form(max_files=0, max_fields=30) as sent:
        found: defaultdict[str, str] = defaultdict(str)
        for name, value in sent.multi_items():
            if isinstance(value, str):
                found.setdefault(name, value)
        return found


def environment(has_bookings: Callable[[], bool] = lambda: False) -> Environment:
    """Return the templates with their filters: `instant`, `day`, `iso`; `has_bookings` puts a link into each page."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["has_bookings"] = has_bookings
    made.filters["instant"] = lambda at: _local(at).strftime("%m月%d日 %H:%M")
    made.filters["day"] = lambda at: _local(at).strftime("%Y年%m月%d日 %H:%M")
    made.filters["iso"] = lambda at: _local(at).isoformat(timespec="minutes")
    return made


def _local(at: datetime) -> datetime:
    return at.astimezone(HOTLINE_TIME)
