"""The board on which recognition workers announce themselves: one retained message each, with a will."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from uuid import uuid4

import aiomqtt

from cti.adapters.mqtt.publisher import BrokerAddress, broker_address
from ivr.speech.ear_roster import EarCard, gone_payload, read_card
from workorder.envelope import ROOT
from workorder.outbox import retry_delay

log = logging.getLogger(__name__)

TOPIC = f"{ROOT}/ears"
LOOK_S = 1.0
_KEEPALIVE_SECONDS = 4
_DEADLINE_SECONDS = 5.0


async def announce(url: str, card: Callable[[], EarCard]) -> None:
    """Keep this worker's card on the board until cancelled, whatever the broker does; then take it down."""
    address, name = broker_address(url), card().name
    topic = f"{TOPIC}/{name}"
    failures = 0
    while True:
        try:
            async with _connection(address, f"hotline-ears-{name}", (topic, gone_payload())) as client:
                failures = 0
                try:
                    await _until_broken(client, _keep_told(client, topic, card))
                finally:
                    with contextlib.suppress(aiomqtt.MqttError, OSError):
                        await client.publish(topic, gone_payload(), qos=1, retain=True, timeout=1.0)
        except (aiomqtt.MqttError, OSError, TimeoutError) as error:
            failures += 1
            log.warning("ears_board_away", extra={"reason": str(error)[:200], "failures": failures})
        await asyncio.sleep(retry_delay(failures))


async def _until_broken(client: aiomqtt.Client, work: Coroutine[object, object, None]) -> None:
    """Work until the connection breaks, and raise what broke it; a client that only publishes would not notice."""

    async def listen() -> None:
        async for _ in client.messages:
            pass

    reason = ""
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(work)
            tasks.create_task(listen())
    except* (aiomqtt.MqttError, OSError) as broken:
        reason = str(broken.exceptions[0])  # Python 3.11.2 would wrap what is raised here in a group
    raise aiomqtt.MqttError(reason)


async def _keep_told(client: aiomqtt.Client, topic: str, card: Callable[[], EarCard]) -> None:
    told: EarCard | None = None
    while True:
        now = card()
        if now != told:
            await client.publish(topic, now.encode(), qos=1, retain=True, timeout=_DEADLINE_SECONDS)
            told = now
        await asyncio.sleep(LOOK_S)


async def watch(url: str, tell: Callable[[str, EarCard | None], None]) -> None:
    """Tell of every worker that comes, changes or goes, until cancelled; a broker that is away takes nobody with it."""
    address = broker_address(url)
    failures = 0
    while True:
        try:
            async with _connection(address, f"hotline-ears-watch-{uuid4().hex[:12]}", None) as client:
                failures = 0
                await client.subscribe(f"{TOPIC}/+", qos=1, timeout=_DEADLINE_SECONDS)
                async for message in client.messages:
                    _read(message, tell)
        except (aiomqtt.MqttError, OSError, TimeoutError) as error:
            failures += 1
            log.warning("ears_board_away", extra={"reason": str(error)[:200], "failures": failures})
        await asyncio.sleep(retry_delay(failures))


def _read(message: aiomqtt.Message, tell: Callable[[str, EarCard | None], None]) -> None:
    name = str(message.topic).rpartition("/")[2]
    try:
        tell(name, read_card(name, message.payload if isinstance(message.payload, bytes) else b""))
    except ValueError as error:
        log.warning("ears_card_odd", extra={"worker": name[:60], "reason": str(error)[:200]})


@asynccontextmanager
async def _connection(
    address: BrokerAddress, identifier: str, will: tuple[str, bytes] | None
) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client(
        address.host,
        address.port,
        username=address.name or None,
        password=address.password or None,
        identifier=identifier,
        tls_context=ssl.create_default_context() if address.is_encrypted else None,
        keepalive=_KEEPALIVE_SECONDS,
        timeout=_DEADLINE_SECONDS,
        will=aiomqtt.Will(will[0], will[1], qos=1, retain=True) if will else None,
    ) as client:
        yield client
