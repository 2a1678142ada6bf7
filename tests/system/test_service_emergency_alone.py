"""An emergency before any agent is there: caller and emergency service are joined, an agent is brought to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from ivr.adapters.simulator.call_plan import Answering
from ivr.adapters.simulator.line import LineState
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.call import CallId
from tests.system.emergency_story import story
from tests.system.running_service import Bus, RunningService, service_of
from tests.system.test_service_emergency import (
    AGENT_HZ,
    CALLER_HZ,
    EMERGENCY_HZ,
    QUEUES,
    all_three_hear,
    emergency_centre,
    emergency_legs,
    hear_each_other,
    sounds,
)

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-emergency-alone")]


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_of(queues=QUEUES, hurried=True) as running:
        yield running


@pytest.fixture
async def centre(service: RunningService) -> AsyncIterator[SipPhone]:
    async with emergency_centre(service) as phone:
        yield phone


@asynccontextmanager
async def asked_for_a_waiting_caller(
    service: RunningService, centre: SipPhone
) -> AsyncIterator[tuple[Bus, CallId, SipCall, SipCall]]:
    """A citizen waits and a supervisor asks for 120: the bus, the call, their line, and the one that rings at 120."""
    async with service.bus() as bus, service.citizen() as citizen:
        line = await service.dial(citizen)
        call = await service.offered(bus, citizen)
        await bus.event(call, "queued")
        assert (await service.hotline("emergency", "raise", call, "--kind", "120", "--by", "900"))[0] == 0
        yield bus, call, line, await centre.next_call(30)


@pytest.mark.parametrize("number", ["12345", "12319"], ids=["in the queue", "in the flow"])
async def test_danger_words_before_any_agent_join_the_service_at_once_and_an_agent_comes_third(
    service: RunningService, centre: SipPhone, number: str
) -> None:
    centre.answering = Answering(after_seconds=0.5)
    async with service.bus() as bus, service.citizen() as citizen:
        line = await service.dial(citizen, number)
        call = await service.offered(bus, citizen)
        if number == "12345":
            await bus.event(call, "queued")
        await line.say(await service.speech("我家着火了，快来人啊。"))
        emergency = await centre.next_call(30)
        await emergency.answered(30)
        await bus.event(call, "emergency_joined")
        line.hush()
        sounds(line, CALLER_HZ)
        sounds(emergency, EMERGENCY_HZ)
        await hear_each_other(line, CALLER_HZ, emergency, EMERGENCY_HZ)
        async with service.seat("802") as seat:
            agent = await seat.next_call(30)
            await agent.answered(30)
            sounds(agent, AGENT_HZ)
            await all_three_hear(line, agent, emergency)
            assert len(centre.calls) == 1
            async with service.ami() as ami:
                assert len(await emergency_legs(ami)) == 1
            assert (await service.hotline("emergency", "verified", call, "--by", "802"))[0] == 0
            await emergency.hang_up()
            await asyncio.sleep(0.5)
            assert (line.state, agent.state) == (LineState.TALKING, LineState.TALKING)
            await agent.hang_up()
            await line.ended(30)  # told goodbye at once, not kept in silence, nor told that all were busy
        record = await service.finished(call)
    back = [line for line in service.journal.read(call) if "QueueLeft" in str(line.get("event"))]
    assert all(line["commands"] == [] for line in back)
    assert len(back) <= 1
    assert (record.outcome, record.seat) == ("answered", "802")
    assert service.tracebacks() == []


async def test_an_agent_who_takes_the_call_while_the_service_rings_is_not_lost(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering(after_seconds=4.0)
    async with asked_for_a_waiting_caller(service, centre) as (_, call, line, emergency):
        async with service.seat("803") as seat:
            agent = await seat.next_call(30)
            await agent.answered(30)
            await emergency.answered(30)
            for speaker, hertz in ((line, CALLER_HZ), (agent, AGENT_HZ), (emergency, EMERGENCY_HZ)):
                sounds(speaker, hertz)
            await all_three_hear(line, agent, emergency)
            assert len(centre.calls) == 1
            await line.hang_up()
            await agent.hang_up()
            await emergency.ended(30)
        await service.finished(call)


async def test_a_controller_killed_while_the_service_rings_a_waiting_caller_joins_them_afterwards(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering(after_seconds=2.0)
    async with asked_for_a_waiting_caller(service, centre) as (_, call, line, emergency):
        await service.serving(service.kill("controller"))
        await emergency.answered(30)
        sounds(line, CALLER_HZ)
        sounds(emergency, EMERGENCY_HZ)
        await hear_each_other(line, CALLER_HZ, emergency, EMERGENCY_HZ)
        assert len(centre.calls) == 1
        await line.hang_up()
        await emergency.ended(30)
        await service.finished(call)


async def test_two_who_are_heard_talking_to_each_other_need_no_agent_any_more(
    service: RunningService, centre: SipPhone
) -> None:
    """No seat is there; the ears hear caller and service, one after the other."""
    centre.answering = Answering(after_seconds=0.2)
    async with asked_for_a_waiting_caller(service, centre) as (bus, call, line, emergency):
        await bus.event(call, "emergency_joined")
        await emergency.say(await service.speech("您好，这里是急救中心，请说地址。", "m3"))
        await line.say(await service.speech("在人民路一号。"))
        await bus.event(call, "emergency_verified", 40)
        await line.hang_up()
        await emergency.ended(30)
        await service.finished(call)
    rows, _ = story(service.journal.read(call))
    assert ("已加入（无坐席）", "听到双方对话", "Joined（已确认）", "记 verified") in rows
