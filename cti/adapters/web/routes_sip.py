"""`/sip`: the browser's telephone speaks to the switch through us, signed in and only in the name of its own seat.

Only signalling passes here; the audio goes between browser and switch.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Callable

import websockets
from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection

from cti.access import Permission
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.sessions import SignedIn
from cti.sip_filter import LONGEST_MESSAGE, said
from ivr.errors import StoreError

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
SEND_SECONDS = 5.0
MOST_REFUSED = 20
MOST_AT_ONE_SEAT = 4
SIGNED_OUT, TAKEN, ODD, SWITCH_AWAY = 4401, 4409, 4400, 1013


def routes(deps: PagesDeps) -> APIRouter:
    """Return the route."""
    router = APIRouter()
    lines_at: defaultdict[str, list[WebSocket]] = defaultdict(list)
    address = f"ws://127.0.0.1:{deps.settings.switch.http_port}/ws"

    @router.websocket("/sip")
    async def sip(browser: WebSocket) -> None:
        found = await _who(deps, browser)
        if found is None:
            await browser.close(SIGNED_OUT)
            return
        seat, tab = found.session.seat, browser.query_params.get("tab", "")
        owner = deps.hub.at_seat(seat)
        if owner is not None and tab and owner.id != tab:
            await browser.close(TAKEN)  # before accept: else two tabs would register over each other for ever
            return
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                switch = await websockets.connect(
                    address, subprotocols=[websockets.Subprotocol("sip")], max_size=LONGEST_MESSAGE, compression=None,
                    ping_interval=None, proxy=None,
                )  # fmt: skip
        except (OSError, TimeoutError, websockets.WebSocketException) as away:
            log.warning("switch_socket_away", extra={"reason": str(away)[:200]})
            await browser.close(SWITCH_AWAY)
            return
        await browser.accept(subprotocol="sip")
        lines = lines_at[seat]
        lines.append(browser)
        if len(lines) > MOST_AT_ONE_SEAT:
            await _close(lines[0], TAKEN)
        try:
            code = await _between(deps, browser, switch, found, lambda: lines[-1] is browser)
        finally:
            lines.remove(browser)
            await switch.close()
        await _close(browser, code)

    return router


async def _who(deps: PagesDeps, browser: WebSocket) -> SignedIn | None:
    """Return who sits there; None without a session, a seat whose telephone is the page, or the subprotocol."""
    if "sip" not in browser.scope.get("subprotocols", ()):
        return None
    try:
        found = await deps.sessions.find(browser)
    except StoreError:
        return None
    in_browser = {str(seat.id) for seat in deps.seats() if seat.in_browser}
    is_at_desk = found is not None and found.account.may(Permission.DESK) and found.session.seat in in_browser
    return found if is_at_desk else None


async def _between(
    deps: PagesDeps, browser: WebSocket, switch: ClientConnection, found: SignedIn, is_newest: Callable[[], bool]
) -> int:
    """Carry messages both ways until one side is gone; return the code for the browser."""
    jobs = [
        asyncio.create_task(_down(switch, browser), name="sip down"),
        asyncio.create_task(_up(deps, browser, switch, found, is_newest), name="sip up"),
    ]
    done, rest = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    for job in rest:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)
    for job in done:
        if job.exception() is None:
            return job.result()
    return 1012


async def _down(switch: ClientConnection, browser: WebSocket) -> int:
    """The switch ends it: the browser must not believe that it is still registered."""
    with contextlib.suppress(websockets.ConnectionClosed):
        async for message in switch:
            text = message if isinstance(message, str) else message.decode("utf-8", "replace")
            async with asyncio.timeout(SEND_SECONDS):
                await browser.send_text(text)
    return 1012


async def _up(
    deps: PagesDeps, browser: WebSocket, switch: ClientConnection, found: SignedIn, is_newest: Callable[[], bool]
) -> int:
    """A telephone that a newer one of the same seat has followed may end its talk, and begin nothing."""
    refusals = 0
    while True:
        try:
            message = await browser.receive()
        except (WebSocketDisconnect, RuntimeError):
            return 1000
        if message["type"] == "websocket.disconnect":
            return 1000
        text = message.get("text") or (message.get("bytes") or b"").decode("utf-8", "replace")
        told = said(text, found.session.seat)
        if not told.may_pass:
            refusals += 1
            log.warning("sip_refused", extra={"seat": found.session.seat, "what": told.method, "why": told.refused})
            if refusals >= MOST_REFUSED:
                return ODD
            continue
        if told.begins and not is_newest():
            continue
        if told.method == "REGISTER" and not await _still(deps, found):
            return SIGNED_OUT  # a talk that is going on is not asked: only whoever registers anew
        async with asyncio.timeout(SEND_SECONDS):
            await switch.send(text)


async def _still(deps: PagesDeps, found: SignedIn) -> bool:
    try:
        now = await deps.sessions.still(found.session.token_hash)
    except StoreError:
        return True
    return now is not None and now.session.seat == found.session.seat


async def _close(browser: WebSocket, code: int) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
        async with asyncio.timeout(2):
            await browser.close(code)
