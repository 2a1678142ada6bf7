"""`hotline merchant`: the register of franchised merchants, whom it recommends and why, and the orders of each."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from cti.adapters.sql.database import Database
from cti.adapters.sql.merchant_store import MerchantFilter, SqlMerchantOrders
from cti.adapters.web.bookings import merchants_file
from cti.settings import Settings
from ivr.call import PhoneNumber
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from ivr.speech.redact import redact
from workorder.clock.due import spoken_instant
from workorder.merchant_orders import HANDOVER_TITLES, STATE_TITLES, MerchantOrder, MerchantState
from workorder.merchants import Register, ranked, read_merchants

T = TypeVar("T")
MOST_LISTED = 50
EXAMPLES = """\
示例：
  hotline merchant list                          名录：每家企业的服务和质量数据
  hotline merchant rank 开锁                     推荐顺序，每项得分从哪里来
  hotline merchant orders --merchant M001        这家企业的订单
  hotline merchant orders --state proposed       还没有联系的订单
  hotline merchant show SH20261122-8F3A2C01      一张订单的每一步（电话脱敏）
名录是数据目录里的 merchants.yaml，写好后用 hotline check 检查
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A verb and what it is about."""
    parser.epilog = EXAMPLES
    verbs = parser.add_subparsers(dest="verb", metavar="动作", required=True)
    verbs.add_parser("list", help="列出名录")
    verbs.add_parser("rank", help="一项服务先推荐谁").add_argument("service", metavar="服务")
    orders = verbs.add_parser("orders", help="列出订单")
    orders.add_argument("--merchant", default="", metavar="ID", help="只看这家企业的")
    orders.add_argument("--state", default="", choices=[state.value for state in MerchantState], help="只看这个状态的")
    verbs.add_parser("show", help="一张订单的每一步").add_argument("order", metavar="ORDER")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when there is nothing of what was asked for."""
    if arguments.verb in ("list", "rank"):
        register = _register(merchants_file(settings.data_folder))
        return _list(register) if arguments.verb == "list" else _rank(register, arguments.service, settings)
    if arguments.verb == "orders":
        wanted = MerchantFilter(arguments.merchant, arguments.state)
        found, total = _asked(settings, lambda store: store.page(wanted, 0, MOST_LISTED))
        for each in found:
            print("　".join([each.id, spoken_instant(each.opened), *_words_of(each)]))
        print(f"共 {total} 张{f'，只列出最新的 {len(found)} 张' if total > len(found) else ''}。")
        return 0
    order = _asked(settings, lambda store: store.one(arguments.order))
    if order is None:
        print("没有这张订单。改法：用 hotline merchant orders 查编号")
        return 1
    consent = f"{order.consent.how}（{order.consent.by}记）" if order.consent else "没有，企业看不到电话"
    print("　".join([order.id, *_words_of(order)]))
    print(f"诉求人：{order.citizen.name[:1]}**　{PhoneNumber(order.citizen.phone).masked}　同意：{consent}")
    if order.work_order or order.call:
        print(f"来自工单：{order.work_order or '无'}　通话：{order.call or '无'}")
    for step in order.steps:
        print(f"  {spoken_instant(step.at)}　{step.by}　{step.what}　{redact(step.text)}")
    return 0


def _list(register: Register) -> int:
    for each in register.merchants:
        quality, state = each.quality, "　已暂停" if each.is_suspended else ""
        rating = f"{quality.rated / quality.orders:.1f} 分" if quality.orders else "还没有评分"
        figures = f"{rating}，{quality.orders} 单，完成 {quality.completed}，投诉 {quality.complaints}"
        print(f"{each.id}　{each.name}　{'、'.join(each.services)}　{figures}{state}")
    print(f"共 {len(register.merchants)} 家。")
    return 0


def _rank(register: Register, service: str, settings: Settings) -> int:
    if service not in register.services:
        print(f"没有“{service}”这项服务。改法：可以写 {'、'.join(register.services)}")
        return 1
    said = _asked(settings, lambda store: store.quality())
    rule = register.ranking
    print(f"权重：评分 {rule.rating}，完成 {rule.completion}，投诉 {rule.complaints}")
    for nth, each in enumerate(ranked(register, service, said), 1):
        parts, quality = each.parts, each.quality
        why = f"评分 {parts['rating']:g} + 完成 {parts['completion']:g} + 投诉 {parts['complaints']:g}"
        print(f"{nth}. {each.merchant.id}　{each.merchant.name}　{each.points:g} 分 = {why}（{quality.orders} 单）")
    return 0


def _words_of(order: MerchantOrder) -> list[str]:
    handover = HANDOVER_TITLES[order.handover] if order.handover else "未转交"
    return [order.merchant, order.service, STATE_TITLES[order.state], handover, order.channel]


def _register(file: Path) -> Register:
    if not file.is_file():
        raise AuthorError((Problem(Place(str(file)), "没有加盟企业名录。", "照 docs/merchants.md 写一个。"),))
    register, problems = read_merchants(file.read_bytes(), str(file))
    if register is None:
        raise AuthorError(problems)
    return register


def _asked(settings: Settings, ask: Callable[[SqlMerchantOrders], Awaitable[T]]) -> T:
    async def asking() -> T:
        async with Database(settings.database) as database:
            return await ask(SqlMerchantOrders(database))

    return asyncio.run(asking())
