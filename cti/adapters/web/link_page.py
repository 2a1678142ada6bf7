"""The page behind a secret link, and its PIDF-LO twin: read-only, without scripts, audited.

A wrong, expired or damaged link and a path that never was get the same answer, byte for byte.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

from fastapi import FastAPI, Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.exceptions import HTTPException

from cti.adapters.web.link_files import LinkFiles
from cti.adapters.web.pace import Pace
from cti.link_view import CallView, Grant, view_of
from ivr.errors import StoreError
from ivr.ports import Clock, Journal

log = logging.getLogger(__name__)

REFRESH_SECONDS = 10
PIDF = "application/pidf+xml"
CHINA = timezone(timedelta(hours=8))
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=select_autoescape(["html", "xml"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def link_app(links: LinkFiles, journal: Journal, clock: Clock, views_per_minute: int) -> FastAPI:
    """Return the application: `/e/<secret>`, `/e/<secret>/place`, `/link.css`."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    pace = Pace(views_per_minute, clock.monotonic)

    @app.middleware("http")
    async def guard(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await answer(request) if pace.allows(_address(request)) else _words(429, "请求太频繁，请稍后再试。")
        response.headers.update(_HEADERS)
        return response

    @app.exception_handler(HTTPException)
    async def nothing(request: Request, failure: HTTPException) -> Response:
        return _not_there()

    @app.get("/link.css")
    async def style() -> Response:
        return Response(_templates.get_template("link.css").render(), media_type="text/css")

    @app.get("/e/{secret}")
    async def page(secret: str, request: Request) -> Response:
        return await asyncio.to_thread(look, secret, request, "page")

    @app.get("/e/{secret}/place")
    async def place(secret: str, request: Request) -> Response:
        return await asyncio.to_thread(look, secret, request, "place")

    def look(secret: str, request: Request, what: str) -> Response:
        now = clock.now()
        grant = links.find(secret, now)
        if grant is None:
            return _not_there()
        try:
            view = view_of(journal.read(grant.call), grant)
            links.audit(_look_of(grant, request, what, now))
        except StoreError as error:
            log.error("link_not_shown", extra={"call": grant.call, "reason": str(error)})
            return _words(503, "暂时无法显示，请稍后再试。")
        return _pidf(view, now) if what == "place" else _html(view, now)

    return app


def _html(view: CallView, now: datetime) -> Response:
    text = _templates.get_template("link.html").render(
        view=view,
        now=now.astimezone(CHINA),
        until=view.expires_at.astimezone(CHINA),
        refresh_seconds=REFRESH_SECONDS,
    )
    return Response(text, media_type="text/html; charset=utf-8")


def _pidf(view: CallView, now: datetime) -> Response:
    """Return the location object (RFC 4119, RFC 5491): a civic address in words, as no coordinates are known."""
    if not view.place:
        return _not_there()
    text = _templates.get_template("place.xml").render(view=view, now=now)
    return Response(text, media_type=PIDF)


def _look_of(grant: Grant, request: Request, what: str, now: datetime) -> dict[str, object]:
    agent = request.headers.get("user-agent", "")[:200]
    return {
        "at": now.isoformat(),
        "call": grant.call,
        "kind": grant.kind.value,
        "target": grant.target,
        "what": what,
        "address": _address(request),
        "agent": "".join(letter if letter.isprintable() else "?" for letter in agent),
    }


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _not_there() -> Response:
    return _words(404, "链接不存在，或已过期。")


def _words(status: int, text: str) -> Response:
    return Response(f"{text}\n", status_code=status, media_type="text/plain; charset=utf-8")
