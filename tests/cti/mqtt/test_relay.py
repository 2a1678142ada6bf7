"""The relay delivers everything that lies in the outbox, in order for each call, whatever happens to the broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import aiomqtt
import pytest

from cti.adapters.mqtt.publisher import MqttPublisher, broker_address
from cti.adapters.mqtt.relay import Relay
from cti.adapters.sql.database import Database
from cti.adapters.sql.outbox_store import SqlOutboxStore
from ivr.call import CallId
from ivr.errors import BusError
from tests.conftest_services import Broker
from tests.fakes import NOON, FakeClock, FakeDatabase, FakeOutboxStore, FakePublisher
from workorder.envelope import Envelope, call_event, decode

SECONDS = 30


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return monotonic()


class Consumer:
    """Another system: a lasting session, and a unique key on what it keeps."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.kept: dict[str, Envelope] = {}
        self.received = 0

    async def run(self) -> None:
        account = self._broker.reader
        while True:
            try:
                async with aiomqtt.Client(
                    "127.0.0.1",
                    self._broker.port,
                    username=account.name,
                    password=account.password,
                    identifier="consumer",
                    clean_session=False,
                    max_inflight_messages=100,
                ) as client:
                    await client.subscribe("hotline/v1/#", qos=1)
                    async for message in client.messages:
                        assert isinstance(message.payload, bytes)
                        self.received += 1
                        envelope = decode(message.payload)
                        self.kept.setdefault(envelope.key, envelope)
            except aiomqtt.MqttError:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def running(*works: Callable[[], Coroutine[None, None, None]]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(work()) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes), outcomes


async def until(condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is awaited happens in another process
            await asyncio.sleep(0.01)


def event(nth: int, call: str = "c1") -> Envelope:
    return call_event(CallId(call), "moved", NOON, {"nth": nth}, nth)


@pytest.fixture(params=["sqlite", "postgresql"])
async def outbox(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlOutboxStore]:
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hotline.db'}"
    database = Database(url)
    await database.open()
    yield SqlOutboxStore(database)
    await database.close()


async def test_a_broker_killed_and_restarted_costs_no_event_and_a_consumer_keeps_each_once(
    mqtt_broker: Broker, outbox: SqlOutboxStore
) -> None:
    publisher, consumer = MqttPublisher(mqtt_broker.url), Consumer(mqtt_broker)
    relay = Relay(outbox, publisher, RealClock())
    async with running(publisher.run, relay.run, consumer.run):
        for nth in range(900):
            await outbox.put(event(nth, f"c{nth % 7}"))
            relay.wake()
            if nth in (300, 600):
                await until(lambda n=nth: len(consumer.kept) > n / 2)  # type: ignore[misc]
                await until(mqtt_broker.has_saved("consumer", "hotline/v1/#"))
                mqtt_broker.kill()
            if nth in (330, 630):
                assert await outbox.waiting() > 0
                mqtt_broker.start()
        await until(lambda: len(consumer.kept) == 900)
        while await outbox.waiting():  # noqa: ASYNC110  # what a killed broker may have lost is being sent again
            await asyncio.sleep(0.05)
    for call in range(7):
        seen = [e.data["nth"] for e in consumer.kept.values() if e.call == f"c{call}"]
        assert seen == list(range(call, 900, 7))


async def test_two_relays_at_once_deliver_each_event_once_while_nothing_fails(
    mqtt_broker: Broker, outbox: SqlOutboxStore
) -> None:
    consumer = Consumer(mqtt_broker)
    publishers = [MqttPublisher(mqtt_broker.url) for _ in range(2)]
    relays = [Relay(outbox, publisher, RealClock()) for publisher in publishers]
    async with running(consumer.run, *(p.run for p in publishers), *(r.run for r in relays)):
        await asyncio.sleep(0.3)
        for nth in range(200):
            await outbox.put(event(nth, f"c{nth % 20}"))
        await until(lambda: len(consumer.kept) == 200)
        await until(lambda: sum(relay.delivered for relay in relays) == 200)
    assert consumer.received == 200


async def test_a_relay_starts_before_its_broker_and_delivers_when_it_comes(
    mqtt_broker: Broker, outbox: SqlOutboxStore
) -> None:
    mqtt_broker.stop()
    publisher = MqttPublisher(mqtt_broker.url)
    relay = Relay(outbox, publisher, RealClock())
    await outbox.put(event(1))
    async with running(publisher.run, relay.run):
        await asyncio.sleep(0.3)
        assert relay.delivered == 0
        mqtt_broker.start()
        await until(lambda: relay.delivered == 1)


async def test_a_stranger_and_a_reader_cannot_write_on_the_bus(mqtt_broker: Broker) -> None:
    wrong = MqttPublisher(f"mqtt://hotline:wrong@127.0.0.1:{mqtt_broker.port}")
    async with running(wrong.run):
        await asyncio.sleep(0.5)
        assert not wrong.is_connected
    received: list[str] = []
    account, reader = mqtt_broker.account, mqtt_broker.reader
    async with (
        aiomqtt.Client("127.0.0.1", mqtt_broker.port, username=account.name, password=account.password) as listener,
        aiomqtt.Client("127.0.0.1", mqtt_broker.port, username=reader.name, password=reader.password) as forger,
    ):
        await listener.subscribe("hotline/v1/#", qos=1)
        await forger.publish("hotline/v1/calls/c/forged", b"{}", qos=1)
        await listener.publish("hotline/v1/calls/c/true", b"{}", qos=1)
        async with asyncio.timeout(SECONDS):
            async for message in listener.messages:
                received.append(str(message.topic))
                break
    assert received == ["hotline/v1/calls/c/true"]


async def test_a_failure_in_one_lane_holds_back_only_what_follows_it_there() -> None:
    database, publisher = FakeDatabase(), FakePublisher()
    outbox = FakeOutboxStore(database)
    relay = Relay(outbox, publisher, FakeClock())
    await outbox.put(event(1, "a"), event(2, "b"), event(3, "a"), event(4, "b"))
    publisher.refuses.add("hotline/v1/calls/a/moved")
    async with running(relay.run):
        await until(lambda: len(database.sent) == 2)
        assert [topic for topic, _ in publisher.published] == ["hotline/v1/calls/b/moved"] * 2
        publisher.refuses.clear()
        await until(lambda: len(database.sent) == 4)
    assert [decode(p).data["nth"] for t, p in publisher.published if "/a/" in t] == [1, 3]


async def test_a_database_that_is_away_only_makes_the_relay_wait() -> None:
    database, publisher = FakeDatabase(), FakePublisher()
    outbox = FakeOutboxStore(database)
    await outbox.put(event(1))
    database.away = True
    relay = Relay(outbox, publisher, FakeClock())
    async with running(relay.run):
        await asyncio.sleep(0.1)
        database.away = False
        await until(lambda: relay.delivered == 1)


@pytest.mark.parametrize("text", ["", "mqtt://", "http://h:1", "mqtt://u:secret@h:x", "mqtt://u:secret@h:99999"])
def test_a_broker_address_that_cannot_work_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(BusError, match="改法") as raised:
        broker_address(text)
    assert "secret" not in str(raised.value)


def test_a_broker_address_is_read_with_its_defaults() -> None:
    address = broker_address("mqtts://seat%40a:p%3Aw@broker.example")
    assert (address.host, address.port, address.name, address.password) == ("broker.example", 8883, "seat@a", "p:w")
    assert address.is_encrypted
    assert "p:w" not in repr(address)
    assert broker_address("mqtt://[::1]").port == 1883
