"""`hotline mode`: emergency response as a mode: what is on, switching it on the record, checking its files."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from datetime import UTC, datetime

from cti.adapters.sql.database import Database
from cti.response_mode import USUAL
from cti.server.mode_desk import mode_problems, standing, switch_mode
from cti.server.modes import modes_of
from cti.settings import Settings
from cti.today import CHINA
from ivr.errors import StoreError
from workorder.audit import Person

EXAMPLES = """\
示例：
  hotline mode                                              现在是什么模式，谁、何时、为什么切换的
  hotline mode check incident                               先检查它的流程、提示音、队列
  hotline mode on incident --by 张主任 --why 防汛Ⅲ级响应    启动：一两秒内对新来电生效
  hotline mode off --by 张主任 --why 响应结束               恢复平时
模式是运行目录 modes/<名称>/ 里的文件：mode.yaml，以及与平时不同的流程、prompts.yaml、queues.yaml。
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A verb, a mode, and who asks and why."""
    parser.epilog = EXAMPLES
    verbs = parser.add_subparsers(dest="verb", metavar="动作")
    verbs.add_parser("show", help="现在的模式、可用的模式、切换记录（默认）")
    check = verbs.add_parser("check", help="检查一个模式的文件")
    on = verbs.add_parser("on", help="启动一个模式")
    off = verbs.add_parser("off", help="恢复平时")
    for each in (check, on):
        each.add_argument("mode", metavar="MODE")
    for each in (on, off):
        each.add_argument("--by", required=True, metavar="WHO", help="谁，记入审计")
        each.add_argument("--why", required=True, help="为什么，例如 防汛Ⅲ级响应")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; AuthorError with every problem when a mode's files cannot be used."""
    now = datetime.now(UTC)
    if arguments.verb in (None, "show"):
        _show(settings, now)
        return 0
    if arguments.verb == "check":
        problems = mode_problems(settings, arguments.mode)
        for problem in problems:
            print(problem)
        errors = sum(problem.is_error for problem in problems)
        print(f"{arguments.mode}：{f'{errors} 个错误' if errors else '可以启动'}。")
        return 1 if errors else 0
    name = arguments.mode if arguments.verb == "on" else USUAL

    async def doing() -> bool:
        database = Database(settings.database)
        try:
            with contextlib.suppress(StoreError):  # the switch itself needs no database
                await database.open()
            return await switch_mode(settings, database, name, Person(arguments.by, "supervisor"), arguments.why, now)
        finally:
            await database.close()

    is_audited = asyncio.run(doing())
    if not is_audited:
        print("数据库没有应答，审计里还没有这一条；切换本身已记在运行目录的 modes.jsonl。")
    title = next((each.title for each in modes_of(settings) if each.name == name), "平时")
    print(f"已切换到“{title}”，一两秒内对新来电生效；已在通话和流程中的按原来的走完。")
    return 0


def _show(settings: Settings, now: datetime) -> None:
    here = standing(settings, now)
    print(f"现在：{here.on.title}（{here.on.name or '平时的流程与队列'}）")
    print(f"情况快报：每 {here.on.report_minutes} 分钟一份，已有 {len(here.reports)} 份")
    for mode in here.modes:
        print(f"  可用：{mode.name}　{mode.title}　快报每 {mode.report_minutes} 分钟　{mode.clause}".rstrip("　"))
    for each in reversed(here.history):
        at = each.at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
        print(f"  {at}　{each.by}　{each.mode or '恢复平时'}　{each.reason}")
