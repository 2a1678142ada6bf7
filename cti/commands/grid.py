"""`hotline grid`: the digital city's map and reports: whose a thing is, who found it, a quarter by grid."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

from cti.adapters.files.city_sources import CityFiles, city_folder, load_city_map
from cti.adapters.sql.case_store import SqlCases
from cti.adapters.sql.database import Database
from cti.city_report import BULLETIN_TITLES, bulletin_rows, valid_rows
from cti.server.orders import dispatch_catalogue
from cti.settings import Settings
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from workorder.grid.cases import SOURCE_TITLES, Found, refused_matter, routed
from workorder.grid.city_map import CityMap
from workorder.grid.counts import BULLETIN_FORMULA, SHARE_FORMULA, VALID_FORMULA, quarter_of, shares
from workorder.grid.shapes import Point, read_point
from workorder.order import HOTLINE_TIME

T = TypeVar("T")

EXAMPLES = """\
示例：
  hotline grid at 103.75,36.05                          这个位置在哪个网格、归谁巡查、附近有什么部件
  hotline grid route 雨水井盖 --at 103.75,36.05          这件事归谁；分不清的给出该问的话
  hotline grid route 雨水井盖 --asset YS-0002            按部件登记：养护期内外各归谁
  hotline grid types                                    部件、事件分类和承办单位
  hotline grid sources --from 2026-10-01 --to 2026-12-31      采集员、政府监管、市民举报各占多少
  hotline grid collectors --from 2026-10-01 --to 2026-12-31   采集信息有效率
  hotline grid bulletin 2026-Q4 --json 通报.json         按网格的季度通报
网格、部件、采集员写在运行数据目录的 digital_city/，见 docs/digital-city.md；用 hotline check 检查
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A verb and what it is about."""
    parser.epilog = EXAMPLES
    verbs = parser.add_subparsers(dest="verb", metavar="动作", required=True)
    here = verbs.add_parser("at", help="一个位置：网格、采集员、附近的部件")
    here.add_argument("place", metavar="LON,LAT", help="经度,纬度")
    way = verbs.add_parser("route", help="一件事归谁")
    way.add_argument("matter", metavar="MATTER", help="部件或事件的小类，例如 雨水井盖")
    way.add_argument("--at", metavar="LON,LAT", default="", help="位置")
    way.add_argument("--asset", metavar="ID", default="", help="部件编号")
    way.add_argument("--day", metavar="DAY", type=date.fromisoformat, help="哪一天（默认今天）")
    verbs.add_parser("types", help="部件、事件分类")
    for name, words in (("sources", "采集员、政府监管、市民举报各占多少"), ("collectors", "采集信息有效率")):
        counted = verbs.add_parser(name, help=words)
        counted.add_argument("--from", dest="since", metavar="DAY", type=date.fromisoformat, required=True)
        counted.add_argument("--to", dest="until", metavar="DAY", type=date.fromisoformat, required=True)
        counted.add_argument("--json", metavar="FILE", help="另存为 JSON")
    bulletin = verbs.add_parser("bulletin", help="按网格的季度通报")
    bulletin.add_argument("quarter", metavar="QUARTER", help="例如 2026-Q4")
    bulletin.add_argument("--json", metavar="FILE", help="另存为 JSON")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; AuthorError with every problem of the files."""
    console = Console(highlight=False, soft_wrap=True)
    city, problems = load_city_map(CityFiles(city_folder(settings.data_folder)))
    if any(problem.is_error for problem in problems):
        raise AuthorError(problems)
    match arguments.verb:
        case "at":
            return _at(_point(arguments.place), city)
        case "route":
            return _route(arguments, city, settings)
        case "types":
            return _types(city, settings)
        case "bulletin":
            return _bulletin(arguments, city, settings, console)
        case _:
            return _counted(arguments, city, settings, console)


def _at(place: Point, city: CityMap) -> int:
    grid = city.grid_at(place)
    if grid is None:
        print(f"{place} 不在任何网格里。")
    else:
        print(f"{grid.id}　{grid.name}　{grid.street}　网格负责人 {grid.head or '（没有写）'}")
        for each in city.collectors_of(grid.id):
            print(f"　采集员 {each.id}　{each.name}　{each.company}　{each.begins:%H:%M}-{each.ends:%H:%M}")
    for asset in city.assets_near(place):
        print(f"　部件 {asset.id}　{asset.matter}　{asset.owner}")
    return 0 if grid else 1


def _route(arguments: argparse.Namespace, city: CityMap, settings: Settings) -> int:
    place = _point(arguments.at) if arguments.at else None
    found = Found(arguments.matter, place, arguments.asset)
    refusal = refused_matter(found, city)
    if refusal is not None:
        print(refusal)
        return 1
    now = datetime.now(UTC) if arguments.day is None else _begin(arguments.day)
    catalogue = dispatch_catalogue(settings)
    way, _ = routed(found, city, catalogue, now)
    print(f"{way.unit or '定不下来'}　{way.why}")
    if not way.unit:
        print(f"可能是：{'、'.join(way.candidates) or '没有'}\n要问：{way.question}")
    print(f"依据：{catalogue.edition}")
    return 0 if way.unit else 1


def _types(city: CityMap, settings: Settings) -> int:
    catalogue = dispatch_catalogue(settings)
    for title, tree in (("部件", city.tree.components), ("事件", city.tree.events)):
        for group, matters in tree.items():
            print(f"{title}　{group}")
            for each in matters:
                print(f"　{each}　{'、'.join(catalogue.owners(each))}")
    return 0


def _counted(arguments: argparse.Namespace, city: CityMap, settings: Settings, console: Console) -> int:
    if arguments.until < arguments.since or not 1970 <= arguments.since.year <= arguments.until.year <= 9000:
        print("--to 早于 --from，或不是今天前后的年份。改法：检查两天的先后。")
        return 1
    since, until = _begin(arguments.since), _begin(arguments.until) + timedelta(days=1)
    table = Table(title=f"{arguments.since} 至 {arguments.until}")
    told: dict[str, Any]
    if arguments.verb == "sources":
        counted = shares(_with(settings, lambda cases: cases.sources("digital_city", since, until)))
        whole = sum(counted.values())
        for column in ("来源", "件数", "占比"):
            table.add_column(column)
        for source, count in counted.items():
            table.add_row(SOURCE_TITLES[source], str(count), _percent(count / whole if whole else None))
        told = {"sources": {source.value: count for source, count in counted.items()}, "formula": SHARE_FORMULA}
    else:
        rows = valid_rows(_with(settings, lambda cases: cases.reported(since, until)), city)
        for column in ("采集员", "姓名", "公司", "上报", "有结论", "有效", "有效率"):
            table.add_column(column)
        for row in rows:
            cells = [str(row[key]) for key in ("collector", "name", "company", "reports", "judged", "valid")]
            table.add_row(*cells, _percent(row["rate"]))
        told = {"collectors": rows, "formula": VALID_FORMULA}
    return _told(console, table, told, arguments.json)


def _bulletin(arguments: argparse.Namespace, city: CityMap, settings: Settings, console: Console) -> int:
    span = quarter_of(arguments.quarter)
    if span is None:
        print(f"“{arguments.quarter[:20]}”不是季度。改法：写成 2026-Q4。")
        return 1
    rows = bulletin_rows(_with(settings, lambda cases: cases.reported(*span)), city)
    table = Table(title=f"{arguments.quarter} 网格通报")
    for title in BULLETIN_TITLES.values():
        table.add_column(title)
    for row in rows:
        table.add_row(*(_cell(key, row[key]) for key in BULLETIN_TITLES))
    return _told(
        console, table, {"quarter": arguments.quarter, "grids": rows, "formula": BULLETIN_FORMULA}, arguments.json
    )


def _told(console: Console, table: Table, told: dict[str, Any], file: str | None) -> int:
    console.print(table)
    console.print(told["formula"])
    if file:
        Path(file).write_text(json.dumps(told, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return 0


def _cell(key: str, value: Any) -> str:
    if key.endswith("_rate"):
        return _percent(value)
    return "、".join(value) if isinstance(value, list) else str(value)


def _percent(share: float | None) -> str:
    return "—" if share is None else f"{100 * share:.1f}%"


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), HOTLINE_TIME)


def _point(text: str) -> Point:
    place = read_point(text)
    if place is None:
        raise AuthorError((Problem(Place(text[:40]), "不是位置。", "写成 经度,纬度，例如 103.75,36.05。"),))
    return place


def _with(settings: Settings, work: Callable[[SqlCases], Awaitable[T]]) -> T:
    async def doing() -> T:
        async with Database(settings.database) as database:
            return await work(SqlCases(database))

    return asyncio.run(doing())
