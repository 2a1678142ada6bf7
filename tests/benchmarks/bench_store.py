"""How many drafts with their outbox rows per second both databases keep, and how many messages the relay delivers.

Peers: a bare two-row transaction of the driver on the same database, and a bare aiomqtt loop of QoS 1 publishes, one
awaited after another.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, perf_counter
from types import MappingProxyType

import aiomqtt
import psycopg

from cti.adapters.mqtt.publisher import MqttPublisher
from cti.adapters.mqtt.relay import Relay
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.sql.outbox_store import SqlOutboxStore
from ivr.call import CallId
from tests.benchmarks.figures import Figure, Options
from tests.conftest_services import Broker, _start_postgres
from workorder.draft import Draft, Field, FieldName
from workorder.envelope import call_event

_MESSAGES = 4000


class _Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return monotonic()


async def _rate(seconds: float, clients: int, work: Callable[[int], Awaitable[object]]) -> float:
    done, until = 0, perf_counter() + seconds
    begun = perf_counter()

    async def client(nth: int) -> None:
        nonlocal done
        count = 0
        while perf_counter() < until:
            await work(nth * 10_000_000 + count)
            count += 1
            done += 1

    await asyncio.gather(*(client(nth) for nth in range(clients)))
    return round(done / (perf_counter() - begun))


async def _orders(url: str, seconds: float) -> dict[str, float]:
    database = Database(url)
    await database.open()
    orders = SqlOrderStore(database)

    async def save(nth: int) -> None:
        fields = {FieldName.TITLE: Field(f"第{nth}件", 0.9), FieldName.UNIT: Field("市政处", 0.8)}
        await orders.save_draft(Draft(CallId(f"hl-{nth}.1"), MappingProxyType(fields)), datetime.now(UTC))

    one = await _rate(seconds, 1, save)
    eight = await _rate(seconds, 8, lambda nth: save(nth + 1_000_000_000))
    await database.close()
    return {"orders_per_s_1_client": one, "orders_per_s_8_clients": eight}


def _bare_sqlite(file: Path, seconds: float) -> float:
    connection = sqlite3.connect(file, isolation_level=None)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE a (t)", "CREATE TABLE b (t)"):
        connection.execute(statement)
    done, begun = 0, perf_counter()
    while perf_counter() < begun + seconds:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO a VALUES (?)", ("x" * 300,))
        connection.execute("INSERT INTO b VALUES (?)", ("x" * 300,))
        connection.execute("COMMIT")
        done += 1
    return round(done / (perf_counter() - begun))


def _bare_postgresql(url: str, seconds: float) -> float:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE a (t text)")
        connection.execute("CREATE TABLE b (t text)")
        connection.commit()
        done, begun = 0, perf_counter()
        while perf_counter() < begun + seconds:
            connection.execute("INSERT INTO a VALUES (%s)", ("x" * 300,))
            connection.execute("INSERT INTO b VALUES (%s)", ("x" * 300,))
            connection.commit()
            done += 1
        return round(done / (perf_counter() - begun))


async def _relay(url: str, broker: Broker) -> float:
    database = Database(url)
    await database.open()
    outbox = SqlOutboxStore(database)
    for begin in range(0, _MESSAGES, 500):
        events = (
            call_event(CallId(f"b{n % 50}"), "moved", datetime.now(UTC), {"n": n}, n) for n in range(begin, begin + 500)
        )
        await outbox.put(*events)
    publisher = MqttPublisher(broker.url)
    relay = Relay(outbox, publisher, _Clock())
    connecting = asyncio.ensure_future(publisher.run())
    await publisher.wait_connected()
    begun = perf_counter()
    running = asyncio.ensure_future(relay.run())
    while relay.delivered < _MESSAGES:  # noqa: ASYNC110  # it has no event of its own, being no part of the service
        await asyncio.sleep(0.005)
    seconds = perf_counter() - begun
    for task in (running, connecting):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await database.close()
    return round(_MESSAGES / seconds)


async def _bare_mqtt(broker: Broker, seconds: float) -> float:
    account = broker.account
    async with aiomqtt.Client("127.0.0.1", broker.port, username=account.name, password=account.password) as client:
        return await _rate(seconds, 1, lambda _: client.publish("hotline/v1/bare", b"x" * 300, qos=1))


def measure(options: Options) -> list[Figure]:
    """Return all figures; starts and stops a PostgreSQL and a broker of its own."""
    return asyncio.run(_measure(options.pick(3.0, 0.7)))


async def _measure(seconds: float) -> list[Figure]:
    folder = Path(tempfile.mkdtemp(prefix="hotline-bench-"))
    server = _start_postgres()
    broker = Broker(folder)
    broker.start()
    try:
        postgresql, sqlite = f"{server['url']}/postgres", f"sqlite:///{folder / 'hotline.db'}"
        figures = _kept("SQLite", await _orders(sqlite, seconds), _bare_sqlite(folder / "bare.db", seconds))
        figures += _kept("PostgreSQL", await _orders(postgresql, seconds), _bare_postgresql(postgresql, seconds))
        bare = await _bare_mqtt(broker, seconds)
        for name, rate in (
            ("SQLite", await _relay(f"sqlite:///{folder / 'relay.db'}", broker)),
            ("PostgreSQL", await _relay_fresh(str(server["url"]), broker)),
        ):
            what = f"messages delivered from the outbox, {name}"
            figures.append(Figure(what, "messages/s", rate, bare, "bare aiomqtt, one by one", "more"))
        return figures
    finally:
        broker.stop()
        os.kill(int(str(server["pid"])), signal.SIGINT)
        await asyncio.to_thread(os.waitpid, int(str(server["pid"])), 0)
        shutil.rmtree(str(server["folder"]), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _kept(database: str, ours: dict[str, float], bare: float) -> list[Figure]:
    return [
        Figure(
            f"drafts with outbox row, {database}, {clients}", "orders/s", rate, bare, "bare driver, two inserts", "more"
        )
        for clients, rate in zip(("1 client", "8 clients"), ours.values(), strict=True)
    ]


async def _relay_fresh(server: str, broker: Broker) -> float:
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE relay")
    return await _relay(f"{server}/relay", broker)
