"""What every publisher promises: the same suite for the fake and for MQTT with a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

import aiomqtt
import pytest

from cti.adapters.mqtt.publisher import MqttPublisher
from ivr.call import CallId
from ivr.errors import BusError
from tests.conftest_services import Broker
from tests.fakes import NOON, FakePublisher
from workorder.envelope import Envelope, call_event, decode
from workorder.ports import Publisher

CALL = CallId("hl-1763827200.12")
SECONDS = 15


@dataclass
class Bus:
    publisher: Publisher
    go_away: Callable[[], None]
    come_back: Callable[[], None]
    received: Callable[[], list[tuple[str, bytes]]]


@pytest.fixture(params=["fake", "mqtt"])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    if request.param == "fake":
        fake = FakePublisher()
        yield Bus(fake, fake.go_away, fake.come_back, lambda: fake.published)
        return
    broker: Broker = request.getfixturevalue("mqtt_broker")
    publisher = MqttPublisher(broker.url)
    received: list[tuple[str, bytes]] = []

    async def listen() -> None:
        async for message in listener.messages:
            assert isinstance(message.payload, bytes)
            received.append((str(message.topic), message.payload))

    account = broker.account
    client = aiomqtt.Client("127.0.0.1", broker.port, username=account.name, password=account.password)
    with suppress(aiomqtt.MqttError):  # the listener's own connection is cut where a test kills the broker
        async with client as listener:
            await listener.subscribe("hotline/v1/#", qos=1)
            tasks = [asyncio.ensure_future(publisher.run()), asyncio.ensure_future(listen())]
            yield Bus(publisher, broker.kill, broker.start, lambda: received)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110  # what is awaited happens in another process
            await asyncio.sleep(0.01)


async def publish_many(publisher: Publisher) -> None:
    for n in range(100):
        await publisher.publish("hotline/v1/calls/c/moved", b"%d" % n)


def event(nth: int) -> Envelope:
    return call_event(CALL, "moved", NOON, {"nth": nth}, nth)


async def test_messages_sent_together_arrive_in_their_order(bus: Bus) -> None:
    await bus.publisher.wait_connected()
    events = [event(n) for n in range(300)]
    await asyncio.gather(*(bus.publisher.publish(e.topic, e.encode()) for e in events))
    await until(lambda: len(bus.received()) == 300)
    assert [decode(payload).data["nth"] for _, payload in bus.received()] == list(range(300))
    assert bus.received()[0][0] == f"hotline/v1/calls/{CALL}/moved"


async def test_a_broker_that_is_away_is_told_and_live_events_are_dropped_without_waiting(bus: Bus) -> None:
    await bus.publisher.wait_connected()
    epoch = bus.publisher.epoch
    assert bus.publisher.announce(event(1))
    bus.go_away()
    with pytest.raises(BusError, match="改法"):
        await publish_many(bus.publisher)  # the loss of a connection is noticed at the first use, or the second
    await until(lambda: not bus.publisher.announce(event(2)))
    bus.come_back()
    async with asyncio.timeout(SECONDS):
        await bus.publisher.wait_connected()
    assert bus.publisher.epoch == epoch + 1
    await bus.publisher.publish("hotline/v1/calls/c/moved", b"back")
