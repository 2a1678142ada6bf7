"""The live draft, learning from confirmed orders, and search over many transcripts.

Texts are invented: sentences of callers joined at random. Search is asked as a person asks it: masked for a role, with
the audit row written, over SQLite and PostgreSQL; the peers read the same table without an index. Learning is `hotline
learn` without the database: units of the shipped duty table, a fifth of the labels deliberately wrong.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from time import perf_counter

import psycopg
from sqlalchemy import insert, text

from cti.adapters.sql.archive import SqlTranscriptArchive
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import calls, transcript_index, turns
from cti.server.assistant import Assistant
from cti.server.drafting import make_drafter, make_prefill
from cti.server.files.policy_files import shipped_masking
from ivr.call import CallId, ChannelName, Leg, PhoneNumber
from ivr.events import LegUp
from ivr.ports import Heard
from routing.adapters.packaged_lexicon import load_classifier
from routing.classify.voting import Target
from tests.benchmarks.bench_words import TEXTS
from tests.benchmarks.figures import Figure, Options, quantile
from tests.conftest_services import _start_postgres
from tests.cti.test_assistant import FakeBook, RealClock
from tests.fakes import NOON, FakeDatabase, FakeOrderStore, FakePublisher
from workorder.audit import Person
from workorder.evaluate_unit import lexicon_hints
from workorder.learn import learn
from workorder.lessons import Lesson
from workorder.order import OrderNumber
from workorder.search import Query
from workorder.search_words import chunks, query_words

_STREETS = [f"{a}{b}路" for a in "武平甘定张酒金天庆白" for b in "威凉州西掖泉昌水阳银"]
_THINGS = ["路灯", "井盖", "下水道", "垃圾桶", "围墙", "电梯", "暖气", "自来水", "公交站", "健身器材", "树枝", "广告牌"]
_TROUBLES = ["坏了", "没人管", "漏水", "太吵", "挡住了路", "掉下来了", "三天没修", "半夜响", "味道很大", "找不到"]
_WORDS = ("路灯", "井盖 三天没修", "武威路", "暖气漏水", "坏", "26号楼")


def measure(options: Options) -> list[Figure]:
    """Return ms per draft, seconds per 10,000 orders, ms per search."""
    return asyncio.run(_measure(options))


async def _measure(options: Options) -> list[Figure]:
    orders, transcripts = int(options.pick(10_000, 1_000)), int(options.pick(100_000, 5_000))
    figures = [await _drafts(int(options.pick(200, 30)))]
    options.say(f"  learning from {orders} orders")
    figures.append(_learning(orders))
    folder = Path(tempfile.mkdtemp(prefix="hotline-bench-text-"))
    server = _start_postgres()
    try:
        with psycopg.connect(f"{server['url']}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE search")
        for name, url in (("SQLite", f"sqlite:///{folder / 'search.db'}"), ("PostgreSQL", f"{server['url']}/search")):
            options.say(f"  {transcripts} transcripts into {name}")
            figures.extend(await _search(name, url, transcripts))
    finally:
        os.kill(int(str(server["pid"])), signal.SIGINT)
        await asyncio.to_thread(os.waitpid, int(str(server["pid"])), 0)
        shutil.rmtree(str(server["folder"]), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    return figures


async def _drafts(rounds: int) -> Figure:
    """Final words → draft event, the debounce of 50 ms among it; 20 calls, each with final words every second."""
    took: list[float] = []
    async with asyncio.TaskGroup() as tasks:
        publisher, drafter = FakePublisher(), make_drafter(make_prefill())
        assistant = Assistant(drafter, FakeOrderStore(FakeDatabase()), FakeBook(), publisher, RealClock(), tasks)
        live = [CallId(f"hl-1.{nth}") for nth in range(20)]
        for call in live:
            assistant.take(LegUp(call, Leg.CALLER, ChannelName("x"), PhoneNumber("13800001234"), NOON))
        for nth in range(rounds // len(live) + 1):
            for at, call in enumerate(live):
                text = TEXTS[(nth + at) % len(TEXTS)]
                assistant.hear(Heard(call, Leg.CALLER, text, True, 10.0 * nth, 10.0 * nth + 8))
                await asyncio.sleep(1 / len(live))
        await asyncio.sleep(0.5)
        for call in live:
            assistant.forget(call)
        took = [float(str(each.data["ms"])) for each in publisher.announced if each.type == "draft"]
    return Figure(
        "final words to draft event, 20 calls, p95",
        "ms",
        quantile(took, 0.95),
        target=300,
        note=f"p50 {quantile(took, 0.5):.0f} ms, of it 50 ms of waiting for more words",
    )


def _sentence(chance: random.Random) -> str:
    house = f"{chance.randint(1, 99)}号楼" if chance.random() < 0.3 else "附近"
    return f"我在{chance.choice(_STREETS)}{house}这里{chance.choice(_THINGS)}{chance.choice(_TROUBLES)}"


def _learning(count: int) -> Figure:
    chance = random.Random(12345)
    classify = cache(load_classifier().classify)
    units = [each.label for thing in _THINGS for each in classify(thing).units[:2]] or ["甲", "乙"]
    said: list[Lesson] = []
    for nth in range(count):
        text = "，".join(_sentence(chance) for _ in range(3))
        ranked = classify(text).units
        unit = ranked[0].label if ranked and chance.random() > 0.2 else chance.choice(units)
        at = NOON + timedelta(minutes=nth)
        number = OrderNumber(f"WO20261122-{nth + 1:06d}")
        said.append(Lesson(number, f"138{nth % 4000:08d}", text, unit, "", "", "", at))
    begun = perf_counter()
    outcome = learn(said, Target.UNIT, classify, lexicon_hints(classify))
    seconds = perf_counter() - begun
    labels = (outcome.card or {}).get("labels")
    return Figure(
        "learn the unit from confirmed orders, per 10,000",
        "s",
        seconds * 10_000 / count,
        note=f"{count} orders, {labels} units, {len(outcome.model or b'') / 1e6:.1f} MB, comparison included",
    )


async def _search(name: str, url: str, count: int) -> list[Figure]:
    database = Database(url, deadline_seconds=600)
    await database.open()
    per_call = await _fill(database, count)
    archive = SqlTranscriptArchive(database, shipped_masking())
    person, now = Person("bench", "supervisor"), datetime.now(UTC)
    took: list[float] = []
    for _ in range(5):
        for words in _WORDS:
            begun = perf_counter()
            await archive.search(Query(query_words(words)), person, now)
            took.append(1000 * (perf_counter() - begun))
    begun = perf_counter()
    like = text("SELECT call_id FROM turns WHERE text LIKE :words ORDER BY call_id DESC LIMIT 20")
    await database.read("LIKE", lambda connection: connection.execute(like, {"words": "%暖气漏水%26号%"}))
    bare = 1000 * (perf_counter() - begun)
    await database.close()
    about = f"{count} transcripts, {len(_WORDS)} queries, p50 {quantile(took, 0.5):.0f} ms"
    return [
        Figure(f"search, {name}, p95", "ms", quantile(took, 0.95), bare, "LIKE over the turns", note=about),
        Figure(f"index a transcript, {name}", "µs", per_call, note="of it computing the terms, without the insert"),
    ]


async def _fill(database: Database, count: int) -> float:
    """Lay `count` calls of some four turns into the tables; return µs spent on the terms of each."""
    chance = random.Random(7)
    spent = 0.0
    for first in range(0, count, 2_000):
        rows: tuple[list[dict[str, object]], list[dict[str, object]], list[dict[str, object]]] = ([], [], [])
        for nth in range(first, min(first + 2_000, count)):
            call, said = f"hl-{nth}.1", [_sentence(chance) for _ in range(4)]
            rows[0].append({"id": call, "started": NOON + timedelta(seconds=nth)})
            rows[1].extend(_turn(call, at, each) for at, each in enumerate(said))
            begun = perf_counter()
            rows[2].extend({"call_id": call, "words": words} for words in chunks(said))
            spent += perf_counter() - begun
        await database.write("fill", lambda connection, rows=rows: _insert(connection, rows))  # type: ignore[misc]
    if not database.is_sqlite:
        await database.write("analyze", lambda connection: connection.execute(text("ANALYZE")))
    return spent / count * 1e6


def _turn(call: str, nth: int, said: str) -> dict[str, object]:
    whole = {"begun_s": 10.0 * nth, "ended_s": 10.0 * nth + 8, "text": said, "words": [], "is_final": True}
    return {"call_id": call, "nth": nth, "leg": ("caller", "agent")[nth % 2], **whole}


async def _insert(connection: object, rows: Sequence[list[dict[str, object]]]) -> None:
    for table, new in zip((calls, turns, transcript_index), rows, strict=True):
        await connection.execute(insert(table), new)  # type: ignore[attr-defined]
