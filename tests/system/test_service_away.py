"""A part of the world goes away: the switch, the broker, the database. Calls go on, and what they leave comes later."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from ivr.adapters.simulator.line import LineState
from tests.system.running_service import RunningService, service_of
from tests.system.running_switch import until

pytestmark = pytest.mark.xdist_group("service-away")

LOCKED_SECONDS = 20.0


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_of(hurried=True) as running:
        yield running


async def test_a_switch_that_dies_is_back_with_its_seats_and_its_calls_are_written_down(
    service: RunningService,
) -> None:
    async with service.bus() as bus, service.seat("801"), service.citizen() as phone:
        line = await service.dial(phone)
        call = await service.offered(bus, phone)
        await bus.event(call, "answered")
        async with service.ami() as ami:
            await ami.act("QueueAdd", Queue="q_general", Interface="PJSIP/899", MemberName="former")
        killed = service.kill("asterisk")
        record = await service.finished(call, 40)
        assert (record.outcome, record.seat) == ("answered", "801")
        assert await service.order(call) is not None
        line.vanish()

        async def is_back() -> bool:
            return service.pid("asterisk") not in (0, killed)

        await until(is_back, 30)

    async def is_reconciled() -> bool:
        try:
            async with service.ami() as ami:
                entries = await ami.listed("QueueStatus", Queue="q_general")
        except (OSError, AssertionError, asyncio.IncompleteReadError):
            return False
        return {e["Location"] for e in entries if e["Event"] == "QueueMember"} == {
            f"PJSIP/{n}" for n in (801, 802, 803)
        }

    await until(is_reconciled, 30)
    async with service.bus() as bus, service.seat("802"), service.citizen() as phone:
        line = await service.dial(phone)
        call = await service.offered(bus, phone)
        assert (await bus.event(call, "answered"))["data"]["seat"] == "802"
        await line.hang_up()
        await service.finished(call)


async def test_with_the_broker_dead_calls_go_on_and_their_orders_are_told_later(service: RunningService) -> None:
    async with service.bus() as bus, service.seat("801") as seat, service.citizen() as phone:
        service.kill("broker")
        line = await service.dial(phone)
        talk = await seat.next_call(30)
        await talk.answered(30)
        assert line.state is LineState.TALKING
        await line.hang_up()
        drafted = await bus.envelope(
            lambda e: e["type"] == "drafted" and e["data"]["caller"][-4:] == phone.number[-4:], 30
        )
        order = await service.order(drafted["call"])
        assert order is not None
        assert order.number == drafted["order"]
        await bus.event(drafted["call"], "finished")


async def test_with_the_database_locked_calls_go_on_and_their_orders_appear_later(service: RunningService) -> None:
    lock = sqlite3.connect(service.settings.database.removeprefix("sqlite:///"), isolation_level=None)
    async with service.bus() as bus, service.seat("801"), service.citizen() as phone:
        lock.execute("BEGIN IMMEDIATE")
        unlocking = asyncio.get_running_loop().call_later(LOCKED_SECONDS, lock.close)
        try:
            line = await service.dial(phone)
            call = await service.offered(bus, phone)
            await bus.event(call, "answered")
            await line.hang_up()
            await bus.event(call, "ended")
            assert await service.order(call) is None
            await bus.event(call, "drafted", LOCKED_SECONDS + 15)
        finally:
            unlocking.cancel()
            lock.close()
        record = await service.finished(call)
    assert (record.outcome, record.caller.digits) == ("answered", phone.number)
    order = await service.order(call)
    assert order is not None
    assert order.revision == 1


async def test_afterwards_nothing_went_wrong_unnoticed(service: RunningService) -> None:
    assert service.tracebacks() == []


class Cable:
    """A line to the database server that can be cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._ends: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for end in tuple(self._ends):
            end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(*self._to)
        self._ends |= {writer, far_writer}

        async def pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            try:
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()
            except OSError:
                pass
            finally:
                sink.close()

        await asyncio.gather(pour(reader, far_writer), pour(far_reader, writer))
        self._ends -= {writer, far_writer}


@asynccontextmanager
async def cable_to(url: str) -> AsyncIterator[tuple[Cable, str]]:
    """A cable to this database, and the URL of its near end."""
    host, port = url.split("@")[1].split("/")[0].split(":")
    cable = Cable(host, int(port))
    await cable.mend()
    try:
        yield cable, url.replace(f":{port}/", f":{cable.port}/")
    finally:
        await cable.cut()


async def test_with_postgresql_cut_off_calls_go_on_and_their_orders_appear_later(postgres_url: str) -> None:
    async with cable_to(postgres_url) as (cable, url):
        running = service_of({"database": url}, hurried=True)
        service = await asyncio.to_thread(running.__enter__)
        try:
            async with service.bus() as bus, service.seat("801"), service.citizen() as phone:
                line = await service.dial(phone)
                call = await service.offered(bus, phone)
                await bus.event(call, "answered")
                await cable.cut()
                await line.hang_up()
                await bus.event(call, "ended")
                second = await service.dial(phone)  # and whoever calls meanwhile
                await bus.envelope(lambda e: e["type"] == "answered" and e["call"] != call)
                await second.hang_up()
                await cable.mend()
                await bus.event(call, "drafted", 40)
                await service.finished(call)

                async def has_both() -> bool:
                    return len(await service.orders()) == 2

                await until(has_both, 40)
            assert service.tracebacks() == []
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)
