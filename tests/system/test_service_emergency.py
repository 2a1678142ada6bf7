"""An emergency service joins a running conversation: on the real switch, with a simulated emergency service."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from ivr.adapters.simulator.call_plan import Answering
from ivr.adapters.simulator.sip_call import LineState, SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.simulator.tones import tone, tone_levels
from ivr.call import CallId
from tests.system.running_service import Bus, RunningService, service_of
from tests.system.running_switch import RawAmi, until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-emergency")]

QUEUES = """\
queues_version: 1
queues:
  general: {title: 综合受理, after_call_seconds: 0}
  complaint: {title: 投诉受理, after_call_seconds: 0}
  consultation: {title: 政策咨询, after_call_seconds: 0}
  elder: {title: 长者专席, after_call_seconds: 0}
"""
CALLER_HZ, AGENT_HZ, EMERGENCY_HZ = 530.0, 700.0, 930.0
LONGEST_GAP_SECONDS = 0.120
"""A measured run without any change shows gaps up to 82 ms, a change of bridge up to 92; more would be an interruption."""
FRAME_SECONDS = 0.02


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_of(queues=QUEUES, hurried=True) as running:
        yield running


@pytest.fixture
async def centre() -> AsyncIterator[SipPhone]:
    """The emergency service: a simulator, at the only address that the emergency trunk has."""
    async with SipPhone(bind_ip="127.0.0.3", port=5080, number="emergency") as phone:
        yield phone


@dataclass
class Talk:
    """A citizen and an agent who talk."""

    service: RunningService
    bus: Bus
    call: CallId
    citizen: SipPhone
    caller: SipCall
    agent: SipCall

    async def ask(self, verb: str, *words: str) -> tuple[int, str]:
        return await self.service.hotline("emergency", verb, self.call, *words)

    async def told(self, name: str, within: float = 15.0) -> dict[str, object]:
        data = (await self.bus.event(self.call, f"emergency_{name}", within))["data"]
        assert isinstance(data, dict)
        return data

    def count(self, name: str) -> int:
        """How many different facts of this name came over the bus."""
        wanted = (self.call, f"emergency_{name}")
        return len({each["key"] for each in self.bus.envelopes if (each["call"], each["type"]) == wanted})


@asynccontextmanager
async def talking(service: RunningService, number: str = "12345") -> AsyncIterator[Talk]:
    await service.serving()
    async with service.bus() as bus, service.seat("801") as seat, service.citizen() as citizen:
        caller = await service.dial(citizen, number)
        call = await service.offered(bus, citizen)
        await bus.event(call, "answered", 30)
        agent = await seat.next_call(10)
        await agent.answered(5)
        talk = Talk(service, bus, call, citizen, caller, agent)
        yield talk
        for line in (caller, agent):
            with contextlib.suppress(Exception):
                await line.hang_up()
        await service.finished(call)
    assert service.tracebacks() == []


def sounds(line: SipCall, hertz: float, seconds: float = 600.0) -> None:
    line.start_saying(tone(hertz, min(seconds, 60.0), 0.15))


def hears(line: SipCall, hertz: float, since: float) -> bool:
    levels = tone_levels(line.heard_pcm(since), [hertz])[hertz]
    return sum(level > 0.03 for level in levels) >= 25  # half a second of it


def longest_gap(line: SipCall, hertz: float, since: float) -> float:
    """Return the longest silence of a tone in what a line heard, in seconds; 9 when it never sounded."""
    levels = tone_levels(line.heard_pcm(since), [hertz])[hertz]
    heard = [number for number, level in enumerate(levels) if level > 0.03]
    if not heard:
        return 9.0
    edges = [*heard, len(levels)]
    return max((after - before - 1) * FRAME_SECONDS for before, after in zip(edges, edges[1:], strict=False))


async def emergency_legs(ami: RawAmi) -> list[str]:
    channels = await ami.listed("CoreShowChannels")
    return [each["Uniqueid"] for each in channels if each.get("Uniqueid", "").startswith("em-")]


async def all_three_hear(caller: SipCall, agent: SipCall, emergency: SipCall) -> None:
    since = time.monotonic()

    async def everybody() -> bool:
        return all(
            hears(line, hertz, since)
            for line, tones in (
                (caller, (AGENT_HZ, EMERGENCY_HZ)),
                (agent, (CALLER_HZ, EMERGENCY_HZ)),
                (emergency, (CALLER_HZ, AGENT_HZ)),
            )
            for hertz in tones
        )

    await until(everybody, 15)


async def test_a_click_brings_the_fire_service_into_the_talk_and_nobody_is_interrupted(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering(after_seconds=0.5)
    async with talking(service) as talk:
        sounds(talk.caller, CALLER_HZ)
        sounds(talk.agent, AGENT_HZ)
        await talk.caller.wait_for_tone(AGENT_HZ, 10)
        await talk.agent.wait_for_tone(CALLER_HZ, 10)
        begun = time.monotonic()
        code, said = await talk.ask("raise", "--kind", "119", "--by", "801", "--why", "厨房着火")
        assert code == 0, said
        emergency = await centre.next_call(5)
        await emergency.answered(5)
        sounds(emergency, EMERGENCY_HZ)
        await talk.told("joined", 5)
        await all_three_hear(talk.caller, talk.agent, emergency)
        gaps = longest_gap(talk.caller, AGENT_HZ, begun), longest_gap(talk.agent, CALLER_HZ, begun)
        assert max(gaps) <= LONGEST_GAP_SECONDS

        invite = emergency.invitation
        assert invite is not None
        assert invite.uri.startswith("sip:119@127.0.0.3:5080")
        assert talk.citizen.number in (invite.get("From") or "")
        assert talk.citizen.number in (invite.get("P-Asserted-Identity") or "")
        assert (invite.get("X-12345-Type"), invite.get("X-12345-Order")) == ("119", talk.call)

        assert (await talk.ask("leave"))[0] == 1  # nothing is verified yet
        assert talk.agent.state is LineState.TALKING
        assert (await talk.ask("verified", "--by", "801"))[0] == 0
        left = time.monotonic()
        assert (await talk.ask("leave"))[0] == 0
        await talk.agent.ended(5)
        await asyncio.sleep(1.5)
        assert (talk.caller.state, emergency.state) == (LineState.TALKING, LineState.TALKING)
        gaps = longest_gap(talk.caller, EMERGENCY_HZ, left), longest_gap(emergency, CALLER_HZ, left)
        assert max(gaps) <= 0.2
        await talk.caller.hang_up()
        await emergency.ended(10)
    marks = [each["type"] for each in talk.bus.envelopes if each["call"] == talk.call and "emergency_" in each["type"]]
    assert {"emergency_detected", "emergency_invite_sent", "emergency_answered", "emergency_verified"} <= set(marks)
