"""`hotline search`: find words in transcripts; masked by role, kept in the audit trail, each hit with its second."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from datetime import UTC, date, datetime, time, timedelta

from rich.console import Console
from rich.text import Text

from cti.adapters.sql.archive import SqlTranscriptArchive
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.database import Database
from cti.server.files.policy_files import masking_of
from cti.settings import Settings
from ivr.call import CallId, Leg
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from ivr.recording import Part
from workorder.audit import Person
from workorder.order import HOTLINE_TIME
from workorder.search import Hit, Query
from workorder.search_words import query_words

_WHO = {Leg.CALLER: "市民", Leg.AGENT: "坐席", Leg.EMERGENCY: "紧急中心"}
_ROUND = 24
"""Characters shown before and after a hit."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Words, days and a role."""
    parser.add_argument("words", metavar="词", nargs="+", help="要找的词；几个词都要在同一通电话里")
    parser.add_argument("--from", dest="since", metavar="日期", help="从这一天起（2026-11-01）")
    parser.add_argument("--to", dest="until", metavar="日期", help="到这一天止（含）")
    parser.add_argument("--role", default="inspector", help="以什么角色看（决定脱敏，默认 %(default)s：全部脱敏）")
    parser.add_argument("--limit", type=int, default=20, help="最多几通电话（默认 %(default)s）")
    parser.add_argument("--json", action="store_true", help="打印 JSON")
    parser.epilog = "示例：\n  hotline search 路灯\n  hotline search 武威路 井盖 --from 2026-11-01 --role supervisor\n"


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the hits; 1 when there are none."""
    try:
        query = Query(
            query_words(" ".join(arguments.words)),
            _day(arguments.since),
            _day(arguments.until, 1),
            max(1, min(200, arguments.limit)),
        )
    except ValueError as error:
        raise AuthorError((Problem(Place("命令行"), str(error).split("改法：")[0], _remedy(error)),)) from error
    hits, tapes = asyncio.run(_search(query, Person(getpass.getuser(), arguments.role), settings))
    if arguments.json:
        json.dump(
            [{**hit.to_plain(), "recording": tapes.get(hit.call, "")} for hit in hits],
            sys.stdout,
            ensure_ascii=False,
            indent=2,
        )
        print()
        return 0 if hits else 1
    console = Console(highlight=False, soft_wrap=True)
    for hit in hits:
        console.print(
            f"{hit.call}　第 {hit.turn + 1} 句　{_WHO[hit.leg]}　{hit.begun_s:.1f} 秒", markup=False, end="　"
        )
        console.print(_shown(hit))
        if tapes.get(hit.call):
            console.print(f"    录音 {settings.recordings_folder / tapes[hit.call]}", markup=False, style="dim")
    console.print(f"{len({hit.call for hit in hits})} 通电话，{len(hits)} 处" if hits else "没有找到")
    return 0 if hits else 1


async def _search(query: Query, person: Person, settings: Settings) -> tuple[tuple[Hit, ...], dict[CallId, str]]:
    """Return the hits, and the recording of each call with one."""
    async with Database(settings.database) as database:
        hits = await SqlTranscriptArchive(database, masking_of(settings)).search(query, person, datetime.now(UTC))
        calls = SqlCallStore(database)
        tapes = {}
        for call in {hit.call for hit in hits}:
            mixes = [tape.file for tape in await calls.recordings(call) if tape.part is Part.MIX and tape.file]
            tapes[call] = mixes[0] if mixes else ""
        return hits, tapes


def _day(text: str | None, more_days: int = 0) -> datetime | None:
    """Return the first instant of a day in China; ValueError, with the remedy, for what is no day."""
    if text is None:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=more_days)
    except (ValueError, OverflowError):
        raise ValueError(f"“{text[:40]}”不是日期。改法：写成 2026-11-01") from None
    return datetime.combine(day, time(), HOTLINE_TIME)


def _remedy(error: ValueError) -> str:
    return str(error).partition("改法：")[2] + "。"


def _shown(hit: Hit) -> Text:
    begin, end = max(0, hit.begin - _ROUND), hit.end + _ROUND
    before = ("…" if begin else "") + hit.text[begin : hit.begin]
    after = hit.text[hit.end : end] + ("…" if end < len(hit.text) else "")
    return Text.assemble(before, (hit.text[hit.begin : hit.end], "bold reverse"), after)
