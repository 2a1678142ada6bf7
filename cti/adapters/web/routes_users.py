"""`/api/admin/users`: who may sign in and as what; a new password is shown once, and whoever loses a right is out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from cti.access import TITLES, Account, Permission, Role
from cti.accounts import AccountRecord, wrong_name
from cti.adapters.web.admin_bodies import Strict
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.passwords import one_time_password
from cti.adapters.web.sessions import require
from workorder.audit import AuditRow

Admin = Annotated[Account, Depends(require(Permission.ADMIN_USERS))]
Name = Annotated[str, Path(max_length=60)]


class RoleBody(BaseModel):
    """A role and what it allows."""

    name: str
    title: str


class UserBody(BaseModel):
    """An account; `signed_in` counts its open sessions."""

    name: str
    title: str
    roles: list[str]
    unit: str
    usual_seat: str
    is_disabled: bool
    must_change: bool
    created: datetime | None
    signed_in: int


class UsersBody(BaseModel):
    """All accounts, and the roles there are."""

    users: list[UserBody]
    roles: list[RoleBody]


class UserChange(Strict):
    """What an account is to be."""

    title: str = Field(min_length=1, max_length=60)
    roles: list[Role] = Field(min_length=1, max_length=len(Role))
    unit: str = Field(default="", max_length=120)
    usual_seat: str = Field(default="", max_length=8)
    is_disabled: bool = False


class NewUser(UserChange):
    """A new account."""

    name: str = Field(min_length=1, max_length=60)


class OneTimePassword(BaseModel):
    """A password that is shown once, and must be changed at the next sign-in."""

    name: str
    password: str


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/admin/users", tags=["users"], responses=answers(401, 403, 404, 409, 422, 503))
    accounts = deps.accounts

    @router.get("")
    async def users(who: Admin) -> UsersBody:
        """Return all accounts by name."""
        sessions = [session.name for session in await accounts.open_sessions()]
        return UsersBody(
            users=[_body(record, sessions.count(record.name)) for record in await accounts.accounts()],
            roles=[RoleBody(name=role.value, title=title) for role, title in TITLES.items()],
        )

    @router.post("", status_code=201)
    async def add(body: NewUser, who: Admin) -> OneTimePassword:
        """Add an account; its one-time password is told here and nowhere else."""
        wrong = wrong_name(body.name)
        if wrong:
            raise refused(422, wrong, "bad_name")
        password = one_time_password()
        record = AccountRecord(
            body.name,
            body.title,
            _roles(body),
            body.unit,
            body.usual_seat,
            await deps.passwords.hashed(password),
            must_change=True,
            is_disabled=body.is_disabled,
        )
        _sensible(body)
        if not await accounts.add(record, deps.clock.now()):
            raise refused(409, f"已经有账号“{body.name}”。改法：换一个名字", "name_taken")
        await note(who, "user.add", body.name, body)
        return OneTimePassword(name=body.name, password=password)

    @router.put("/{name}", status_code=204)
    async def change(name: Name, body: UserChange, who: Admin) -> None:
        """Change an account; all its sessions end."""
        if name == who.name and (body.is_disabled or Role.ADMIN not in body.roles):
            raise refused(409, "不能停用自己，也不能去掉自己的管理员角色。改法：请另一位管理员来做", "not_oneself")
        _sensible(body)
        record = await known(name)
        new = replace(
            record,
            title=body.title,
            roles=_roles(body),
            unit=body.unit,
            usual_seat=body.usual_seat,
            is_disabled=body.is_disabled,
        )
        await accounts.change(new)
        await note(who, "user.change", name, body)

    @router.post("/{name}/password")
    async def give_password(name: Name, who: Admin) -> OneTimePassword:
        """Give a new one-time password; all sessions of the account end."""
        if name == who.name:
            raise refused(409, "自己的密码请在“修改密码”里改。", "not_oneself")
        await known(name)
        password = one_time_password()
        await accounts.set_password(name, await deps.passwords.hashed(password), must_change=True)
        await note(who, "user.password", name)
        return OneTimePassword(name=name, password=password)

    @router.delete("/{name}/sessions", status_code=204)
    async def sign_out_everywhere(name: Name, who: Admin) -> None:
        """End every session of an account."""
        await known(name)
        await accounts.close_sessions_of(name)
        await note(who, "user.sign_out", name)

    async def known(name: str) -> AccountRecord:
        record = await accounts.account(name)
        if record is None:
            raise refused(404, f"没有账号“{name}”。改法：刷新列表")
        return record

    def _sensible(body: UserChange) -> None:
        if body.usual_seat and body.usual_seat not in {str(seat.id) for seat in deps.seats()}:
            raise refused(422, f"没有席位“{body.usual_seat}”。改法：选一个已有的席位，或留空", "no_such_seat")
        if {Role.UNIT, Role.MERCHANT} & set(body.roles) and not body.unit.strip():
            raise refused(422, "承办单位的账号要写明单位，加盟企业的要写明企业编号。改法：填写单位", "unit_missing")

    async def note(who: Account, action: str, name: str, body: UserChange | None = None) -> None:
        detail = body.model_dump(mode="json", exclude={"name"}) if body is not None else {}
        await deps.audit.note(AuditRow(deps.clock.now(), who.person, action, f"user/{name}", detail))

    return router


def _roles(body: UserChange) -> tuple[Role, ...]:
    return tuple(role for role in Role if role in body.roles)


def _body(record: AccountRecord, signed_in: int) -> UserBody:
    return UserBody(
        name=record.name,
        title=record.title,
        roles=[role.value for role in record.roles],
        unit=record.unit,
        usual_seat=record.usual_seat,
        is_disabled=record.is_disabled,
        must_change=record.must_change,
        created=record.created,
        signed_in=signed_in,
    )
