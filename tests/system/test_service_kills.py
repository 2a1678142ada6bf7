"""The controller may be killed at any moment of a call: the caller does not notice, nothing of the call is lost."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from ivr.adapters.simulator.line import LineState
from ivr.adapters.simulator.phone_errors import SimulatedPhoneError
from ivr.adapters.simulator.sip_call import SipCall
from ivr.call import CallId, Leg
from ivr.recording import Part
from ivr.speech.transcript import text_of
from ivr.speech.transcript_cer import character_error_rate
from tests.system.running_service import Bus, RunningService, service_of
from tests.system.running_switch import until
from workorder.draft import FieldName

pytestmark = pytest.mark.xdist_group("service-kills")

QUEUES = """\
queues_version: 1
queues:
  general:
    title: 综合受理
    after_call_seconds: 0
  complaint:
    title: 投诉受理
    skills: [complaint]
    wait_seconds: 120
    overflow: {to: general, after_seconds: 15}
  consultation:
    title: 政策咨询
    skills: [consultation]
  elder:
    title: 长者专席
    skills: [elder]
"""
COMPLAINT = "我要投诉，人民路和建设路的路口有一个雨水井盖坏了。"
KILLS, CALLERS = 10, 4


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_of(queues=QUEUES, hurried=True) as running:
        yield running


@pytest.fixture(autouse=True)
async def _steady(service: RunningService) -> None:
    """Each test begins with a controller that serves."""
    await service.serving()


async def one_order(service: RunningService, call: CallId) -> None:
    """The call has ended, and there is exactly one order of it."""
    await service.finished(call)
    assert [order.draft.call for order in await service.orders()].count(call) == 1


async def test_killed_in_the_menu_the_caller_goes_on_where_he_was(service: RunningService) -> None:
    async with service.bus() as bus, service.ami() as ami, service.seat("801"), service.citizen() as phone:
        line = await service.dial(phone, "12319")
        call = await service.offered(bus, phone)
        await service.at_node(call, "main_menu")
        killed_at, killed = time.monotonic(), service.kill("controller")

        def is_caught() -> bool:
            return any(event.get("UserEvent") == "SafetyNet" for event in ami.events)

        def is_resumed() -> bool:
            return any("Resumed" in str(written.get("event")) for written in service.journal.read(call))

        async def is_decided() -> bool:
            return is_caught() or is_resumed()

        await until(is_decided, 40)
        away_seconds = time.monotonic() - killed_at
        await service.serving(killed)
        assert line.state is LineState.TALKING
        if is_resumed():
            await line.press("2")
        else:  # a machine too busy to start us in time: the dialplan has waited long enough
            assert away_seconds > 2.5
        answered = await bus.event(call, "answered")
        await line.hang_up()
        await one_order(service, call)
    nets = ("general", "")  # nobody knows which, when it was answered before there was a controller again
    assert answered["data"]["queue"] in (("complaint",) if is_resumed() else nets)
    record = await service.record(call)
    assert record is not None
    assert (record.caller.digits, record.flow, record.outcome) == (phone.number, "menu", "answered")
    assert not is_resumed() or record.path[-2:] == ("main_menu", "complaint")
    code, told = await service.hotline("replay", call)
    assert code == 0, told


async def test_killed_while_the_caller_waits_he_is_answered_and_written_down(service: RunningService) -> None:
    async with service.bus() as bus, service.citizen() as phone:
        line = await service.dial(phone)
        call = await service.offered(bus, phone)
        await bus.event(call, "queued")
        await service.serving(service.kill("controller"))
        async with service.seat("802") as seat:
            await (await seat.next_call(30)).answered(30)
            await bus.event(call, "answered")
            await line.hang_up()
            await one_order(service, call)
    record = await service.record(call)
    assert record is not None
    assert (record.caller.digits, record.queue, record.seat) == (phone.number, "general", "802")
    assert record.outcome == "answered"


async def test_a_wait_that_outlives_the_controller_still_overflows(service: RunningService) -> None:
    async with service.bus() as bus, service.citizen() as phone:
        line = await service.dial(phone, "12319")
        call = await service.offered(bus, phone)
        await line.press("2")
        assert (await bus.event(call, "queued"))["data"]["queue"] == "complaint"
        await service.serving(service.kill("controller"))
        await bus.envelope(
            lambda e: (e["call"], e["type"], e["data"].get("queue")) == (call, "queued", "general"), within=40
        )
        await line.hang_up()
        await one_order(service, call)


async def test_killed_in_the_talk_the_words_come_from_the_recording(service: RunningService) -> None:
    said = await service.speech(COMPLAINT, "f4")
    async with service.bus() as bus, service.seat("801") as seat, service.citizen() as phone:
        line = await service.dial(phone)
        call = await service.offered(bus, phone)
        talk = await seat.next_call(30)
        await bus.event(call, "answered")
        killed = service.kill("controller")
        speaking = asyncio.create_task(line.say(said))
        await talk.wait_for_audio(30)  # the talk goes on with our controller dead
        await speaking
        assert (line.state, talk.state) == (LineState.TALKING, LineState.TALKING)
        await service.serving(killed)
        await line.hang_up()
        await one_order(service, call)
    record, order = await service.record(call), await service.order(call)
    assert record is not None
    assert order is not None
    assert (record.caller.digits, record.seat, record.outcome) == (phone.number, "801", "answered")
    assert character_error_rate(COMPLAINT, text_of(await service.turns(call), Leg.CALLER)) <= 0.3
    assert order.draft.value(FieldName.REQUEST_TYPE) == "投诉"


async def test_a_call_that_ends_while_the_controller_is_dead_is_written_down_at_the_next_start(
    service: RunningService,
) -> None:
    said = await service.speech(COMPLAINT, "f4")
    async with service.bus() as bus, service.seat("801"), service.citizen() as phone:
        line = await service.dial(phone, "12319")
        call = await service.offered(bus, phone)
        await line.press("0")
        await bus.event(call, "answered")
        await line.say(said)
        service.kill("controller")
        await line.hang_up()
        await one_order(service, call)
    record, order = await service.record(call), await service.order(call)
    assert record is not None
    assert order is not None
    assert (record.caller.digits, record.called, record.seat) == (phone.number, "12319", "801")
    assert order.draft.value(FieldName.CALLER_NUMBER) == phone.number
    assert character_error_rate(COMPLAINT, text_of(await service.turns(call), Leg.CALLER)) <= 0.3


async def test_a_caller_who_leaves_the_menu_while_the_controller_is_dead_is_known_by_his_number(
    service: RunningService,
) -> None:
    async with service.bus() as bus, service.citizen() as phone:
        line = await service.dial(phone, "12319")
        call = await service.offered(bus, phone)
        await service.at_node(call, "main_menu")
        service.kill("controller")
        await line.hang_up()
        await one_order(service, call)
    record = await service.record(call)
    assert record is not None
    assert (record.caller.digits, record.called, record.flow) == (phone.number, "12319", "menu")


async def test_killed_while_it_writes_a_call_down_there_is_one_order_all_the_same(service: RunningService) -> None:
    async with service.bus() as bus, service.seat("801"), service.citizen() as phone:
        line = await service.dial(phone)
        call = await service.offered(bus, phone)
        await bus.event(call, "answered")
        await line.hang_up()
        await bus.event(call, "ended")
        service.kill("controller")
        await one_order(service, call)


@pytest.mark.timeout(900)  # ten starts of a controller: on a starved machine half a minute each
async def test_no_order_is_lost_by_kills_at_random_moments(service: RunningService) -> None:
    """Citizens call again and again, seats answer, and the controller is killed ten times at random."""
    chance, kept_on = random.Random(), True
    line_of_talk = await service.speech(COMPLAINT, "f4")
    answered: list[SipCall] = []
    cut_off: list[str] = []

    async def citizen(bus: Bus) -> None:
        while kept_on:
            async with service.citizen() as phone:
                line = await service.dial(phone, chance.choice(["12345", "12319"]))
                answered.append(line)
                try:
                    await asyncio.sleep(chance.uniform(0.3, 3))
                    await line.press(chance.choice("0123"))
                    line.start_saying(line_of_talk)
                    await asyncio.sleep(chance.uniform(1, 6))
                except SimulatedPhoneError as odd:
                    cut_off.append(str(odd))
                if line.state is not LineState.TALKING:
                    cut_off.append(f"ended by {line.ending}")
                await line.hang_up()

    async with service.bus() as bus, service.seat("801"), service.seat("802"), service.seat("803"):
        citizens = [asyncio.create_task(citizen(bus)) for _ in range(CALLERS)]
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.2, 3))
            await service.serving(service.kill("controller"))
        kept_on = False
        await asyncio.gather(*citizens)
    assert not cut_off
    ending = f"-{Part.MIX}.wav"
    taped = {CallId(file.name.removesuffix(ending)) for file in service.settings.recordings_folder.rglob(f"*{ending}")}
    assert len(taped) >= len(answered) >= CALLERS
    for call in taped:
        await service.finished(call, 60)
    orders = Counter(order.draft.call for order in await service.orders())
    assert orders == Counter(taped)
    assert not service.tracebacks()
