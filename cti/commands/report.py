"""`hotline report`: reports by template (`report_made.py`), and the emergency clock of a span of days."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cti.adapters.sql.database import Database
from cti.adapters.sql.emergency_orders import emergency_orders
from cti.commands import report_made
from cti.settings import Settings
from ivr.errors import WorldError
from routing.emergency.clock import TIMES, TITLES, EmergencyClock, plain
from routing.emergency.clock_report import OUTCOMES, STRETCHES, counts, plain_report, spreads
from routing.emergency.kinds import TITLES as KINDS
from routing.emergency.kinds import Kind
from workorder.order import HOTLINE_TIME

EXAMPLES = """\
示例：
  hotline report list                                        有哪些报表，哪些已起草、已签发
  hotline report weekly --out 周报.html --out 周报.pdf       上一周的周报；.html、.xlsx、.pdf
  hotline report monthly --from 2026-10-01 --to 2026-10-31 --out 月报.xlsx
  hotline report flash --about 停水                          快报：今天关于停水的
  hotline report daily --from 2026-11-22                     突发公共事件每日报告
  hotline report public --out 公开.html                      公开的统计，没有个人信息
  hotline report pivot --rows area --columns type            多维对比：区域、单位、类型、时间……
  hotline report information                                 各单位的资料报送：按时、迟报、漏报
  hotline report all --out 报表                              全部报表，各三种文件
  hotline report emergency --json clock.json                 紧急联动的每个时刻
日子按北京时间，两端都含；不写日子就是刚过去的一周、一月。模板和公式怎样改：docs/reports.md
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which report, and of which days."""
    parser.epilog = EXAMPLES
    parser.add_argument("what", metavar="REPORT", help="哪一张：list 列出；emergency 紧急时钟；pivot 多维对比……")
    parser.add_argument("--from", dest="since", metavar="DAY", type=_day, help="第一天，例如 2026-11-22")
    parser.add_argument("--to", dest="until", metavar="DAY", type=_day, help="最后一天（默认与第一天相同）")
    parser.add_argument("--out", action="append", metavar="FILE", help="写成 .html、.xlsx 或 .pdf，可写几次")
    parser.add_argument("--json", metavar="FILE", help="另存为 JSON")
    parser.add_argument("--about", default="", metavar="WORD", help="只数标题、内容或分类里有这个词的工单")
    parser.add_argument("--rows", default="area", metavar="DIM", help="多维对比的行（默认 area）")
    parser.add_argument("--columns", default="type", metavar="DIM", help="多维对比的列（默认 type）")
    parser.add_argument("--figure", default="opened", metavar="NAME", help="多维对比的指标（默认 opened）")
    parser.add_argument("--by", default="值班人员", metavar="WHO", help="谁导出，记入审计")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print or write the report; a span without anything says so and is no error."""
    today = datetime.now(HOTLINE_TIME).date()
    since = arguments.since or arguments.until or today
    until = arguments.until or (since if arguments.since else today)
    console = Console(highlight=False, soft_wrap=True)
    if until < since:
        console.print(f"--to {until} 早于 --from {since}。改法：把两天对调。")
        return 1
    if arguments.what != "emergency":
        return report_made.run(arguments, settings, console)
    clocks = asyncio.run(read_clocks(settings, since, until))
    show(clocks, since, until, console)
    if arguments.json:
        report = {"from": since.isoformat(), "to": until.isoformat(), **plain_report(clocks)}
        report["clocks"] = [plain(clock) for clock in clocks]
        file = Path(arguments.json)
        try:
            file.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise WorldError(f"写不了 {file}（{error.strerror}）。改法：检查路径与权限") from error
        console.print(f"已写入 {file}")
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as odd:
        raise argparse.ArgumentTypeError(f"“{text}”不是日子，写成 2026-11-22") from odd


async def read_clocks(settings: Settings, since: date, until: date) -> list[EmergencyClock]:
    """Return the clocks of all emergencies that began on these days in China, the oldest first."""
    async with Database(settings.database) as database:
        first = datetime.combine(since, time(), HOTLINE_TIME)
        last = datetime.combine(until + timedelta(days=1), time(), HOTLINE_TIME)
        orders = await emergency_orders(database, first, last)
    return [clock for order in orders for clock in order.draft.emergency]


def show(clocks: Sequence[EmergencyClock], since: date, until: date, console: Console) -> None:
    """Print how many of each kind came how far, and how long each stretch took."""
    span = f"{since}" if since == until else f"{since} 至 {until}"
    if not clocks:
        console.print(f"{span}：没有紧急联动。")
        return
    console.print(f"{span}：紧急联动 {len(clocks)} 次。")
    for kind, outcomes in counts(clocks).items():
        told = "，".join(f"{OUTCOMES.get(outcome, outcome)} {count}" for outcome, count in outcomes.most_common())
        console.print(f"  {KINDS[Kind(kind)]}：{sum(outcomes.values())} 次（{told}）")
    table = Table(title="紧急时钟（秒）", title_justify="left")
    for name in ("区间", "次数", "中位", "95 分位", "最长"):
        table.add_column(name, justify="left" if name == "区间" else "right")
    found = spreads(clocks)
    for stretch in STRETCHES:
        each = found[stretch.name]
        table.add_row(stretch.title, str(each.count), *(_shown(value) for value in (each.p50, each.p95, each.most)))
    console.print(table, soft_wrap=False)


def show_clock(clock: EmergencyClock, console: Console) -> None:
    """Print one clock, each moment with its time in China and the seconds since the one before."""
    table = Table(title=f"紧急时钟　{KINDS[Kind(clock.kind)]}　{OUTCOMES.get(clock.outcome, '')}", title_justify="left")
    for name in ("时刻", "北京时间", "距上一步（秒）"):
        table.add_column(name, justify="left" if name == "时刻" else "right")
    before: datetime | None = None
    for mark, at in sorted(clock.times.items(), key=lambda entry: (entry[1], TIMES.index(entry[0]))):
        since = "" if before is None else f"{(at - before).total_seconds():.3f}"
        table.add_row(TITLES[mark], f"{at.astimezone(HOTLINE_TIME):%H:%M:%S.%f}"[:-3], since)
        before = at
    console.print(table, soft_wrap=False)


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
