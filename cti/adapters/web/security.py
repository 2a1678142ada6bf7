"""What every answer carries and every request must bring: strict headers, our own Origin, a bounded size and pace."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cti.adapters.web.errors import refused, told
from cti.adapters.web.pace import Pace
from cti.adapters.web.sessions import COOKIE, SAFE_METHODS

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ]
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # not "no-referrer": then a form's Origin would be null
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(self)",
    "x-robots-tag": "noindex, nofollow",
}
MOST_BYTES = 12 * 1024 * 1024
"""A flow of 10 MB is refused by its own words; more is not even read."""
REQUESTS_PER_MINUTE = 60_000
"""Of one address: a whole centre may stand behind one."""
REQUESTS_OF_ONE_PER_MINUTE = 3000
"""Of one session: a desk on a busy day asks a few times a second."""

MACHINES = ("/open311/v2/", "/api/partner/")
"""Addresses for other systems, which come with a token and send no Origin; no cookie is looked at there."""


def is_own_origin(headers: Headers, address: str) -> bool:
    """Whether a request comes from our own pages: its Origin is `address`, or where none is set, the Host asked for."""
    origin = headers.get("origin", "")
    if address:
        return origin.lower() == address.lower().rstrip("/")
    try:
        return bool(origin) and urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    except ValueError:
        return False


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, address: str, is_secure: bool, monotonic: Callable[[], float]) -> None:
        self._app = app
        self._address = address
        self._headers = HEADERS | ({"strict-transport-security": "max-age=31536000"} if is_secure else {})
        self._pace = Pace(REQUESTS_PER_MINUTE, monotonic)
        self._pace_of_one = Pace(REQUESTS_OF_ONE_PER_MINUTE, monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not is_own_origin(Headers(scope=scope), self._address):
            await receive()
            await send({"type": "websocket.close", "code": 4403})  # before accept: the browser gets a 403
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive if refusal else _bounded(receive), send_guarded)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        client = scope.get("client")
        length = headers.get("content-length", "0")
        address = client[0] if client else ""
        if not self._pace.allows(address) or not self._pace_of_one.allows(_token_in(headers) or address):
            why = refused(429, headers={"retry-after": "5"})
        elif length.isdigit() and int(length) > MOST_BYTES:
            why = refused(413)
        elif (
            scope["method"] not in SAFE_METHODS
            and not is_own_origin(headers, self._address)
            and not scope["path"].startswith(MACHINES)
        ):
            why = refused(403, "请求不是从本系统的页面发出的。改法：从本系统的网址打开页面", "wrong_origin")
        else:
            return None
        return told(why.status, why.text, why.code, why.headers)


def _token_in(headers: Headers) -> str:
    """Return the session's token; empty when nobody is signed in."""
    found = re.search(rf"(?:^|;\s*){COOKIE}=([\w-]{{20,100}})", headers.get("cookie", ""))
    return found[1] if found else ""


def _bounded(receive: Receive) -> Receive:
    """Return `receive` that stops at the bound, for bodies that do not say how long they are."""
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MOST_BYTES:
            raise refused(413)
        return message

    return bounded
