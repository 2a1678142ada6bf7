"""The message broker through aiomqtt: one connection, made again with back-off, that nobody has to wait for."""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import aiomqtt

from ivr.errors import BusError
from workorder.envelope import Envelope
from workorder.outbox import retry_delay

log = logging.getLogger(__name__)
_library_log = logging.getLogger(f"{__name__}.aiomqtt")
_library_log.setLevel(logging.ERROR)  # it warns about every eleventh message under way, which is how a relay works

_REMEDY = "改法：检查消息代理是否在运行，地址写成 mqtt://用户:密码@主机:端口 或 mqtts://…"
_LIVE_BOUND = 1000
_KEEPALIVE_SECONDS = 10
_DEADLINE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and who we are to it."""

    host: str
    port: int
    name: str = ""
    password: str = field(default="", repr=False)
    is_encrypted: bool = False


def broker_address(text: str) -> BrokerAddress:
    """Read `mqtt://user:password@host:port` (1883) or `mqtts://…` (8883); BusError when it is anything else."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise BusError(f"消息代理地址看不懂。{_REMEDY}") from None  # the text may hold a password
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise BusError(f"消息代理地址看不懂。{_REMEDY}")
    encrypted = parts.scheme == "mqtts"
    name, password = unquote(parts.username or ""), unquote(parts.password or "")
    return BrokerAddress(parts.hostname, port or (8883 if encrypted else 1883), name, password, encrypted)


class MqttPublisher:
    """`Publisher` over MQTT 3.1.1. Nothing is sent unless `run` runs."""

    def __init__(self, url: str) -> None:
        self._address = broker_address(url)
        self._identifier = f"hotline-{uuid4().hex[:12]}"
        self._client: aiomqtt.Client | None = None
        self._live: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(_LIVE_BOUND)
        self._suspect = asyncio.Event()
        self._connected = asyncio.Event()
        self._epoch = 0
        self.dropped = 0
        """How many live events were dropped so far."""

    @property
    def epoch(self) -> int:
        return self._epoch

    @property
    def is_connected(self) -> bool:
        return self._client is not None

    async def wait_connected(self) -> None:
        await self._connected.wait()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        failures = 0
        while True:
            before = self._epoch
            try:
                await self._one_connection()
            except (aiomqtt.MqttError, OSError) as error:
                failures = 1 if self._epoch != before else failures + 1
                log.warning("broker_away", extra={"reason": str(error)[:200], "failures": failures})
            await asyncio.sleep(retry_delay(failures))

    async def publish(self, topic: str, payload: bytes) -> None:
        """See Publisher. Messages published one after another arrive in that order, awaited or not."""
        client = self._client
        if client is None:
            raise BusError(f"消息代理没有连上。{_REMEDY}")
        try:
            await client.publish(topic, payload, qos=1, timeout=_DEADLINE_SECONDS)
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            if self._client is client:
                self._suspect.set()
            raise BusError(f"消息没有送到消息代理（{error}）。{_REMEDY}") from error

    def announce(self, envelope: Envelope) -> bool:
        """See Publisher."""
        if self._client is not None and not self._live.full():
            self._live.put_nowait((envelope.topic, envelope.encode()))
            return True
        self.dropped += 1
        return False

    async def _one_connection(self) -> None:
        """Connect, serve until the connection breaks, and raise what broke it."""
        address = self._address
        async with aiomqtt.Client(
            address.host,
            address.port,
            username=address.name or None,
            password=address.password or None,
            identifier=self._identifier,
            tls_context=ssl.create_default_context() if address.is_encrypted else None,
            keepalive=_KEEPALIVE_SECONDS,
            timeout=_DEADLINE_SECONDS,
            max_inflight_messages=1000,
            logger=_library_log,
        ) as client:
            self._suspect.clear()
            while not self._live.empty():
                self._live.get_nowait()  # what was live then is stale now
            self._client = client
            self._epoch += 1
            log.info("broker_connected", extra={"epoch": self._epoch})
            self._connected.set()
            reason = ""
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._watch(client))
                    group.create_task(self._send_live(client))
                    group.create_task(self._doubt())
            except* (aiomqtt.MqttError, OSError) as broken:
                reason = str(broken.exceptions[0])  # Python 3.11.2 would wrap what is raised here in a group
            finally:
                self._client = None
                self._connected.clear()
            raise aiomqtt.MqttError(reason)

    async def _watch(self, client: aiomqtt.Client) -> None:
        """End with MqttError when the connection does; we subscribe to nothing, so nothing else arrives here."""
        async for _ in client.messages:
            pass

    async def _send_live(self, client: aiomqtt.Client) -> None:
        while True:
            topic, payload = await self._live.get()
            await client.publish(topic, payload, qos=0, timeout=_DEADLINE_SECONDS)

    async def _doubt(self) -> None:
        """End with MqttError when an acknowledgement did not come: the peer may be gone without a word."""
        await self._suspect.wait()
        raise aiomqtt.MqttError("the broker acknowledges nothing")
