"""The orders' API as people use it, and lists, search, look-up and a year's report over a million orders.

`hotline pages` is a process of its own, asked over HTTP on loopback with a session, as a page asks; what people read is
masked for their role and the audit row is written before they get it. Opening is a letter that an agent takes in: the
draft, the order's first event, its timers, the message for the bus and the audit row, in two durable transactions. A
move is one more durable transaction. The peer of the opening is a bare FastAPI under uvicorn that checks a body of the
same shape and sends it back, asked by the same client. The million orders are a year of one city in PostgreSQL, with a
call, a history of some eight events and a draft each; the peers there are bare SQL by the driver, without HTTP, rights
or audit, and for the search what was done before there was an index.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import shutil
import signal
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import psycopg
from rich.console import Console

from cti.access import Role
from cti.adapters.sql.caller_book import SqlCallerBook
from cti.adapters.sql.database import Database
from cti.server.assistant import OPEN_DAYS
from cti.server.reports import Reports
from cti.settings import Settings
from ivr.call import CallId
from tests.benchmarks.figures import Figure, Options, quantile
from tests.benchmarks.order_million import NOW, fill
from tests.benchmarks.pages_process import account, browser, echo, pages_of, settings_in
from tests.conftest_services import _start_postgres
from workorder.draft import Draft
from workorder.similar import similar_orders

P95_MS = 200.0
CLIENTS = 8
LETTER = {
    "channel": "letter",
    "category": "sudden",
    "fields": {"title": "路灯不亮", "summary": "武威路9号路灯三天不亮。", "place": "武威路9号", "name": "王小明"},
}
WORDS = (
    "路灯",
    "井盖",
    "暖气不热",
    "公交 不停",
    "春晓路",
    "油烟",
    "自来水发黄",
    "独居老人",
    "飞船",
    "噪音",
    "垃圾 苍蝇",
    "停水",
)
_BY_TIME = "SELECT * FROM order_lives ORDER BY opened DESC, number DESC LIMIT 20"
_LIKE = (
    "SELECT number FROM orders WHERE title LIKE %(w)s OR summary LIKE %(w)s OR place LIKE %(w)s"
    " ORDER BY created DESC LIMIT 20"
)
_NEAR = "SELECT draft FROM orders WHERE place_key = %(key)s AND created >= %(since)s ORDER BY created DESC LIMIT 50"


def measure(options: Options) -> list[Figure]:
    """Return the figures; starts and stops a PostgreSQL of its own."""
    return asyncio.run(_measure(options))


async def _measure(options: Options) -> list[Figure]:
    folder = Path(tempfile.mkdtemp(prefix="hotline-bench-orders-"))
    server = _start_postgres()
    seconds, count = options.pick(10.0, 1.5), int(options.pick(1_000_000, 20_000))
    try:
        with psycopg.connect(f"{server['url']}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE api")
            connection.execute("CREATE DATABASE million")
        figures = []
        async with echo() as base, browser(base) as client:
            bare = await _rate(seconds / 2, lambda _: _sent(client, "/echo", LETTER))
        for name, url in (("SQLite", f"sqlite:///{folder / 'api.db'}"), ("PostgreSQL", f"{server['url']}/api")):
            options.say(f"  orders through the API, {name}")
            figures += await _api(name, folder / name, url, seconds, bare)
        options.say(f"  {count} orders into PostgreSQL")
        million = os.environ.get("HOTLINE_BENCH_MILLION") or f"{server['url']}/million"
        figures += await _million(folder / "million", million, count, options)
        return figures
    finally:
        os.kill(int(str(server["pid"])), signal.SIGINT)
        await asyncio.to_thread(os.waitpid, int(str(server["pid"])), 0)
        shutil.rmtree(str(server["folder"]), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


async def _api(name: str, folder: Path, url: str, seconds: float, bare: float) -> list[Figure]:
    settings = settings_in(folder, url)
    await account(settings, "agent", Role.AGENT)
    async with pages_of(settings), browser(settings.pages.base_url, "agent") as client:
        numbers: list[str] = []

        async def opened(_: int) -> None:
            numbers.append(str((await _sent(client, "/api/orders", LETTER))["number"]))

        async def moved(nth: int) -> None:
            number = numbers[nth % len(numbers)]
            text = {"action": "add_new_facts", "fields": {"text": "又来电"}, "version": 1 + nth // len(numbers)}
            await _sent(client, f"/api/orders/{number}/actions", text)

        await opened(0)
        opens = await _rate(seconds, opened)
        del numbers[int(opens * seconds) :]
        moves = await _rate(seconds, moved)
    return [
        Figure(
            f"orders opened through the API, {name}", "orders/s", opens, bare, "bare FastAPI echo", "more",
            note=f"{CLIENTS} clients, one process",
        ),
        Figure(
            f"moves of orders through the API, {name}", "moves/s", moves, bare, "bare FastAPI echo", "more",
            note=f"{CLIENTS} clients, one process",
        ),
    ]  # fmt: skip


async def _million(folder: Path, url: str, count: int, options: Options) -> list[Figure]:
    settings = replace(settings_in(folder, url), city="lanzhou")
    begun = perf_counter()
    count = await fill(settings, count, Console(stderr=True))
    options.say(f"  {count} orders are there, {perf_counter() - begun:.0f} s")
    await account(settings, "chief", Role.SUPERVISOR, Role.AGENT, Role.INSPECTOR)
    rounds = int(options.pick(20, 3))
    figures = []
    async with pages_of(settings), browser(settings.pages.base_url, "chief") as client:
        options.say("  lists")
        lists = await _lists(client, rounds)
        options.say("  search")
        found = await _asked(client, {word: {"words": word} for word in WORDS}, rounds)
    with psycopg.connect(url) as bare:
        bare_list = [_bare(bare, _BY_TIME, {}) for _ in range(rounds * 5)]
        bare_like = [_bare(bare, _LIKE, {"w": f"%{word.split()[0]}%"}) for word in WORDS for _ in range(2)]
        figures += [_p95("a page of orders", lists, bare_list, "bare SQL, the newest 20", count)]
        figures += [_p95("search in orders", found, bare_like, "bare SQL, LIKE over the columns", count)]
        options.say("  similar orders")
        figures += [await _similar(url, bare, int(options.pick(300, 40)), count)]
        options.say("  a year's report")
        figures += [await _year(settings, bare, count)]
    return figures


async def _lists(client: httpx.AsyncClient, rounds: int) -> Mapping[str, Sequence[float]]:
    choices = (await client.get("/api/orders/choices")).raise_for_status().json()
    month = (NOW - timedelta(days=60)).isoformat(), (NOW - timedelta(days=30)).isoformat()
    wanted: dict[str, Mapping[str, Any]] = {
        "newest": {},
        "page 100": {"page": 100},
        "page 500": {"page": 500},
        "handling": {"state": "handling"},
        "closed": {"state": "closed"},
        "two states": {"state": ["dispatched", "replied"]},
        "of a unit": {"unit": "水务局"},
        "held by a unit": {"owner": "水务局", "state": "handling"},
        "of a category": {"category": choices["categories"][1]["name"]},
        "by letter": {"channel": "letter"},
        "of a month": {"opened_from": month[0], "opened_until": month[1]},
        "due": {"due_before": NOW.isoformat(), "state": ["dispatched", "handling"]},
        "waiting drafts": {"waiting": "true"},
        "by number": {"words": "WO20261101-00"},
        "by telephone": {"words": "13012345678"},
    }
    return await _asked(client, wanted, rounds)


async def _asked(
    client: httpx.AsyncClient, wanted: Mapping[str, Mapping[str, Any]], rounds: int
) -> Mapping[str, Sequence[float]]:
    """Return milliseconds of each kind of question; one unmeasured round first, as on any day but the first."""
    took: dict[str, list[float]] = {name: [] for name in wanted}
    for nth in range(rounds + 1):
        for name, params in wanted.items():
            begun = perf_counter()
            answer = await client.get("/api/orders", params=dict(params))
            assert answer.status_code == 200, (name, answer.text)
            if nth:
                took[name].append(1000 * (perf_counter() - begun))
    return took


def _p95(what: str, took: Mapping[str, Sequence[float]], bare: Sequence[float], peer: str, count: int) -> Figure:
    every = [each for times in took.values() for each in times]
    slowest = max(took, key=lambda name: quantile(took[name], 0.5))
    note = (
        f"{len(took)} kinds, p50 {quantile(every, 0.5):.0f} ms; slowest kind: {slowest},"
        f" p50 {quantile(took[slowest], 0.5):.0f} ms"
    )
    return Figure(
        f"{what}, {count:,} orders, p95", "ms", quantile(every, 0.95), quantile(bare, 0.95), peer, target=P95_MS,
        note=note,
    )  # fmt: skip


async def _similar(url: str, bare: psycopg.Connection[Any], times: int, count: int) -> Figure:
    since = NOW - timedelta(days=OPEN_DAYS)
    chance = random.Random(12345)
    rows = bare.execute("SELECT draft::text, place_key FROM orders TABLESAMPLE SYSTEM (0.5) LIMIT 3000").fetchall()
    chosen = chance.sample(rows, min(times, len(rows)))
    database = Database(url)
    book, took, theirs = SqlCallerBook(database), list[float](), list[float]()
    for nth, (text, key) in enumerate(chosen):
        draft = replace(Draft.from_json(text), call=CallId(f"bench-{nth}"))
        begun = perf_counter()
        similar_orders(draft, await book.near(draft, since))
        took.append(1000 * (perf_counter() - begun))
        theirs.append(_bare(bare, _NEAR, {"key": key, "since": since}))
    await database.close()
    return Figure(
        f"similar orders of a draft, {count:,} orders, p95", "ms", quantile(took, 0.95), quantile(theirs, 0.95),
        "bare SQL, 50 of the street", target=P95_MS, note=f"{len(took)} drafts, p50 {quantile(took, 0.5):.0f} ms",
    )  # fmt: skip


async def _year(settings: Settings, bare: psycopg.Connection[Any], count: int) -> Figure:
    """Make the yearly summary from the events of every order, as `hotline report` does it."""
    database = Database(settings.database, deadline_seconds=600)
    begun = perf_counter()
    await Reports(settings, database).make("summary", NOW.date() - timedelta(days=364), NOW.date(), NOW)
    seconds = perf_counter() - begun
    await database.close()
    peer = _bare(bare, "SELECT count(*), sum(length(event)) FROM order_events", {}) / 1000
    return Figure(
        f"a report of a year, {count:,} orders", "s", seconds, peer, "bare SQL, the length of all events",
        note="the template summary: every event read, every figure in every dimension",
    )  # fmt: skip


def _bare(connection: psycopg.Connection[Any], query: str, values: Mapping[str, object]) -> float:
    """Return how many milliseconds the driver needs for it."""
    begun = perf_counter()
    connection.execute(query.encode(), values).fetchall()
    return 1000 * (perf_counter() - begun)


async def _sent(client: httpx.AsyncClient, path: str, body: object) -> Mapping[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


async def _rate(seconds: float, work: Callable[[int], Awaitable[object]]) -> float:
    """Return how often per second all clients together are answered."""
    nth, begun = itertools.count(), perf_counter()

    async def client() -> int:
        done = 0
        while perf_counter() < begun + seconds:
            await work(next(nth))
            done += 1
        return done

    done = sum(await asyncio.gather(*(client() for _ in range(CLIENTS))))
    return round(done / (perf_counter() - begun), 1)
