"""`hotline user`: accounts of those who sign in to the pages; a one-time password must be changed at first sign-in."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

from cti.access import TITLES, Role
from cti.accounts import AccountRecord, wrong_name, wrong_password
from cti.adapters.sql.account_store import SqlAccountStore
from cti.adapters.sql.audit_store import SqlAudit
from cti.adapters.sql.database import Database
from cti.adapters.web.passwords import Passwords, one_time_password
from cti.settings import Settings
from ivr.errors import StoreError
from workorder.audit import AuditRow, Person

_ROLES = "、".join(f"{role.value}（{TITLES[role]}）" for role in TITLES)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and to whom."""
    actions = parser.add_subparsers(dest="action", metavar="动作", required=True)
    add = actions.add_parser("add", help="新建账号，打印一次性密码")
    add.add_argument("name", metavar="账号名")
    add.add_argument("--role", action="append", required=True, choices=[role.value for role in Role], help=_ROLES)
    add.add_argument("--title", default="", metavar="姓名", help="页面上显示的姓名（默认账号名）")
    add.add_argument(
        "--unit", default="", metavar="单位", help="承办单位的名称，或加盟企业的编号（unit、merchant 角色必填）"
    )
    add.add_argument("--seat", default="", metavar="席位", help="平时坐的席位")
    add.add_argument("--sso", action="store_true", help="只用统一身份认证登录，没有密码")
    add.add_argument("--password-stdin", action="store_true", help="从标准输入读密码，不再要求修改")
    actions.add_parser("list", help="列出账号")
    password = actions.add_parser("password", help="重设密码，打印一次性密码；旧登录全部失效")
    password.add_argument("name", metavar="账号名")
    password.add_argument("--stdin", action="store_true", help="从标准输入读新密码，不再要求修改")
    for action, told in (("disable", "停用账号；登录立即失效"), ("enable", "恢复账号")):
        actions.add_parser(action, help=told).add_argument("name", metavar="账号名")
    role = actions.add_parser("role", help="改变账号的角色")
    role.add_argument("name", metavar="账号名")
    role.add_argument("roles", nargs="+", choices=[each.value for each in Role], metavar="角色", help=_ROLES)
    parser.epilog = "示例：\n  hotline user add lixiaomei --role agent --title 李晓梅 --seat 801\n  hotline user list\n"


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it."""
    actions: dict[str, Callable[[argparse.Namespace, SqlAccountStore], Awaitable[int]]] = {
        "add": _add,
        "list": _list,
        "password": _password,
        "disable": _disable,
        "enable": _disable,
        "role": _role,
    }
    return asyncio.run(_with_store(settings, arguments, actions[arguments.action]))


async def _with_store(
    settings: Settings,
    arguments: argparse.Namespace,
    act: Callable[[argparse.Namespace, SqlAccountStore], Awaitable[int]],
) -> int:
    async with Database(settings.database) as database:
        done = await act(arguments, SqlAccountStore(database))
        if arguments.action != "list" and done == 0:
            who, what = Person(getpass.getuser(), "shell"), f"account.{arguments.action}"
            detail = {"roles": getattr(arguments, "role", None) or getattr(arguments, "roles", None) or []}
            await SqlAudit(database).note(AuditRow(datetime.now(UTC), who, what, arguments.name, detail))
        return done


async def _add(arguments: argparse.Namespace, store: SqlAccountStore) -> int:
    roles = tuple(Role(role) for role in dict.fromkeys(arguments.role))
    wrong = wrong_name(arguments.name)
    if not wrong and {Role.UNIT, Role.MERCHANT} & set(roles) and not arguments.unit:
        wrong = "承办单位的账号要写明单位，加盟企业的要写明企业编号。改法：加上 --unit"
    password, must_change = ("", False) if arguments.sso else _new_password(arguments.password_stdin)
    if not wrong and not must_change and not arguments.sso:
        wrong = wrong_password(password, arguments.name)
    if wrong:
        raise StoreError(wrong)
    record = AccountRecord(
        arguments.name,
        arguments.title or arguments.name,
        roles,
        arguments.unit,
        arguments.seat,
        "" if arguments.sso else await Passwords().hashed(password),
        must_change,
    )
    if not await store.add(record, datetime.now(UTC)):
        raise StoreError(f"已有账号“{arguments.name}”。改法：换一个名称，或用 hotline user password 重设密码")
    if arguments.sso:
        print(f"账号“{arguments.name}”已新建，用统一身份认证登录。")
    else:
        _tell(arguments.name, password, must_change)
    return 0


async def _list(arguments: argparse.Namespace, store: SqlAccountStore) -> int:
    for record in await store.accounts():
        state = "已停用" if record.is_disabled else "待改密码" if record.must_change else "可用"
        roles = "、".join(TITLES[role] for role in record.roles)
        print("\t".join([record.name, record.title, roles, record.unit, record.usual_seat, state]))
    return 0


async def _password(arguments: argparse.Namespace, store: SqlAccountStore) -> int:
    password, must_change = _new_password(arguments.stdin)
    wrong = "" if must_change else wrong_password(password, arguments.name)
    if wrong:
        raise StoreError(wrong)
    new_hash = await Passwords().hashed(password)
    if not await store.set_password(arguments.name, new_hash, must_change=must_change):
        raise _unknown(arguments.name)
    _tell(arguments.name, password, must_change)
    return 0


async def _disable(arguments: argparse.Namespace, store: SqlAccountStore) -> int:
    record = await _known(store, arguments.name)
    await store.change(replace(record, is_disabled=arguments.action == "disable"))
    print(f"账号“{record.name}”{'已停用，登录已全部失效' if arguments.action == 'disable' else '已恢复'}。")
    return 0


async def _role(arguments: argparse.Namespace, store: SqlAccountStore) -> int:
    record = await _known(store, arguments.name)
    roles = tuple(Role(role) for role in dict.fromkeys(arguments.roles))
    await store.change(replace(record, roles=roles))
    print(f"账号“{record.name}”现在是：{'、'.join(TITLES[role] for role in roles)}。需要重新登录。")
    return 0


async def _known(store: SqlAccountStore, name: str) -> AccountRecord:
    record = await store.account(name)
    if record is None:
        raise _unknown(name)
    return record


def _unknown(name: str) -> StoreError:
    return StoreError(f"没有账号“{name[:60]}”。改法：用 hotline user list 查看")


def _new_password(is_given: bool) -> tuple[str, bool]:
    """Return a password and whether it must be changed."""
    return (sys.stdin.readline().rstrip("\n"), False) if is_given else (one_time_password(), True)


def _tell(name: str, password: str, is_one_time: bool) -> None:
    print(f"账号“{name}”的一次性密码：{password}　首次登录时必须修改。" if is_one_time else f"账号“{name}”的密码已设。")
