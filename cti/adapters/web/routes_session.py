"""`/api/session`: sign in, who am I, change the password, sign out."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from cti.access import TITLES, Permission
from cti.accounts import LONGEST_PASSWORD, AccountRecord, wrong_password
from cti.adapters.control.visit import ControllerAwayError
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.sessions import SignedIn, address_of, signed_in
from cti.seats_file import Seat
from workorder.audit import AuditRow, Person

log = logging.getLogger(__name__)


class SignIn(BaseModel):
    """Who signs in, and at which seat, if at one; `telephone`: the page rings, or a telephone beside it."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=60)
    password: str = Field(max_length=LONGEST_PASSWORD)
    seat: str = Field(default="", max_length=8)
    telephone: Literal["browser", "phone"] = "browser"


class NewPassword(BaseModel):
    """The old and the new password."""

    model_config = ConfigDict(extra="forbid")
    old: str = Field(max_length=LONGEST_PASSWORD)
    new: str = Field(max_length=LONGEST_PASSWORD)


class SipAccount(BaseModel):
    """What the telephone in the browser registers with; none where the seat has a telephone of its own."""

    uri: str
    password: str
    ws: str


class User(BaseModel):
    """Who is signed in."""

    name: str
    title: str
    roles: list[str]
    role_titles: list[str]
    permissions: list[str]
    unit: str
    must_change: bool


class SessionBody(BaseModel):
    """The session as its page sees it."""

    user: User
    seat: str
    csrf: str
    sip: SipAccount | None


Me = Annotated[SignedIn, Depends(signed_in)]


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/session", tags=["session"], responses=answers(401))

    def seats() -> dict[str, Seat]:
        return {str(seat.id): seat for seat in deps.seats()}

    @router.post("", responses=answers(403, 429))
    async def sign_in(body: SignIn, request: Request, response: Response) -> SessionBody:
        """Sign in; wrong passwords make the next try from the same address slower."""
        address = address_of(request)
        wait = deps.guessing.wait(body.name, address)
        if wait > 0:
            text = f"密码试得太快。改法：{wait:.0f} 秒后再试" if wait >= 1 else "密码试得太快。改法：稍等再试"
            raise refused(429, text, "too_many_guesses", {"retry-after": str(max(1, round(wait)))})
        deps.guessing.wrong(body.name, address)  # before the first await: tries that come together are counted too
        record = await deps.accounts.account(body.name)
        usable = record if record is not None and not record.is_disabled else None
        if not await deps.passwords.fits(usable.password_hash if usable else "", body.password) or usable is None:
            await _note(body.name, "", "session.refused", {"address": address})
            raise refused(401, "账号或密码不对。改法：检查后再试；忘了密码请管理员重设", "wrong_password")
        deps.guessing.right(body.name, address)
        if deps.passwords.is_old(usable.password_hash):
            await deps.accounts.rehash(usable.name, await deps.passwords.hashed(body.password))
        return await admit(usable, body.seat, address, response)

    async def admit(record: AccountRecord, seat: str, address: str, response: Response) -> SessionBody:
        account = record.account(seat)
        if seat and not account.must_change:
            if seat not in (known := seats()):
                raise refused(422, f"没有席位“{seat}”。改法：选择 {'、'.join(list(known)[:10])} 等席位", "no_such_seat")
            if not account.may(Permission.DESK):
                raise refused(403, "您的角色不能坐席签入。改法：不选席位登录，或请管理员调整角色", "no_desk")
            there = deps.hub.at_seat(seat)
            if there is not None and there.name != account.name and not account.may(Permission.SEATS_FORCE):
                raise refused(
                    409, f"席位 {seat} 正由 {there.name} 使用。改法：选别的席位，或请班长让其签出", "seat_taken"
                )
        found = await deps.sessions.open(record, "" if account.must_change else seat, address, response)
        await _note(record.name, account.role.value, "session.opened", {"address": address, "seat": seat})
        if found.session.seat:
            await _tell_seat("seat.sign_in", found)
        return body_of(found)

    @router.get("")
    async def who_am_i(me: Me) -> SessionBody:
        """Return who is signed in."""
        return body_of(me)

    @router.delete("", status_code=204)
    async def sign_out(me: Me, response: Response) -> None:
        """Sign out; the seat is signed out too."""
        await deps.accounts.close_session(me.session.token_hash)
        deps.sessions.forget(response)
        await _note(me.account.name, me.account.role.value, "session.closed", {"seat": me.session.seat})
        if me.session.seat:
            await _tell_seat("seat.sign_out", me)

    @router.post("/password", status_code=204, responses=answers(422))
    async def change_password(body: NewPassword, me: Me, request: Request) -> None:
        """Change one's own password; every other session of the account ends."""
        name, address = me.account.name, address_of(request)
        if deps.guessing.wait(name, address) > 0:
            raise refused(429, code="too_many_guesses")
        deps.guessing.wrong(name, address)
        record = await deps.accounts.account(name)
        if not await deps.passwords.fits(record.password_hash if record else "", body.old):
            raise refused(403, "原密码不对。改法：检查后再试", "wrong_password")
        deps.guessing.right(name, address)
        wrong = wrong_password(body.new, name) or ("新密码与原密码相同。改法：换一个" if body.new == body.old else "")
        if wrong:
            raise refused(422, wrong, "weak_password")
        new_hash = await deps.passwords.hashed(body.new)
        await deps.accounts.set_password(name, new_hash, must_change=False, keep=me.session.token_hash)
        await _note(name, me.account.role.value, "password.changed", {"address": address})

    def body_of(found: SignedIn) -> SessionBody:
        account, seat = found.account, found.session.seat
        sip = None
        desk = seats().get(seat)
        if desk is not None and desk.in_browser:
            uri = f"sip:{seat}@{deps.settings.switch.sip_host}"
            sip = SipAccount(uri=uri, password=deps.seat_password(seat), ws="/sip")
        return SessionBody(
            user=User(
                name=account.name,
                title=account.title,
                roles=[role.value for role in account.roles],
                role_titles=[TITLES[role] for role in account.roles],
                permissions=sorted(each.value for each in account.permissions),
                unit=account.unit,
                must_change=account.must_change,
            ),
            seat=seat,
            csrf=found.session.csrf,
            sip=None if account.must_change else sip,
        )

    async def _tell_seat(verb: str, found: SignedIn) -> None:
        """Tell the controller who sits where; without it people still sign in, and it is told when it is back."""
        try:
            told = await deps.door.ask(verb, 3.0, seat=found.session.seat, user=found.account.name)
            if not told.get("ok"):
                log.warning("seat_not_told", extra={"what": verb, "reason": str(told.get("text"))[:200]})
        except ControllerAwayError:
            log.warning("seat_not_told", extra={"what": verb, "reason": "controller away"})

    async def _note(name: str, role: str, action: str, detail: dict[str, object]) -> None:
        row = AuditRow(deps.clock.now(), Person(name, role), action, name, detail)
        await asyncio.shield(deps.audit.note(row))

    return router
