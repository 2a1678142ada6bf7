"""`hotline assess`: the units' months and years (考核), counted from events, kept for good, handed on signed."""

from __future__ import annotations

import argparse
import asyncio
import csv
import hashlib
import io
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from cti.adapters.files.signing import is_signed, public_key, write_signed
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.database import Database
from cti.adapters.sql.life_store import SqlLifeStore
from cti.commands.city import own_cities
from cti.server.assessment import Assessment
from cti.server.files.city_packs import load_calendar, load_city, own_calendar
from cti.server.installation import folders_of
from cti.settings import Settings
from ivr.call import call_id
from ivr.errors import AuthorError, WorldError
from ivr.problems import Place, Problem
from workorder.assessment.snapshot import MonthSnapshot, UnitYear
from workorder.audit import Person
from workorder.life.codec import to_plain
from workorder.order import order_number

T = TypeVar("T")

EXAMPLES = """\
示例：
  hotline assess month 2026-10 --city lanzhou                      看一个月：每个承办单位一行
  hotline assess mark 2026-10 水务局 体制机制建设=90 --city lanzhou --by 王主任 --why 季度检查
  hotline assess month 2026-10 --city lanzhou --keep --by 王主任    存档，此后不能再改
  hotline assess year 2026 --city lanzhou                          年度排名
  hotline assess year 2026 --city lanzhou --follow --by 王主任      记下各档次带来的事项
  hotline assess done 2026 水务局 --report 改进材料.pdf --city lanzhou --by 老李
  hotline assess export 2026 --city lanzhou --out 考核.csv          带签名的导出，收件方用公钥核对
  hotline assess evidence WO20261122-000001 --out 证据.json         问责用的证据包
  hotline assess verify 考核.csv --key <公钥>
"""
_MONTH, _YEAR = re.compile(r"20\d\d-(0[1-9]|1[0-2])"), re.compile(r"20\d\d")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A verb, what it is about, and who asks."""
    parser.epilog = EXAMPLES
    verbs = parser.add_subparsers(dest="verb", metavar="动作", required=True)
    month = _verb(verbs, "month", "一个月：每个承办单位一行")
    month.add_argument("month", type=_month)
    month.add_argument("--keep", action="store_true", help="存档，此后不能再改")
    mark = _verb(verbs, "mark", "给不由系统统计的项目评分")
    mark.add_argument("month", type=_month)
    mark.add_argument("unit")
    mark.add_argument("marks", nargs="+", metavar="项目=分数")
    mark.add_argument("--why", required=True, help="依据")
    year = _verb(verbs, "year", "年度排名与档次")
    year.add_argument("year", type=_year)
    year.add_argument("--follow", action="store_true", help="记下各档次带来的事项（表彰、改进材料、通报）")
    done = _verb(verbs, "done", "承办单位交来改进材料")
    done.add_argument("year", type=_year)
    done.add_argument("unit")
    done.add_argument("--report", required=True, type=Path, help="材料文件")
    export = _verb(verbs, "export", "把年度结果交给别的系统：CSV 或 JSON，带签名")
    export.add_argument("year", type=_year)
    evidence = _verb(verbs, "evidence", "证据包：工单全程、录音散列，带签名", city=False)
    evidence.add_argument("orders", nargs="+", metavar="ORDER")
    for sub in (export, evidence):
        sub.add_argument("--out", required=True, type=Path, metavar="FILE")
    verify = verbs.add_parser("verify", help="核对签名")
    verify.add_argument("file", type=Path)
    verify.add_argument("--key", required=True, help="对方事先给的公钥")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when a signature does not hold or nothing was waiting."""
    if arguments.verb == "verify":
        good = is_signed(arguments.file, arguments.key)
        print("签名有效：文件没有被改动。" if good else "签名无效：文件被改动过，或不是这把密钥签的。")
        return 0 if good else 1
    if arguments.verb == "evidence":
        return _write(arguments.out, asyncio.run(_evidence(settings, arguments.orders)), settings)
    console, now, person = Console(highlight=False, soft_wrap=True), datetime.now(UTC), Person(arguments.by, "host")
    match arguments.verb:
        case "month" if arguments.keep:
            _show_month(console, _with(arguments, settings, lambda it: it.keep(arguments.month, person, now)))
            console.print("已存档。")
        case "month":
            _show_month(console, _with(arguments, settings, lambda it: it.month(arguments.month)))
        case "mark":
            marks = _marks(arguments.marks)
            unit, why = arguments.unit, arguments.why
            _with(arguments, settings, lambda it: it.mark(arguments.month, unit, marks, person, why, now))
            console.print(f"已记下 {unit} 的 {len(marks)} 项评分。")
        case "year":
            _show_year(console, _with(arguments, settings, lambda it: it.year(arguments.year)))
            for task in (
                _with(arguments, settings, lambda it: it.follow(arguments.year, now)) if arguments.follow else ()
            ):
                state = "已交" if task.done else f"{task.due} 前交" if task.due else "记入名单"
                console.print(f"{task.unit}　{task.grade}　{task.what}　{state}")
        case "done":
            sha256 = hashlib.sha256(arguments.report.read_bytes()).hexdigest()
            name, unit = arguments.report.name, arguments.unit
            found = _with(
                arguments, settings, lambda it: it.store.finish(arguments.year, unit, name, sha256, person, now)
            )
            console.print(f"已登记 {name}（{sha256[:12]}…）。" if found else f"{unit} 没有待交的改进材料。")
            return 0 if found else 1
        case "export":
            rows = _with(arguments, settings, lambda it: it.year(arguments.year))
            text = _csv(rows) if arguments.out.suffix == ".csv" else _json(arguments.year, arguments.city, rows)
            return _write(arguments.out, text, settings)
    return 0


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str, city: bool = True
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=words)
    if city:
        parser.add_argument("--city", required=True, help="按哪个城市的办法")
        parser.add_argument("--by", default="考核人员", metavar="WHO", help="谁，记入审计")
    return parser


def _with(arguments: argparse.Namespace, settings: Settings, ask: Callable[[Assessment], Awaitable[T]]) -> T:
    async def work() -> T:
        async with Database(settings.database) as database:
            pack = load_city(arguments.city, own_cities(settings))
            return await ask(Assessment(settings, database, pack, load_calendar(own_calendar(settings.data_folder))))

    return asyncio.run(work())


async def _evidence(settings: Settings, orders: Sequence[str]) -> str:
    """Return each order's sealed history and the sha256 of its recordings: nothing that was said, and no names."""
    async with Database(settings.database) as database:
        lives = SqlLifeStore(database, lambda: load_calendar(own_calendar(settings.data_folder)))
        calls = SqlCallStore(database)
        bundle = []
        for name in orders:
            order = await lives.order(order_number(name))
            if order is None:
                raise WorldError(f"没有工单 {name}，或它还没有受理登记。改法：检查编号。")
            recordings = [each for call in order.calls for each in await calls.recordings(call_id(call))]
            bundle.append(
                {
                    "order": name,
                    "unit": order.lead or order.owner,
                    "timeline": [
                        {
                            "at": each.at.isoformat(),
                            "seq": each.seq,
                            "move": type(each.action).__name__,
                            "hash": each.hash,
                        }
                        for each in await lives.history(order_number(name))
                    ],
                    "recordings": [{"part": to_plain(each.part), "sha256": each.sha256} for each in recordings],
                }
            )
        return (
            json.dumps({"made": datetime.now(UTC).isoformat(), "orders": bundle}, ensure_ascii=False, indent=2) + "\n"
        )


def _write(file: Path, text: str, settings: Settings) -> int:
    key = folders_of(settings).secrets / "export.ed25519"
    signature = write_signed(file, text.encode(), key)
    print(f"已写 {file} 和签名 {signature.name}。公钥（交给收件方）：{public_key(key)}")
    return 0


def _show_month(console: Console, snapshot: MonthSnapshot) -> None:
    table = Table(title=f"{snapshot.month}　{snapshot.edition}")
    names = list(snapshot.rows[0].marks) if snapshot.rows else []
    for name in ("单位", "答复", "按时", *names, "得分"):
        table.add_column(name, justify="left" if name == "单位" else "right")
    for row in snapshot.rows:
        marks = [_said(row.marks[name]) for name in names]
        table.add_row(row.unit, str(row.counts.replied), str(row.counts.in_time), *marks, _said(row.score))
    console.print(table)
    for row in snapshot.rows:
        if row.counts.blamed:
            console.print(f"{row.unit}：因超期、推诿等被督办 {row.counts.blamed} 次。")


def _show_year(console: Console, rows: Sequence[UnitYear]) -> None:
    table = Table("名次", "单位", "得分", "月数", "档次", "随之而来")
    for row in rows:
        table.add_row(str(row.place or "—"), row.unit, _said(row.score), str(row.months), row.grade, row.follows)
    console.print(table)


def _said(value: Decimal | None) -> str:
    return "—" if value is None else str(value)


def _csv(rows: Sequence[UnitYear]) -> str:
    """Return the ranking for a spreadsheet; a cell that would be taken for a formula is made a text."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["名次", "单位", "得分", "月数", "档次", "随之而来"])
    for row in rows:
        cells = (str(row.place), row.unit, _said(row.score), str(row.months), row.grade, row.follows)
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return "\ufeff" + out.getvalue()


def _json(year: str, city: str, rows: Sequence[UnitYear]) -> str:
    units = [
        {"place": r.place, "unit": r.unit, "score": _said(r.score), "months": r.months, "grade": r.grade} for r in rows
    ]
    return json.dumps({"city": city, "year": year, "units": units}, ensure_ascii=False, indent=2) + "\n"


def _marks(words: Sequence[str]) -> dict[str, Decimal]:
    found = {}
    for word in words:
        name, _, mark = word.partition("=")
        try:
            found[name] = Decimal(mark)
        except InvalidOperation:
            found[name] = Decimal("NaN")
        if not found[name].is_finite():
            raise AuthorError((Problem(Place(word), "看不懂这个评分。", "写成 项目=分数，例如 体制机制建设=90。"),))
    return found


def _month(text: str) -> str:
    if not _MONTH.fullmatch(text):
        raise argparse.ArgumentTypeError("月份写成 2026-10")
    return text


def _year(text: str) -> str:
    if not _YEAR.fullmatch(text):
        raise argparse.ArgumentTypeError("年份写成 2026")
    return text
