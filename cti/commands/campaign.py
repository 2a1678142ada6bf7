"""`hotline campaign`: surveys on behalf of units and dial tests: open, draw again, make the test calls, results."""

from __future__ import annotations

import argparse
import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.campaign_store import SqlCampaigns
from cti.adapters.sql.database import Database
from cti.adapters.web.desk_days import instants
from cti.adapters.web.routes_campaigns import drawn_now
from cti.campaign_table import dial_words, survey_words
from cti.server.clock import SystemClock
from cti.server.dial_test import DialTester, Line
from cti.server.installation import SIMULATED_PSTN, espeak_of, part
from cti.settings import Settings
from ivr.adapters.asterisk.private_parts import PartName
from ivr.adapters.voice.espeak import Voice
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from workorder.audit import Person
from workorder.campaign_plan import read_plan, strange_numbers
from workorder.campaigns import (
    KIND_TITLES,
    OUTCOME_TITLES,
    Campaign,
    CampaignState,
    DialPlan,
    Drawn,
    Member,
    SurveyPlan,
    drawn,
)
from workorder.clock.due import spoken_instant
from workorder.life.refusal import Refusal

T = TypeVar("T")
VOICE = "m3"
EXAMPLES = """\
示例：
  hotline check plan.yaml                            检查方案
  hotline campaign open plan.yaml --by 王主任        开始；委托调研此时抽样
  hotline campaign list
  hotline campaign show 3f2a9c0d1e4b5a67             结果：应答率、各题、各通得分
  hotline campaign redraw 3f2a9c0d1e4b5a67           用记下的种子再抽一次，核对抽样没有人为挑选
  hotline campaign run 3f2a9c0d1e4b5a67 --by 王主任  拨测：在本机逐通拨打热线并评分（先运行 hotline up）
  hotline campaign close 3f2a9c0d1e4b5a67 --by 王主任
方案怎样写见 docs/campaigns.md；导出结果走网页的导出审批
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A verb, a plan or a campaign, and who asks."""
    parser.epilog = EXAMPLES
    verbs = parser.add_subparsers(dest="verb", metavar="动作", required=True)
    verbs.add_parser("list", help="列出调研和拨测")
    new = verbs.add_parser("open", help="按方案开始一次调研或拨测")
    new.add_argument("plan", type=Path, metavar="FILE")
    new.add_argument("--by", required=True, metavar="WHO", help="谁，记入审计")
    for name, words in (("show", "结果"), ("redraw", "再抽一次，核对抽样")):
        verbs.add_parser(name, help=words).add_argument("campaign", metavar="ID")
    for name, words in (("run", "拨打拨测的电话"), ("close", "结束，不再收结果")):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("campaign", metavar="ID")
        verb.add_argument("--by", required=True, metavar="WHO", help="谁，记入审计")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Do it; 1 when there is none, or the sample is another."""
    verbs: dict[str, Callable[[argparse.Namespace, Settings, Database], Awaitable[int]]] = {
        "list": _list,
        "open": _open,
        "show": _show,
        "redraw": _redraw,
        "run": _run,
        "close": _close,
    }

    async def doing() -> int:
        async with Database(settings.database) as database:
            return await verbs[arguments.verb](arguments, settings, database)

    return asyncio.run(doing())


async def _list(arguments: argparse.Namespace, settings: Settings, database: Database) -> int:
    for each in await SqlCampaigns(database).latest():
        print("　".join([each.id, *_words_of(each), spoken_instant(each.at)]))
    return 0


async def _open(arguments: argparse.Namespace, settings: Settings, database: Database) -> int:
    text, store = arguments.plan.read_text(encoding="utf-8"), SqlCampaigns(database)
    plan, problems = read_plan(text, str(arguments.plan))
    if plan is None:
        raise AuthorError(problems)
    strange = strange_numbers(plan, _own_numbers(settings), str(arguments.plan))
    if strange:
        raise AuthorError(strange)
    campaign = Campaign(secrets.token_hex(8), plan, text, Drawn(), arguments.by, datetime.now(UTC))
    if isinstance(plan, SurveyPlan):
        campaign, subjects = await drawn_now(store, campaign, plan)
        if not subjects:
            remedy = "换日期、单位或类别。"
            raise AuthorError((Problem(Place(str(arguments.plan)), "这段时间没有可以抽取的市民。", remedy),))
    else:
        subjects = tuple(call.name for call in plan.calls)
    await store.begin(campaign, subjects, Person(arguments.by, "supervisor"))
    print(f"已开始，编号 {campaign.id}")
    return await _told(store, campaign)


async def _show(arguments: argparse.Namespace, settings: Settings, database: Database) -> int:
    store = SqlCampaigns(database)
    return await _told(store, await _known(store, arguments.campaign))


async def _redraw(arguments: argparse.Namespace, settings: Settings, database: Database) -> int:
    store = SqlCampaigns(database)
    campaign = await _known(store, arguments.campaign)
    plan = campaign.plan
    if not isinstance(plan, SurveyPlan):
        print("拨测不抽样。")
        return 1
    sample, seed = plan.sample, campaign.drawn.seed
    population = await store.population(*instants(sample.since, sample.until), sample.unit, sample.category)
    again = drawn(population, sample.size, seed)
    kept = tuple(each.subject for each in await store.members(campaign.id))
    if again == kept:
        print(f"一致：用种子 {seed} 再抽，{len(kept)} 位与当初相同。")
        return 0
    changed = len(set(again) ^ set(kept))
    print(
        f"不一致：{changed} 处不同。抽样之后同一时期又有新工单，有人改过电话、单位或类别，或名单被动过；请查审计记录。"
    )
    return 1


async def _run(arguments: argparse.Namespace, settings: Settings, database: Database) -> int:
    store = SqlCampaigns(database)
    campaign = await _known(store, arguments.campaign)
    plan = campaign.plan
    if not isinstance(plan, DialPlan) or campaign.state is CampaignState.CLOSED:
        print("这不是正在进行的拨测。改法：用 hotline campaign list 查编号")
        return 1
    strange = strange_numbers(plan, _own_numbers(settings), campaign.id)  # the settings may have changed since
    if strange:
        raise AuthorError(strange)
    tester = DialTester(store, SqlCallStore(database), _line(settings), _speaker(settings), SystemClock())
    for member in await store.members(campaign.id):
        if member.outcome is None:
            made = await tester.make(campaign, plan, member, Person(arguments.by, "supervisor"))
            if isinstance(made, Refusal):
                print(made)
                return 1
            if made is not None:
                print(_line_of(made), flush=True)
    return await _told(store, campaign)


async def _close(arguments: argparse.Namespace, settings: Settings, database: Database) -> int:
    store = SqlCampaigns(database)
    campaign = await _known(store, arguments.campaign)
    is_done = await store.close(campaign.id, Person(arguments.by, "supervisor"), datetime.now(UTC))
    print("已结束，不再收结果。" if is_done else "早已结束。")
    return 0 if is_done else 1


async def _told(store: SqlCampaigns, campaign: Campaign) -> int:
    members, plan = await store.members(campaign.id), campaign.plan
    print("　".join(_words_of(campaign)))
    if isinstance(plan, SurveyPlan):
        words = survey_words(plan, campaign, members)
    else:
        words = dial_words(plan, members)
        for each in members:
            print(f"  {_line_of(each)}")
    for line in words:
        print(line)
    return 0


def _line_of(member: Member) -> str:
    outcome = OUTCOME_TITLES[member.outcome] if member.outcome else "还没有做"
    points = f"　{member.result['points']} 分" if "points" in member.result else ""
    waited = member.result.get("waited_seconds")
    return f"{member.nth}. {member.subject}　{outcome}{points}" + (f"　等待 {waited} 秒" if waited is not None else "")


def _words_of(campaign: Campaign) -> list[str]:
    state = "已结束" if campaign.state is CampaignState.CLOSED else "进行中"
    return [KIND_TITLES[campaign.plan.kind], campaign.plan.title, campaign.plan.client, state]


async def _known(store: SqlCampaigns, identity: str) -> Campaign:
    found = await store.one(identity)
    if found is None:
        remedy = "用 hotline campaign list 查编号。"
        raise AuthorError((Problem(Place(identity[:40]), "没有这次调研或拨测。", remedy),))
    return found


def _own_numbers(settings: Settings) -> list[str]:
    return [each.number for each in settings.numbers]


def _line(settings: Settings) -> Line:
    return Line(settings.switch.sip_host, settings.switch.sip_port, SIMULATED_PSTN[0])


def _speaker(settings: Settings) -> Callable[[str], Awaitable[bytes]]:
    """Return what turns words into sound; the synthesiser is looked for only when something is to be said."""

    async def speak(words: str) -> bytes:
        return await espeak_of(settings, part(settings, PartName.ESPEAK)).speak(words, Voice(VOICE))

    return speak
