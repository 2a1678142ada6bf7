"""`hotline seed-demo`: fill an empty database with invented orders, so that every page has something to show."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.progress import Progress

from cti.adapters.sql.article_store import SqlArticles
from cti.adapters.sql.database import Database
from cti.adapters.sql.publication_store import SqlPublications
from cti.adapters.sql.seeding import SqlSeeding
from cti.commands.city import own_cities
from cti.demo.invented import Inventor
from cti.demo.matters import Told, read_matters
from cti.server.files.city_packs import load_calendar, load_city, own_calendar
from cti.server.orders import Orders
from cti.settings import Settings
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from workorder.audit import Person
from workorder.knowledge import Article, ArticleState
from workorder.life.actions import AnswerDirectly
from workorder.life.refusal import Refusal
from workorder.order import order_day
from workorder.publication import published

AT_ONCE, PUBLISHED = 50, 30
WRITER, REVIEWER = Person("演示数据", "system"), Person("演示审核", "system")
EXAMPLES = """\
示例：
  hotline seed-demo --orders 2000          三十天、两千张工单
  hotline --run-folder /tmp/show seed-demo --orders 200 --days 7
人名、号码、街道都是编的。只往没有工单的数据库里写；要重来，换一个运行目录。
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, over how many days."""
    parser.epilog = EXAMPLES
    parser.add_argument("--orders", type=int, default=2000, metavar="N", help="多少张（默认 2000）")
    parser.add_argument("--days", type=int, default=30, metavar="N", help="分布在最近多少天（默认 30）")
    parser.add_argument("--seed", type=int, default=12345, help="随机种子：相同的种子得到相同的工单")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write them; 1 when the database holds orders already."""
    if not 1 <= arguments.orders <= 1_000_000 or not 1 <= arguments.days <= 366:
        problem = Problem(Place("--orders"), "张数或天数不合适。", "张数 1 到 1000000，天数 1 到 366。")
        raise AuthorError((problem,))
    return asyncio.run(_seed(arguments, settings, Console(highlight=False)))


async def _seed(arguments: argparse.Namespace, settings: Settings, console: Console) -> int:
    now = datetime.now(UTC)
    pack = load_city(settings.city, own_cities(settings))
    calendar = load_calendar(own_calendar(settings.data_folder))
    async with Database(settings.database, deadline_seconds=60) as database:
        seeding = SqlSeeding(database)
        if not await seeding.is_empty():
            console.print("数据库里已有工单，没有写入。改法：换一个运行目录（--run-folder），或换一个数据库。")
            return 1
        await Orders(settings, database, lambda: calendar).pack(now)
        articles = SqlArticles(database)
        told = read_matters()
        known = await _articles(articles, told, now - timedelta(days=arguments.days))
        inventor = Inventor(told, pack, calendar, now, known, arguments.seed)
        instants = inventor.instants(arguments.orders, arguments.days)
        numbers = await seeding.numbers(instants)
        publications, public = SqlPublications(database), 0
        used, states = Counter[str](), Counter[str]()
        with Progress(console=console, transient=True) as bar:
            task = bar.add_task("写入工单", total=len(instants))
            for begin in range(0, len(instants), AT_ONCE):
                pairs = zip(numbers[begin : begin + AT_ONCE], instants[begin : begin + AT_ONCE], strict=True)
                batch = [inventor.order(number, at) for number, at in pairs]
                await seeding.write(batch, pack, calendar, now)
                for each in batch:
                    states[each.order.state.value] += 1
                    used.update(e.action.article for e in each.history if isinstance(e.action, AnswerDirectly))
                    shown = published(each.draft.draft, each.order, pack, now, "")
                    if public < PUBLISHED and not isinstance(shown, Refusal):
                        await publications.put(shown, REVIEWER, now)
                        public += 1
                bar.update(task, advance=len(batch))
        for article, times in used.items():
            await articles.use(article, times)
    console.print(
        f"已写入 {sum(states.values())} 张工单（{pack.city}，最近 {arguments.days} 天），{len(told.articles)} 条知识。"
    )
    return 0


async def _articles(store: SqlArticles, told: Told, at: datetime) -> dict[str, str]:
    """Publish the demonstration's articles; returns their ids by unit."""
    found: dict[str, str] = {}
    for nth, (unit, title, question, answer) in enumerate(told.articles):
        review = order_day(at) + timedelta(days=25 + 40 * nth)
        draft = Article("", 0, ArticleState.SUBMITTED, title, question, answer, unit, review, WRITER.name, at)
        kept = await store.submit(draft, WRITER, at)
        published = replace(kept, state=ArticleState.PUBLISHED, decided_by=REVIEWER.name, decided=at)
        await store.change(published, kept.revision, REVIEWER, at, "knowledge.published")
        found.setdefault(unit, kept.id)
    return found
