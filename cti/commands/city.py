"""`hotline city`: a city's rules one by one with their clauses, and how two cities differ."""

from __future__ import annotations

import argparse
import asyncio
import json
from dataclasses import asdict
from pathlib import Path

from cti.adapters.sql.database import Database
from cti.adapters.sql.life_store import SqlLifeStore
from cti.server.files.city_packs import city_files, load_calendar, load_city, own_calendar
from cti.settings import Settings
from workorder.cities.pack import SILENT, Pack
from workorder.cities.rule_lines import SWITCHES, Difference, RuleLine, differences, rule_lines
from workorder.clock.due import spoken_instant
from workorder.life.codec import to_plain
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder
from workorder.life.whatif import what_if

EXAMPLES = """\
示例：
  hotline city list                    有哪些城市
  hotline city show suqian             宿迁的每一条规则和依据
  hotline city diff jinan suqian       两个城市逐条比较
  hotline city diff suqian my/a.yaml   同自己写的政策包比较
  hotline city whatif --pack suqian --as help=sudden   已存的工单若按宿迁的规则办
新增一个城市：照 workorder/cities/ 里的样子写一个 YAML，放进运行数据目录的 cities/，用 hotline check 检查。
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A verb and its cities."""
    parser.epilog = EXAMPLES
    verbs = parser.add_subparsers(dest="verb", metavar="动作", required=True)
    verbs.add_parser("list", help="列出城市政策包", description="列出城市政策包")
    show = verbs.add_parser("show", help="逐条列出一个城市的规则", description="逐条列出一个城市的规则")
    show.add_argument("city", metavar="CITY", help="名称，或 YAML 文件")
    diff = verbs.add_parser("diff", help="比较两个城市的规则", description="比较两个城市的规则")
    diff.add_argument("left", metavar="CITY")
    diff.add_argument("right", metavar="CITY")
    diff.add_argument("--switches", action="store_true", help="只看各地说法不一的十二件事")
    whatif = verbs.add_parser(
        "whatif", help="已存的工单若按另一城市的规则，会有什么不同", description="按另一城市的规则重走已存的工单"
    )
    whatif.add_argument("--pack", required=True, metavar="CITY", dest="other")
    whatif.add_argument(
        "--as", dest="renamed", action="append", default=[], metavar="类别=类别", help="类别怎样对应；同名的不必写"
    )
    whatif.add_argument("--limit", type=int, default=1000, help="最多看多少张（默认 1000）")
    for each in (show, diff, whatif):
        each.add_argument("--json", action="store_true", help="打印成 JSON")


def own_cities(settings: Settings) -> Path:
    """Return the folder where an installation keeps cities of its own."""
    return settings.data_folder / "cities"


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print; 1 only for a pack that cannot be read."""
    folder = own_cities(settings)
    if arguments.verb == "list":
        for name in city_files(folder):
            pack = load_city(name, folder)
            print(f"{name}　{pack.city}　{pack.title}　{pack.version}　{pack.status}")
        return 0
    if arguments.verb == "show":
        _show(load_city(arguments.city, folder), as_json=arguments.json)
        return 0
    if arguments.verb == "whatif":
        return _whatif(arguments, settings)
    left, right = load_city(arguments.left, folder), load_city(arguments.right, folder)
    found = differences(left, right)
    if arguments.switches:
        found = tuple(each for each in found if each.rule in SWITCHES)
    _diff(left, right, found, as_json=arguments.json)
    return 0


def _whatif(arguments: argparse.Namespace, settings: Settings) -> int:
    pack = load_city(arguments.other, own_cities(settings))
    names = dict(each.partition("=")[::2] for each in arguments.renamed)
    calendar = load_calendar(own_calendar(settings.data_folder))

    async def histories() -> list[tuple[LivingOrder, tuple[LifeEvent, ...]]]:
        async with Database(settings.database) as database:
            store = SqlLifeStore(database, lambda: calendar)
            return [(each, await store.history(each.number)) for each in await store.orders(limit=arguments.limit)]

    found = [
        what_if(history, names.get(order.category, order.category), pack, calendar)
        for order, history in asyncio.run(histories())
    ]
    differing = [each for each in found if not each.is_same]
    if arguments.json:
        print(json.dumps([to_plain(each) for each in differing], ensure_ascii=False))
        return 0
    print(f"{len(found)} 张工单按 {pack.edition} 重走，{len(differing)} 张会有不同。")
    for each in differing:
        dues = [spoken_instant(due) if due else "没有" for due in (each.due, each.other_due)]
        due_words = "" if each.due == each.other_due else f"　到期 {dues[0]} → {dues[1]}"
        print(f"{each.number}{due_words}" + (f"　第 {each.refused_step} 步：{each.refusal}" if each.refusal else ""))
    return 0


def _show(pack: Pack, *, as_json: bool) -> None:
    lines = rule_lines(pack)
    if as_json:
        print(json.dumps({name: asdict(line) for name, line in lines.items()}, ensure_ascii=False))
        return
    for name, line in lines.items():
        print(f"{name}：{line.value}　〔{_clause(line)}〕")


def _diff(left: Pack, right: Pack, found: tuple[Difference, ...], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([asdict(each) for each in found], ensure_ascii=False))
        return
    print(f"{left.name}（{left.version}）与 {right.name}（{right.version}）有 {len(found)} 处不同：")
    for each in found:
        print(each.rule)
        for pack, line in ((left, each.left), (right, each.right)):
            text = "没有这一条" if line is None else f"{line.value}　〔{_clause(line)}〕"
            print(f"    {pack.name}：{text}")


def _clause(line: RuleLine) -> str:
    return "原文未写，取默认" if line.clause == SILENT else line.clause
