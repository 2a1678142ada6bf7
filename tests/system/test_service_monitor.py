"""Supervisors on the real switch: heard by whom they should be and by nobody else; taking over without a silence."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import pytest

from cti.adapters.control.door_client import DoorClient
from cti.seats_file import Seat, WrittenSeats, seats_text
from cti.server.emergency import control_socket
from cti.server.files.seat_file import own_seats
from ivr.adapters.simulator.call_plan import Answering
from ivr.call import SeatId
from tests.system.running_service import RunningService
from tests.system.running_switch import until
from tests.system.seat_scene import (
    AGENT_HZ,
    CALLER_HZ,
    THIRD_HZ,
    colleague,
    deaf_to,
    hear,
    says,
    service_for_talks,
    silence_of,
    talking,
)

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-monitor")]


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_for_talks() as running:
        yield running


async def test_a_supervisor_listens_whispers_barges_in_and_takes_over(service: RunningService) -> None:
    async with talking(service) as scene, colleague(service, "803", Answering(after_seconds=0.2)) as third:
        assert "监听" in await scene.ask("monitor.listen", seat="803")
        boss = await third.next_call(30)
        await boss.answered(30)
        says(boss, THIRD_HZ)
        await asyncio.gather(hear(boss, CALLER_HZ), hear(boss, AGENT_HZ))
        await asyncio.gather(deaf_to(scene.caller, THIRD_HZ), deaf_to(scene.agent, THIRD_HZ))

        await scene.ask("monitor.whisper", seat="803")
        await hear(scene.agent, THIRD_HZ)
        await deaf_to(scene.caller, THIRD_HZ)
        await hear(boss, CALLER_HZ)

        await scene.ask("monitor.barge", seat="803")
        await asyncio.gather(hear(scene.agent, THIRD_HZ), hear(scene.caller, THIRD_HZ))

        begun = time.monotonic()
        await scene.ask("monitor.take_over", seat="803")
        await scene.agent.ended(30)
        await asyncio.gather(hear(scene.caller, THIRD_HZ), hear(boss, CALLER_HZ))
        assert silence_of(scene.caller, (AGENT_HZ, THIRD_HZ), begun) <= 1.0
        await boss.hang_up()
        await scene.caller.ended(20)


async def test_whoever_stops_listening_is_gone_and_the_talk_goes_on(service: RunningService) -> None:
    async with talking(service) as scene, colleague(service, "803", Answering(after_seconds=0.2)) as third:
        assert not (await scene.asked("monitor.stop", seat="803"))[0]
        await scene.ask("monitor.listen", seat="803")
        boss = await third.next_call(30)
        await boss.answered(30)
        await hear(boss, CALLER_HZ)
        await scene.ask("monitor.stop", seat="803")
        await boss.ended(30)
        await hear(scene.caller, AGENT_HZ)
        assert not (await scene.asked("monitor.listen", seat="801"))[0]  # who talks cannot listen elsewhere


async def test_a_supervisor_who_was_not_listening_is_rung_and_then_takes_over(service: RunningService) -> None:
    async with talking(service) as scene, colleague(service, "803", Answering(after_seconds=0.5)) as third:
        begun = time.monotonic()
        await scene.ask("monitor.take_over", seat="803")
        boss = await third.next_call(30)
        await boss.answered(30)
        says(boss, THIRD_HZ)
        await scene.agent.ended(30)
        await hear(scene.caller, THIRD_HZ)
        assert silence_of(scene.caller, (AGENT_HZ, THIRD_HZ), begun) <= 1.0


async def test_a_waiting_caller_is_moved_forward_and_to_another_queue(service: RunningService) -> None:
    async with talking(service) as scene, service.citizen() as first, service.citizen() as second:
        waiting = []
        for phone in (first, second):
            line = await service.dial(phone)
            call = await service.offered(scene.bus, phone)
            await scene.bus.event(call, "queued", 40)
            waiting.append((call, line))
        (early, patient), (late, line) = waiting
        assert "20" in await scene.ask("queue.prioritise", call=late, priority=20)
        assert not (await scene.asked("queue.prioritise", call=late, priority=1000))[0]
        async with colleague(service, "802") as other:
            answered = await other.next_call(30)
            await answered.answered(30)
            says(answered, THIRD_HZ)
            await hear(line, THIRD_HZ)  # before the other, who came first
            await scene.ask("queue.move", call=early, queue="elder")
            await scene.bus.envelope(
                lambda e: (e["call"], e["type"]) == (early, "queued") and e["data"]["queue"] == "elder", 10
            )
            await line.hang_up()
            again = await other.next_call(20)
            await again.answered(30)
            says(again, THIRD_HZ)
            await hear(patient, THIRD_HZ)
            await patient.hang_up()
    assert service.tracebacks() == []


async def test_seats_published_while_people_talk_come_and_go_without_ending_a_talk(service: RunningService) -> None:
    async def shown(wanted: set[str]) -> bool:
        async with DoorClient(control_socket(service.settings)).line({"verb": "watch"}) as board:
            told = json.loads(await board.readline())
        return set(told["board"]["seats"]) == wanted

    stays, new = service.settings.seats[1], Seat(SeatId("899"), "新来的", frozenset({"complaint"}))
    assert stays.id == "802"
    try:
        async with talking(service) as scene:
            text = seats_text(WrittenSeats((stays, new)))
            own_seats(service.settings).write_text(text, encoding="utf-8")
            await until(lambda: shown({"801", "802", "899"}), 60)  # who talks is kept until the end
            async with colleague(service, "899"):
                await asyncio.gather(hear(scene.caller, AGENT_HZ), hear(scene.agent, CALLER_HZ))
                await scene.caller.hang_up()
                await until(lambda: shown({"802", "899"}), 60)
    finally:
        own_seats(service.settings).unlink()
    await until(lambda: shown({"801", "802", "803"}), 60)
    assert service.tracebacks() == []
