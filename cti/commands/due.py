"""`hotline due`: when an order is due and why, day by day; or what a city's rules would say for an instant."""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime

from cti.adapters.sql.database import Database
from cti.adapters.sql.life_store import SqlLifeStore
from cti.commands.city import own_cities
from cti.server.files.city_packs import load_calendar, load_city, own_calendar
from cti.settings import Settings
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from workorder.cities.pack import LimitKind
from workorder.cities.rule_lines import KIND_TITLES
from workorder.clock.days import WorkCalendar
from workorder.clock.due import Due, due_after, spoken_instant
from workorder.life.clocks import due_of
from workorder.life.living import LivingOrder
from workorder.life.states import STATE_TITLES
from workorder.life.timers import Timer
from workorder.order import HOTLINE_TIME, OrderNumber, order_number

EXAMPLES = """\
示例：
  hotline due WO20261122-000123                                    这张工单何时到期，逐日说明
  hotline due --city jinan --category complaint --from "2026-09-24 10:00"   按某市规则试算
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """An order, or a city and an instant."""
    parser.epilog = EXAMPLES
    parser.add_argument("order", nargs="?", metavar="ORDER", help="工单编号")
    parser.add_argument("--city", metavar="CITY", help="试算：按哪个城市的规则")
    parser.add_argument("--category", metavar="NAME", default="", help="试算：哪一类诉求（默认第一类）")
    kinds = [kind.value for kind in LimitKind]
    parser.add_argument("--kind", choices=kinds, default="handle", help="试算：哪一种时限（默认办理）")
    parser.add_argument("--from", dest="start", metavar="TIME", help="试算：起算时间，例如 2026-09-24 10:00")
    parser.add_argument("--json", action="store_true", help="打印成 JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the reckoning; 1 when there is no such order or limit."""
    calendar = load_calendar(own_calendar(settings.data_folder))
    if arguments.city:
        return _try_out(arguments, settings, calendar)
    try:
        number = order_number(arguments.order or "")
    except ValueError:
        problem = Problem(Place("ORDER"), "没有写工单编号，或编号不对。", "写成 WO20261122-000123，或用 --city 试算。")
        raise AuthorError((problem,)) from None
    order, timers = asyncio.run(_read(settings, calendar, number))
    if order is None:
        print(f"没有工单 {number}，或它还没有受理登记。")
        return 1
    due = due_of(order.clock, calendar, datetime.now(UTC), order.paused)
    if arguments.json:
        _print_json(due, order)
    else:
        _print_order(order, due, timers)
    return 0


def _try_out(arguments: argparse.Namespace, settings: Settings, calendar: WorkCalendar) -> int:
    pack = load_city(arguments.city, own_cities(settings))
    category = arguments.category or pack.categories[0].name
    rule = pack.limit(LimitKind(arguments.kind), category)
    known = pack.category(category)
    if rule is None or known is None:
        names = "、".join(each.name for each in pack.categories)
        print(f"{pack.city}的规则里没有“{category}”的这种时限。改法：--category 可以写 {names}。")
        return 1
    due = due_after(_instant(arguments.start), [rule.limit], calendar)
    if arguments.json:
        _print_json(due, None)
        return 0
    print(f"{pack.title}（{pack.version}）：{known.title}，{KIND_TITLES[rule.kind]} {rule.limit}　〔{rule.clause}〕")
    print("\n".join(due.lines))
    return 0


def _instant(text: str | None) -> datetime:
    if not text:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        problem = Problem(Place("--from"), f"“{text[:40]}”不是时间。", "写成 2026-09-24 10:00。")
        raise AuthorError((problem,)) from None
    return at if at.tzinfo else at.replace(tzinfo=HOTLINE_TIME)


async def _read(
    settings: Settings, calendar: WorkCalendar, number: OrderNumber
) -> tuple[LivingOrder | None, tuple[tuple[Timer, datetime | None], ...]]:
    async with Database(settings.database) as database:
        store = SqlLifeStore(database, lambda: calendar)
        return await store.order(number), await store.timers(number)


def _print_order(order: LivingOrder, due: Due | None, timers: tuple[tuple[Timer, datetime | None], ...]) -> None:
    print(f"{order.number}　{STATE_TITLES[order.state]}　{order.owner}　按 {order.pack} 办理")
    if due is None or order.clock is None:
        print("现在没有时限在走。")
    else:
        soft = "（原则上）" if order.clock.is_soft else ""
        print(f"依据：{order.clock.clause}{soft}" + (f"，已延期 {order.extensions} 次" if order.extensions else ""))
        print("\n".join(due.lines))
        if order.due is not None and order.due != due.at and order.paused is None:
            print(f"登记时算得 {spoken_instant(order.due)}：放假安排后来有变。")
    for timer, fired in timers:
        told = f"已于 {spoken_instant(fired)} 提醒" if fired else "等待"
        print(f"提醒 {timer.name}　{spoken_instant(timer.at)}　{told}")


def _print_json(due: Due | None, order: LivingOrder | None) -> None:
    whole = {
        "order": order.number if order else None,
        "due": due.at.isoformat() if due else None,
        "is_provisional": bool(due and due.is_provisional),
        "lines": list(due.lines) if due else [],
    }
    print(json.dumps(whole, ensure_ascii=False))
