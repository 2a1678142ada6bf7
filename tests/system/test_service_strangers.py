"""Whoever calls, and however oddly, reaches a person or hears why not; and the service goes on for the next one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from ivr.adapters.simulator.call_plan import Answering, Dialling
from ivr.adapters.simulator.line import EndedBy, LineState
from ivr.call import CallId
from tests.system.running_service import Bus, RunningService, service_of
from tests.system.running_switch import until

pytestmark = pytest.mark.xdist_group("service-strangers")

QUEUES = """\
queues_version: 1
queues:
  general: {title: 综合受理, after_call_seconds: 0, ring_seconds: 5}
  complaint: {title: 投诉受理, skills: [complaint], after_call_seconds: 0}
  consultation: {title: 政策咨询, skills: [consultation], after_call_seconds: 0}
  elder: {title: 长者专席, skills: [elder], after_call_seconds: 0}
"""

HOSTILE = {
    "an address in the name": '"\\"x\\" <sip:evil@127.0.0.2>" <sip:13800001111@127.0.0.2>',
    "a thousand characters": f'"{"长" * 300}" <sip:{"9" * 1000}@127.0.0.2>',
    "a line break": '"\\" Application: System" <sip:1380%0d%0aAction%3a%20Originate@127.0.0.2>',
    "a forged line": "<sip:1380%0d%0aagi_arg_2%3a%20elder%0d%0aagi_arg_4%3a%20record@127.0.0.2>",
    "dialplan syntax": '"${SHELL(touch hacked)}" <sip:%24%7BSHELL(touch%20hacked)%7D@127.0.0.2>',
    "more of it": "<sip:13800000000&PJSIP%2f110%40emergency,a%7Cb@127.0.0.2>",
    "markup": '"<script>alert(1)</script>" <sip:\'--@127.0.0.2>',
}

PLACES = {
    "greeting": "",
    "main_menu": "wait",
    "order_number": "3",
    "order_read_back": "3123456#",
    "complaint": "2",
    "consultation": "1",
    "human": "0",
    "call_back": "0 1",
    "message": "0 2",
}
"""Every place of the shipped menu that a caller reaches by keys alone, and the keys; nobody is signed in."""


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_of({"switch": {"rtp_timeout_seconds": 12}}, queues=QUEUES, hurried=True) as running:
        yield running


@pytest.fixture
async def bus(service: RunningService) -> AsyncIterator[Bus]:
    async with service.bus() as bus:
        yield bus


async def newest(bus: Bus, within: float = 30.0) -> CallId:
    """The first call that this bus tells of."""
    return CallId((await bus.envelope(lambda e: e["type"] == "offered_to_flow", within))["call"])


async def test_an_unknown_called_number_is_answered_by_the_first_flow(service: RunningService, bus: Bus) -> None:
    async with service.seat("801"), service.citizen() as phone:
        line = await service.dial(phone, "99999")
        call = await newest(bus)
        await bus.event(call, "answered")
        await line.hang_up()
        record = await service.finished(call)
    assert (record.flow, record.called, record.outcome) == ("main", "", "answered")


async def test_a_caller_without_a_number_reaches_a_person(service: RunningService, bus: Bus) -> None:
    async with service.seat("801"), service.citizen() as phone:
        line = await service.dial(phone, how=Dialling(raw_from='"Anonymous" <sip:anonymous@anonymous.invalid>'))
        call = await newest(bus)
        await bus.event(call, "answered")
        await line.hang_up()
        record = await service.finished(call)
    assert (record.caller.is_known, record.outcome) == (False, "answered")
    assert await service.order(call) is not None


@pytest.mark.parametrize("raw_from", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_caller_id_is_a_caller_all_the_same(service: RunningService, bus: Bus, raw_from: str) -> None:
    async with service.seat("801"), service.citizen() as phone:
        line = await service.dial(phone, "12319", Dialling(raw_from=raw_from))
        call = await newest(bus)
        await line.press("0")
        await bus.event(call, "answered")
        await line.hang_up()
        record = await service.finished(call)
    assert record.caller.digits in ("", "13800001111")
    assert (record.flow, record.outcome) == ("menu", "answered")
    assert not list(service.folder.rglob("hacked"))
    assert (await service.hotline("replay", call))[0] == 0


async def test_a_silent_caller_reaches_a_person_without_pressing_anything(service: RunningService, bus: Bus) -> None:
    async with service.seat("801"), service.citizen() as phone:
        line = await service.dial(phone, "12319")
        call = await newest(bus)
        await bus.event(call, "answered", within=45)
        await line.hang_up()
        record = await service.finished(call)
    assert record.path[-2:] == ("main_menu", "human")


async def test_a_caller_who_sends_no_sound_at_all_reaches_a_person(service: RunningService, bus: Bus) -> None:
    async with service.seat("801"), service.citizen() as phone:
        line = await service.dial(phone, how=Dialling(sends_audio=False))
        call = await newest(bus)
        await bus.event(call, "answered")
        await line.hang_up()
        assert (await service.finished(call)).outcome == "answered"
    assert line.packets_sent == 0


async def test_two_hundred_keys_lead_to_a_person(service: RunningService, bus: Bus) -> None:
    async with service.seat("801"), service.citizen() as phone:
        line = await service.dial(phone, "12319")
        call = await newest(bus)
        pressing = asyncio.create_task(line.press("9" * 200, 40))
        await bus.event(call, "answered", within=45)
        await line.hang_up()
        await asyncio.gather(pressing, return_exceptions=True)
        await service.finished(call)
    assert (await service.hotline("replay", call))[0] == 0


@pytest.mark.parametrize(("node", "keys"), PLACES.items(), ids=PLACES.keys())
async def test_a_caller_may_hang_up_anywhere(service: RunningService, bus: Bus, node: str, keys: str) -> None:
    async with service.citizen() as phone:
        line = await service.dial(phone, "12319")
        call = await newest(bus)
        for part in keys.replace("wait", "").split():
            await line.press(part)
            if part == "0":
                await bus.event(call, "queued")
        await service.at_node(call, node)
        is_waiting = node in ("complaint", "consultation", "human")
        if is_waiting:  # the flow has sent them there; the queue has them a moment later
            await bus.event(call, "queued")
        await line.hang_up()
        record = await service.finished(call)
    assert record.path[-1] == node
    assert record.outcome == ("abandoned" if is_waiting else record.outcome)
    assert await service.order(call) is not None
    assert (await service.hotline("replay", call))[0] == 0


async def test_with_no_seat_signed_in_the_caller_waits_and_is_taken_as_soon_as_one_comes(
    service: RunningService, bus: Bus
) -> None:
    async with service.citizen() as phone:
        line = await service.dial(phone)
        call = await newest(bus)
        await bus.event(call, "queued")
        await line.wait_for_audio(30)  # music: he hears that he waits
        async with service.seat("802") as seat:
            await (await seat.next_call(30)).answered(30)
            await bus.event(call, "answered")  # the two are connected a moment after the seat has picked up
            await line.hang_up()
        assert (await service.finished(call)).seat == "802"


@pytest.mark.parametrize("status", [603, 486])
async def test_when_every_seat_refuses_the_caller_still_waits_for_a_person(
    service: RunningService, bus: Bus, status: int
) -> None:
    async with (
        service.seat("801", Answering(refuse_with=status)),
        service.seat("802", Answering(refuse_with=status)) as second,
        service.citizen() as phone,
    ):
        line = await service.dial(phone)
        call = await newest(bus)
        await bus.event(call, "missed")
        assert line.state is LineState.TALKING
        second.answering = Answering()
        await bus.event(call, "answered", 40)
        await line.hang_up()
        assert (await service.finished(call)).seat == "802"


async def test_a_caller_who_vanishes_while_waiting_is_let_go_and_written_down(
    service: RunningService, bus: Bus
) -> None:
    async with service.citizen() as phone:
        line = await service.dial(phone)
        call = await newest(bus)
        await bus.event(call, "queued")
        line.vanish()
        assert line.ending
        assert line.ending.by is EndedBy.VANISHED
        await service.finished(call, 50)
        assert await service.order(call) is not None


async def test_afterwards_nothing_is_left_over(service: RunningService) -> None:
    """The last of this module: no channel, no unfinished call, no mistake in the log."""
    async with service.ami() as ami:

        async def is_empty() -> bool:
            return not await ami.listed("CoreShowChannels")

        await until(is_empty, 45)
    taped = list(service.settings.recordings_folder.rglob("*-mix.wav"))
    assert len(await service.orders()) == len(taped)
    assert service.tracebacks() == []
