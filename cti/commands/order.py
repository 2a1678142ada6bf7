"""`hotline order`: open an order, move it under its city's rules, and look at it and its sealed history."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from cti.action_words import NAMES, plain_json, read_action, read_actor
from cti.adapters.sql.database import Database
from cti.adapters.sql.identity_store import SqlIdentities
from cti.adapters.sql.life_store import SqlLifeStore
from cti.adapters.sql.sealed_files import SealedFiles
from cti.adapters.sql.sealing import SqlSealing
from cti.commands.city import own_cities
from cti.commands.order_desk import VERBS, act
from cti.server.files.city_packs import city_files, load_calendar, load_city, own_calendar
from cti.server.orders import attachments_folder, dispatch_catalogue, order_keys
from cti.settings import Settings
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from workorder.audit import Person
from workorder.cities.pack import Pack
from workorder.clock.due import spoken_instant
from workorder.draft import FieldName
from workorder.duty import with_duty
from workorder.life.actions import Action, DecideLead, Dispatch, Open, SubDispatch
from workorder.life.actors import ROLE_TITLES, Actor, Role
from workorder.life.codec import to_plain
from workorder.life.history import LifeEvent, breaks_in
from workorder.life.living import LivingOrder
from workorder.life.refusal import Refusal
from workorder.life.states import STATE_TITLES
from workorder.life.table import MOVES, moves_from
from workorder.order import OrderNumber, order_number

T = TypeVar("T")

EXAMPLES = """\
示例：
  hotline order open --city suqian --category sudden --by agent:801
  hotline order fill WO20261122-000001 unit=水务局 place=武威路9号 --by agent:801   通话留下的草稿
  hotline order confirm WO20261122-000001 --by agent:801     确认过的工单是 hotline learn 的教材
  hotline order do WO20261122-000001 accept --by agent:801
  hotline order do WO20261122-000001 dispatch unit=水务局 --by agent:801
  hotline order do WO20261122-000001 request_extension by=6,days why=雨季 --by unit:老李:水务局
  hotline order show WO20261122-000001       现在怎样、下一步可以做什么
  hotline order history WO20261122-000001    全程，并核对封印
  hotline order list --owner 水务局
  hotline order actions                      全部动作和参数
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A verb and its order."""
    parser.epilog = EXAMPLES
    verbs = parser.add_subparsers(dest="verb", metavar="动作", required=True)
    begin = verbs.add_parser("open", help="登记一张工单")
    begin.add_argument("--city", required=True, metavar="CITY", help="按哪个城市的规则办理")
    begin.add_argument("--category", required=True, metavar="NAME", help="哪一类诉求")
    begin.add_argument("--number", metavar="ORDER", help="沿用通话留下的草稿编号；不写则取新号")
    begin.add_argument("--by", required=True, metavar="WHO", help="谁：agent:801")
    move = verbs.add_parser("do", help="办理一步")
    move.add_argument("order", metavar="ORDER")
    move.add_argument("action", metavar="ACTION", help="例如 accept、dispatch、reply")
    move.add_argument("words", nargs="*", metavar="名=值")
    move.add_argument("--by", required=True, metavar="WHO", help="谁：agent:801，或 unit:姓名:单位")
    move.add_argument("--version", type=int, help="看到的是第几版；别人改过就不做")
    for name, words in (("show", "现在怎样"), ("history", "全程与封印")):
        look = verbs.add_parser(name, help=words)
        look.add_argument("order", metavar="ORDER")
        look.add_argument("--json", action="store_true", help="打印成 JSON")
    for name, words in VERBS.items():
        desk = verbs.add_parser(name, help=words)
        desk.add_argument("order", metavar="ORDER")
        if name == "fill":
            desk.add_argument("words", nargs="+", metavar="名=值", help="、".join(FieldName))
        if name == "link":
            desk.add_argument("other", metavar="OTHER")
        if name == "nuisance":
            desk.add_argument("reason", metavar="REASON", help="为什么，例如 谩骂")
        desk.add_argument("--by", required=True, metavar="WHO", help="谁：agent:801")
        desk.add_argument("--version", type=int, help="看到的是第几版；别人改过就不做")
    many = verbs.add_parser("list", help="按到期先后列出")
    many.add_argument("--owner", default="", metavar="UNIT", help="只看这个单位手里的")
    many.add_argument("--limit", type=int, default=50)
    verbs.add_parser("actions", help="全部动作和参数")
    verbs.add_parser("rotate-keys", help="敏感工单换一把新密钥，全部重新加密")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when the rules refuse it, or there is no such order."""
    match arguments.verb:
        case "actions":
            return _actions()
        case "rotate-keys":
            return asyncio.run(_rotate(settings))
        case "open":
            pack = load_city(arguments.city, own_cities(settings))
            actor = _actor(arguments.by)
            return _told(_with_store(settings, lambda store: _open(store, arguments, settings, pack, actor)))
        case "do":
            return _do(arguments, settings)
        case verb if verb in VERBS:
            actor, other = _actor(arguments.by), _number(arguments.other) if verb == "link" else None
            print(act(arguments, settings, _number(arguments.order), other, Person(actor.name, actor.role.value)))
            return 0
        case "list":
            orders = _with_store(settings, lambda store: store.orders(owner=arguments.owner, limit=arguments.limit))
            for order in orders:
                print(_line(order))
            return 0
        case _:
            return _look(arguments, settings)


def _do(arguments: argparse.Namespace, settings: Settings) -> int:
    action, problems = read_action(arguments.action, arguments.words)
    if action is None:
        raise AuthorError(problems)
    actor, number, now = _actor(arguments.by), _number(arguments.order), datetime.now(UTC)

    async def done(store: SqlLifeStore) -> LivingOrder | Refusal:
        order = await store.order(number)
        pack = await store.pack(order.pack) if order else None
        wish: Action = action
        if pack is not None and pack.duty is not None:
            calendar = load_calendar(own_calendar(settings.data_folder))
            wish = with_duty(action, dispatch_catalogue(settings).duty, pack, calendar, now)
        found = await store.act(number, wish, actor, now, arguments.version)
        if isinstance(found, LivingOrder) and found.duty and isinstance(wish, Dispatch | SubDispatch | DecideLead):
            print(f"现在是非工作时间，请打：{found.duty}")
        return found

    return _told(_with_store(settings, done))


async def _open(
    store: SqlLifeStore, arguments: argparse.Namespace, settings: Settings, pack: Pack, actor: Actor
) -> LivingOrder | Refusal:
    now = datetime.now(UTC)
    file = city_files(own_cities(settings)).get(arguments.city, Path(arguments.city))
    kept = await store.keep_pack(file.read_text(encoding="utf-8"), now)
    if isinstance(kept, Refusal):
        return kept
    number = _number(arguments.number) if arguments.number else None
    return await store.open(Open(pack.edition, arguments.category), actor, now, number)


def _look(arguments: argparse.Namespace, settings: Settings) -> int:
    number = _number(arguments.order)
    history = _with_store(settings, lambda store: store.history(number))
    order = _with_store(settings, lambda store: store.order(number))
    if order is None:
        print(f"没有工单 {number}，或它还没有受理登记。")
        return 1
    broken = breaks_in(asyncio.run(_whole_history(settings, number)))
    if arguments.json:
        events = [to_plain(event) for event in history]
        print(plain_json(to_plain(order) if arguments.verb == "show" else {"events": events, "breaks": len(broken)}))
    elif arguments.verb == "show":
        print(_line(order))
        possible = "、".join(
            f"{move.title}（{_name(move.action)}）" for move in moves_from(order.state) if move.roles != {Role.SYSTEM}
        )
        print(f"下一步可以：{possible or '已经结束'}")
    else:
        for event in history:
            title = "登记" if isinstance(event.action, Open) else MOVES[type(event.action)].title
            who = f"{ROLE_TITLES[event.actor.role]} {event.actor.name}"
            print(
                f"{event.seq}　{spoken_instant(event.at)}　{who}　{title}　→ {STATE_TITLES[event.after]}　{event.owner}"
            )
        print("封印完好。" if not broken else "\n".join(each.what for each in broken))
    return 1 if broken else 0


async def _whole_history(settings: Settings, number: OrderNumber) -> tuple[LifeEvent, ...]:
    """Return the history with the words of a sensitive order: its seals are laid upon them."""
    async with Database(settings.database) as database:
        return await SqlSealing(database, order_keys(settings)).whole_history(number)


async def _rotate(settings: Settings) -> int:
    """Seal everything anew with a new key; the old ones go once nothing is sealed with them."""
    keys = order_keys(settings)
    old, done = set(keys.all()), 0
    async with Database(settings.database) as database:
        sealing, name = SqlSealing(database, keys), keys.rotate(datetime.now(UTC))
        while count := await sealing.reseal():
            done += count
        while await sealing.reseal_events():
            pass
        while await SqlIdentities(database, sealing.box).reseal():
            pass
        await SealedFiles(database, attachments_folder(settings), sealing.box).reseal()
    keys.forget(old)
    print(f"已换新密钥 {name}，重新加密 {done} 张敏感工单。请把密钥文件另外备份：没有它敏感工单打不开。")
    return 0


def _actions() -> int:
    for name, kind in NAMES.items():
        if kind in MOVES:
            words = " ".join(f"{each.name}=…" for each in fields(kind))
            print(f"{name}　{MOVES[kind].title}　{words}".rstrip("　"))
    return 0


def _with_store(settings: Settings, work: Callable[[SqlLifeStore], Awaitable[T]]) -> T:
    async def doing() -> T:
        calendar = load_calendar(own_calendar(settings.data_folder))
        async with Database(settings.database) as database:
            return await work(SqlLifeStore(database, lambda: calendar, order_keys(settings)))

    return asyncio.run(doing())


def _told(found: LivingOrder | Refusal) -> int:
    print(found if isinstance(found, Refusal) else _line(found))
    return 1 if isinstance(found, Refusal) else 0


def _line(order: LivingOrder) -> str:
    provisional = "（暂定）" if order.is_provisional else ""
    due = f"到期 {spoken_instant(order.due)}{provisional}" if order.due else "没有时限在走"
    watched = "　督办中" if order.is_supervised else ""
    return f"{order.number}　{STATE_TITLES[order.state]}　{order.owner}　{due}　第 {order.version} 版{watched}"


def _name(kind: type[object]) -> str:
    return next(name for name, each in NAMES.items() if each is kind)


def _actor(text: str) -> Actor:
    actor, problems = read_actor(text)
    if actor is None:
        raise AuthorError(problems)
    return actor


def _number(text: str) -> OrderNumber:
    try:
        return order_number(text)
    except ValueError:
        problem = Problem(Place("ORDER"), f"“{text[:40]}”不是工单编号。", "写成 WO20261122-000123。")
        raise AuthorError((problem,)) from None
