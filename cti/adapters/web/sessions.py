"""Who a browser is: a random token in a cookie, its hash in a row, and the FastAPI dependency that asks for a right."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Response
from starlette.requests import HTTPConnection

from cti.access import Account, Permission
from cti.accounts import AccountRecord, Session
from cti.adapters.sql.account_store import SqlAccountStore
from cti.adapters.web.errors import refused
from ivr.ports import Clock

COOKIE, CSRF_COOKIE, CSRF_HEADER = "hl_session", "hl_csrf", "x-csrf"
LONGEST = timedelta(hours=16)
"""A session ends then, however busy: a shift is shorter."""
TOUCH_EVERY = timedelta(minutes=5)
"""So often the row learns of use at the most: five hundred desks are then two writes a second."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that holds, and who it is."""

    session: Session
    account: Account


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(self, store: SqlAccountStore, clock: Clock, idle: timedelta, *, is_secure: bool) -> None:
        self._store = store
        self._clock = clock
        self._idle = idle
        self._is_secure = is_secure

    @property
    def store(self) -> SqlAccountStore:
        return self._store

    async def open(self, record: AccountRecord, seat: str, address: str, response: Response) -> SignedIn:
        """Open a session and set its cookies on the answer."""
        token, now = secrets.token_urlsafe(32), self._clock.now()
        session = Session(
            hash_of(token), record.name, secrets.token_urlsafe(24), seat, now, now, now + LONGEST, address
        )
        await self._store.open_session(session)
        if seat:  # a page left open elsewhere must not come back to a desk that somebody else has taken
            await self._store.free_seat(seat, session.token_hash)
        for name, value, is_hidden in ((COOKIE, token, True), (CSRF_COOKIE, session.csrf, False)):
            response.set_cookie(
                name, value, secure=self._is_secure, httponly=is_hidden, samesite="strict", path="/"
            )  # no Max-Age: it goes with the browser, and with the row in any case
        return SignedIn(session, record.account(seat))

    async def find(self, connection: HTTPConnection, *, is_use: bool = True) -> SignedIn | None:
        """Return who this is; None when nobody is signed in. Using a session keeps it from idling out."""
        token = connection.cookies.get(COOKIE, "")
        if not token or len(token) > 100:
            return None
        return await self.still(hash_of(token), is_use=is_use)

    async def still(self, token_hash: str, *, is_use: bool = False) -> SignedIn | None:
        """Return the session of this hash if it still holds."""
        now = self._clock.now()
        found = await self._store.session(token_hash, now, now - self._idle)
        if found is None:
            return None
        session, record = found
        if is_use and now - session.used > min(TOUCH_EVERY, self._idle / 4):
            await self._store.touch(token_hash, now)
        return SignedIn(session, record.account(session.seat))

    def forget(self, response: Response) -> None:
        """Take the cookies back."""
        for name in (COOKIE, CSRF_COOKIE):
            response.delete_cookie(name, path="/", secure=self._is_secure, samesite="strict")


def hash_of(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


async def signed_in(connection: HTTPConnection) -> SignedIn:
    """Who sends this request, from their own page: 401 when nobody is signed in, 403 without the CSRF header."""
    return await _signed_in(connection, is_use=True)


async def looks_on(connection: HTTPConnection) -> SignedIn:
    """The same for what a page asks by itself: it keeps nobody signed in."""
    return await _signed_in(connection, is_use=False)


async def _signed_in(connection: HTTPConnection, *, is_use: bool) -> SignedIn:
    sessions: Sessions = connection.app.state.deps.sessions
    found = await sessions.find(connection, is_use=is_use)
    if found is None:
        raise refused(401)
    method = str(connection.scope.get("method", "GET"))
    sent = connection.headers.get(CSRF_HEADER, "")
    if method not in SAFE_METHODS and not hmac.compare_digest(sent.encode(), found.session.csrf.encode()):
        raise refused(403, "请求不是从本系统的页面发出的。改法：刷新页面后再试", "csrf")
    return found


def require(*permissions: Permission) -> Callable[..., Awaitable[Account]]:
    """Return a dependency that gives the account, if it has one of these permissions (or is just signed in: none).

    In a router module: `Editor = Annotated[Account, Depends(require(Permission.FLOWS_EDIT))]`.
    """

    async def check(found: Annotated[SignedIn, Depends(signed_in)]) -> Account:
        return _allowed(found.account, permissions)

    return check


def require_to_look_on(*permissions: Permission) -> Callable[..., Awaitable[Account]]:
    """`require` for what an open page asks again and again without its person: it keeps nobody signed in."""

    async def check(found: Annotated[SignedIn, Depends(looks_on)]) -> Account:
        return _allowed(found.account, permissions)

    return check


def _allowed(account: Account, permissions: Collection[Permission]) -> Account:
    if account.must_change:
        raise refused(403, "这是一次性密码，要先修改。改法：在登录页设一个新密码", "password_must_change")
    if permissions and not any(account.may(each) for each in permissions):
        raise refused(403)
    return account


def address_of(connection: HTTPConnection) -> str:
    """Return the address of who asks."""
    client: Any = connection.client
    return client.host if client is not None else ""
