"""`/api/oidc`: sign in at the organisation's identity provider; accounts and roles stay ours, passwords are theirs."""

from __future__ import annotations

import hmac
import logging
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from cti.access import Permission
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.oidc import OidcClient, OidcError
from cti.adapters.web.sessions import address_of
from workorder.audit import AuditRow, Person

log = logging.getLogger(__name__)

COOKIE = "hl_oidc"
BACK = "/api/oidc/back"


class Ways(BaseModel):
    """How one may sign in; `oidc` is the title of the identity provider, empty where there is none."""

    oidc: str


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes; without an identity provider in the settings they say so."""
    router = APIRouter(prefix="/api/oidc", tags=["session"], responses=answers(404))
    pages = deps.settings.pages
    client = OidcClient(pages.oidc, f"{pages.base_url}{BACK}", deps.clock) if pages.oidc.is_on else None

    @router.get("/ways")
    async def ways() -> Ways:
        """Return whether there is another way than a password."""
        return Ways(oidc=pages.oidc.title if client is not None else "")

    @router.get("", response_class=RedirectResponse, status_code=303)
    async def begin(seat: Annotated[str, Query(max_length=8)] = "") -> Response:
        """Send the browser to the identity provider."""
        if client is None:
            raise refused(404, "没有设置统一身份认证。改法：用密码登录", "no_oidc")
        url, state = await client.begin(seat if seat in {str(each.id) for each in deps.seats()} else "")
        answer = RedirectResponse(url, 303)
        # Lax: the way back begins at the provider's site. It proves that the same browser comes back.
        answer.set_cookie(COOKIE, state, max_age=600, httponly=True, samesite="lax", secure=pages.is_secure, path=BACK)
        return answer

    @router.get("/back", response_class=RedirectResponse, status_code=303)
    async def back(
        request: Request,
        state: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=4000)] = "",
    ) -> Response:
        """The browser comes back with a code: find out who it is, and let them in if they have an account here."""
        if client is None:
            raise refused(404, "没有设置统一身份认证。改法：用密码登录", "no_oidc")
        sent, why = request.cookies.get(COOKIE, ""), "refused"
        try:
            if not state or not hmac.compare_digest(sent.encode(), state.encode()):
                raise OidcError("这次统一身份认证不是从这个浏览器开始的。改法：回到登录页再试")
            name, seat = await client.end(state, code)
            record = await deps.accounts.account(name)
            if record is None or record.is_disabled:
                why = "no_account"
                raise OidcError(f"账号“{name[:60]}”在本系统里没有或已停用。改法：请管理员新建或恢复账号")
        except OidcError as error:
            log.warning("oidc_refused", extra={"reason": str(error)[:200]})
            row = AuditRow(
                deps.clock.now(), Person("", ""), "session.refused", "oidc", {"address": address_of(request)}
            )
            await deps.audit.note(row)
            return _to(f"/sign-in?oidc={why}", pages.is_secure)  # a word, not a text: the page says what we say only
        account = record.account(seat)
        answer = _to("/", pages.is_secure)
        taken = deps.hub.at_seat(seat)
        may_sit = seat and account.may(Permission.DESK) and (taken is None or taken.name == account.name)
        found = await deps.sessions.open(record, seat if may_sit else "", address_of(request), answer)
        opened = {"address": address_of(request), "seat": found.session.seat, "oidc": True}
        await deps.audit.note(AuditRow(deps.clock.now(), account.person, "session.opened", name, opened))
        return answer

    return router


def _to(path: str, is_secure: bool) -> RedirectResponse:
    answer = RedirectResponse(path, 303)
    answer.delete_cookie(COOKIE, path=BACK, httponly=True, samesite="lax", secure=is_secure)
    return answer
