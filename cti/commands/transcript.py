"""`hotline transcript`: one call's transcript as a person reads it; masked by role and kept in the audit trail."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from datetime import UTC, date, datetime

from rich.console import Console
from rich.text import Text

from cti.adapters.sql.archive import SqlTranscriptArchive
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.database import Database
from cti.server.files.policy_files import masking_of
from cti.server.transcript_view import STYLES, WHO, plain_of, readable_turns, shown
from cti.settings import Settings
from ivr.call import CallId, call_id
from ivr.errors import StoreError
from ivr.ports import Heard
from workorder.audit import Person
from workorder.order import order_day


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which call, and in what role."""
    parser.add_argument("call", metavar="通话编号")
    parser.add_argument("--role", default="inspector", help="以什么角色看（决定脱敏，默认 %(default)s：全部脱敏）")
    parser.add_argument("--json", action="store_true", help="打印 JSON，含每个字的秒数与原话")
    parser.epilog = "示例：\n  hotline transcript hl-1795312728.0 --role supervisor\n"


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the transcript."""
    try:
        call = call_id(arguments.call)
    except ValueError:
        raise StoreError(f"“{arguments.call[:40]}”不是通话编号。改法：写成 hl-1795312728.0 这样") from None
    heard, day = asyncio.run(_read(call, Person(getpass.getuser(), arguments.role), settings))
    said = readable_turns(heard, day)
    if arguments.json:
        json.dump([plain_of(turn) for turn in said], sys.stdout, ensure_ascii=False, indent=2)
        print()
    elif not said:
        print(f"通话 {call} 没有转写", file=sys.stderr)
    else:
        console = Console(highlight=False, soft_wrap=True)
        for turn in said:
            console.print(
                Text.assemble(f"{turn.begun_s:6.1f} 秒  ", (WHO[turn.leg], STYLES[turn.leg]), "  ", shown(turn))
            )
    return 0 if said else 1


async def _read(call: CallId, person: Person, settings: Settings) -> tuple[tuple[Heard, ...], date | None]:
    async with Database(settings.database) as database:
        heard = await SqlTranscriptArchive(database, masking_of(settings)).read(call, person, datetime.now(UTC))
        record = await SqlCallStore(database).call(call)
        return heard, order_day(record.started) if record and record.started else None
