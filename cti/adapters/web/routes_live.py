"""`/ws`: one WebSocket per tab; a snapshot, then numbered changes, and where the tab was it goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.frames import push_of
from cti.adapters.web.hub import Tab
from cti.adapters.web.sessions import SignedIn
from cti.visibility import scope_of
from ivr.errors import StoreError

log = logging.getLogger(__name__)

PING_SECONDS = 15.0
OPEN_SECONDS = 10.0
SEND_SECONDS = 10.0
"""A page that takes nothing for so long is gone."""
MOST_TABS_OF_ONE = 30
SIGNED_OUT, TOO_SLOW, TOO_MANY, ODD = 4401, 4408, 4429, 4400


def routes(deps: PagesDeps) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    @router.websocket("/ws")
    async def live(socket: WebSocket) -> None:
        found = await _who(deps, socket)
        if found is None:
            await socket.close(SIGNED_OUT)
            return
        await socket.accept()
        opened = await _opened(socket)
        if opened is None:
            await _close(socket, ODD)
            return
        if sum(tab.name == found.account.name for tab in deps.hub.tabs) >= MOST_TABS_OF_ONE:
            await _close(socket, TOO_MANY)
            return
        await _serve(deps, socket, found, opened)

    return router


async def _who(deps: PagesDeps, socket: WebSocket) -> SignedIn | None:
    try:
        found = await deps.sessions.find(socket)
    except StoreError:
        return None
    return found if found is not None and not found.account.must_change else None


async def _opened(socket: WebSocket) -> tuple[str, str, int] | None:
    """Return tab, epoch and sequence number of the first frame."""
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            first: Any = json.loads(await socket.receive_text())
        if isinstance(first, dict) and first.get("t") == "open":
            seq = first.get("seq")
            return str(first.get("tab") or "")[:64], str(first.get("epoch") or "")[:64], seq if type(seq) is int else 0
    except (ValueError, KeyError, TimeoutError, WebSocketDisconnect, RecursionError):
        pass
    return None


async def _serve(deps: PagesDeps, socket: WebSocket, found: SignedIn, opened: tuple[str, str, int]) -> None:
    tab_id, epoch, seq = opened
    account = found.account
    scope = scope_of(account, deps.masking)
    tab = Tab(
        tab_id, scope, account.seat, account.name, found.session.token_hash, push=push_of(socket.scope), is_sending=True
    )
    previous = deps.hub.attach(tab, epoch, seq)
    if previous is not None and previous.session != tab.session:
        await _unseat(deps, previous)
    if tab.seat:
        deps.desks.came(tab.seat, tab.name)
    jobs = [
        asyncio.create_task(_send(socket, tab), name="send"),
        asyncio.create_task(_listen(socket), name="listen"),
        asyncio.create_task(_keep(deps, tab), name="keep"),
    ]
    code = 1000
    try:
        done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        for job in done:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
                code = job.result() or code
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        deps.hub.detach(tab)
        if tab.seat and not tab.is_taken:
            deps.desks.went(tab.seat)
        await _close(socket, code)


async def _send(socket: WebSocket, tab: Tab) -> int:
    while True:
        try:
            await asyncio.wait_for(tab.wake.wait(), PING_SECONDS)
        except TimeoutError:
            tab.put('{"t":"ping"}')
        async with asyncio.timeout(SEND_SECONDS):
            for line in tab.take():
                await socket.send_text(line)
        tab.is_sending = False
        if tab.is_cut:
            log.warning("page_too_slow", extra={"user": tab.name})
            return TOO_SLOW


async def _listen(socket: WebSocket) -> int:
    """What a page says after its first frame is of no matter, but not more of it than a page would say."""
    said = 0
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return 1000
        said += 1
        if said > 100_000 or len(message.get("text") or message.get("bytes") or "") > 4096:
            return ODD


async def _keep(deps: PagesDeps, tab: Tab) -> int:
    """Look now and then whether the session still holds; a desk that is open does not idle out."""
    while True:
        await asyncio.sleep(PING_SECONDS)
        try:
            found = await deps.sessions.still(tab.session, is_use=bool(tab.seat) and not tab.is_taken)
        except StoreError:
            continue  # the database is away: nobody is thrown out for that
        if found is None:
            tab.put('{"t":"expired"}')
            await asyncio.sleep(0.5)
            return SIGNED_OUT


async def _unseat(deps: PagesDeps, tab: Tab) -> None:
    """Another sign-in took the seat: the session that had it has none from now on."""
    with contextlib.suppress(StoreError):
        await deps.accounts.sit(tab.session, "")


async def _close(socket: WebSocket, code: int) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
        async with asyncio.timeout(2):
            await socket.close(code)
