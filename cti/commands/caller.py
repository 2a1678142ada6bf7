"""`hotline caller`: who is served with special care (重点服务对象); the desk shows it before the seat rings."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, datetime

from cti.adapters.sql.caller_book import SqlCallerBook
from cti.adapters.sql.database import Database
from cti.settings import Settings
from ivr.call import PhoneNumber
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from workorder.audit import Person

EXAMPLES = """\
示例：
  hotline caller vip 13900001234 --why 独居，行动不便 --by 王主任     登记为重点服务对象
  hotline caller plain 13900001234 --by 王主任                       取消
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A verb, a number, and who asks."""
    parser.epilog = EXAMPLES
    verbs = parser.add_subparsers(dest="verb", metavar="动作", required=True)
    for name, words in (("vip", "登记为重点服务对象"), ("plain", "取消登记")):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("number", metavar="NUMBER")
        verb.add_argument("--by", required=True, metavar="WHO", help="谁，记入审计")
        if name == "vip":
            verb.add_argument("--why", required=True, help="为什么，例如 独居")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when there was nothing to take back."""
    number, now, by = PhoneNumber.parse(arguments.number), datetime.now(UTC), Person(arguments.by, "supervisor")
    if not number.is_known:
        raise AuthorError(
            (Problem(Place(arguments.number[:40]), "不是电话号码。", "写成 13900001234 或 09318888888。"),)
        )

    async def doing() -> bool:
        async with Database(settings.database) as database:
            book = SqlCallerBook(database)
            if arguments.verb == "plain":
                return await book.unmark_vip(number, by, now)
            await book.mark_vip(number, arguments.why, by, now)
            return True

    is_done = asyncio.run(doing())
    told = "已登记为重点服务对象" if arguments.verb == "vip" else "已取消" if is_done else "没有登记过"
    print(f"{number.masked}　{told}。")
    return 0 if is_done else 1
