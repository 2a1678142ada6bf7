"""An emergency service joins a running conversation: on the real switch, with a simulated emergency service."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise

import pytest

from ivr.adapters.simulator.call_plan import Answering, Manner, answering
from ivr.adapters.simulator.line import LineState
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.simulator.tones import tone, tone_levels
from ivr.adapters.voice.sound_file import read_wav
from ivr.call import CallId
from routing.emergency.clock import TIMES
from routing.emergency.threeway_words import Mark
from tests.system.emergency_story import story
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
LONGEST_GAP_SECONDS = 0.085
"""Measured: gaps up to 82 ms without any change at all. More is an interruption."""
LONGEST_RECORDED_GAP_SECONDS = 0.5
"""A switch that is starved for a moment writes silence; the file has no time of its own by which to tell."""
FRAME_SECONDS = 0.02


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_of(queues=QUEUES, hurried=True) as running:
        yield running


@pytest.fixture
async def centre(service: RunningService) -> AsyncIterator[SipPhone]:
    async with emergency_centre(service) as phone:
        yield phone


def emergency_centre(service: RunningService) -> SipPhone:
    """The emergency service: a simulator, at the only address that the service's emergency trunk has."""
    trunk = service.settings.emergency_trunk
    return SipPhone(bind_ip=trunk.host, port=trunk.port, number="emergency")


@dataclass
class Talk:
    """A citizen and an agent who talk."""

    service: RunningService
    bus: Bus
    call: CallId
    citizen: SipPhone
    caller: SipCall
    agent: SipCall
    seat: SipPhone

    async def ask(self, verb: str, *words: str) -> tuple[int, str]:
        return await self.service.hotline("emergency", verb, self.call, *words)

    async def told(self, name: str, within: float = 30.0) -> dict[str, object]:
        data = (await self.bus.event(self.call, f"emergency_{name}", within))["data"]
        assert isinstance(data, dict)
        return data

    def all(self, name: str) -> list[dict[str, object]]:
        """The data of every fact of this name, in order of time; what came twice counts once."""
        wanted = (self.call, f"emergency_{name}")
        found = {one["key"]: one for one in self.bus.envelopes if (one["call"], one["type"]) == wanted}
        return [one["data"] for one in sorted(found.values(), key=lambda one: one["at"])]


@asynccontextmanager
async def talking(service: RunningService, number: str = "12345") -> AsyncIterator[Talk]:
    await service.serving()
    async with service.bus() as bus, service.seat("801") as seat, service.citizen() as citizen:
        caller = await service.dial(citizen, number)
        call = await service.offered(bus, citizen)
        await bus.event(call, "answered", 30)
        agent = await seat.next_call(30)
        await agent.answered(30)
        talk = Talk(service, bus, call, citizen, caller, agent, seat)
        yield talk
        for line in (caller, agent):
            with contextlib.suppress(Exception):
                await line.hang_up()
        await service.finished(call)
    assert service.tracebacks() == []


def sounds(line: SipCall, hertz: float, seconds: float = 600.0) -> None:
    line.start_saying(tone(hertz, min(seconds, 180.0), 0.15))


def hears(line: SipCall, hertz: float, since: float) -> bool:
    levels = tone_levels(line.heard_pcm(since), [hertz])[hertz]
    return sum(level > 0.03 for level in levels) >= 25  # half a second of it


def longest_gap(line: SipCall, speaker: SipCall, hertz: float, since: float) -> float:
    """Return the longest silence (seconds) of the speaker's tone in what a line heard; 9 when it never sounded.

    The time is the media's own (RTP timestamps), so that late packets are no gaps. What a busy machine stalled is taken
    off (on an idle one a few milliseconds).
    """
    packets = math.ceil((time.monotonic() - since) / FRAME_SECONDS)
    return silence_in(line.heard_pcm(since), hertz) - stalled((line, speaker), packets)


def stalled(phones: Iterable[SipCall], packets: int) -> float:
    """Return what a busy machine may have cost: so late these telephones' own packets were, and the switch starves too.

    Three threads hand a frame on, one after the other, and each can be kept waiting: the speaker's, the switch's that
    mixes, the switch's that sends.
    """
    return 3 * max(max(phone.send_lateness[-packets:], default=0.0) for phone in phones)


def silence_in(pcm: bytes, hertz: float, *, to_the_end: bool = True) -> float:
    """Return the longest silence (seconds) of a tone once it has begun; 9 when it never sounded."""
    levels = tone_levels(pcm, [hertz])[hertz]
    heard = [number for number, level in enumerate(levels) if level > 0.03]
    if not heard:
        return 9.0
    edges = [*heard, len(levels)] if to_the_end else heard
    return max(((after - before - 1) * FRAME_SECONDS for before, after in pairwise(edges)), default=0.0)


def recorded_gap(talk: Talk, part: str, hertz: float) -> float:
    """Return the longest silence of a tone in a recording of the call, from its first to its last sound."""
    (file,) = talk.service.settings.recordings_folder.glob(f"*/*/*/{talk.call}-{part}.wav")
    lost = stalled((talk.caller, talk.agent), 1_000_000)
    return silence_in(read_wav(file.read_bytes()), hertz, to_the_end=False) - lost


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

    await until(everybody, 40)


async def hear_each_other(first: SipCall, first_hz: float, second: SipCall, second_hz: float) -> None:
    since = time.monotonic()

    async def both() -> bool:
        return hears(first, second_hz, since) and hears(second, first_hz, since)

    await until(both, 40)


async def test_a_click_brings_the_fire_service_into_the_talk_and_nobody_is_interrupted(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering(after_seconds=0.5)
    async with talking(service) as talk:
        sounds(talk.caller, CALLER_HZ)
        sounds(talk.agent, AGENT_HZ)
        await talk.caller.wait_for_tone(AGENT_HZ, 20)
        await talk.agent.wait_for_tone(CALLER_HZ, 20)
        begun = time.monotonic()
        code, said = await talk.ask("raise", "--kind", "119", "--by", "801", "--why", "厨房着火")
        assert code == 0, said
        emergency = await centre.next_call(30)
        await emergency.answered(30)
        sounds(emergency, EMERGENCY_HZ)
        await talk.told("joined")
        await all_three_hear(talk.caller, talk.agent, emergency)
        gaps = (
            longest_gap(talk.caller, talk.agent, AGENT_HZ, begun),
            longest_gap(talk.agent, talk.caller, CALLER_HZ, begun),
        )
        assert max(gaps) <= LONGEST_GAP_SECONDS

        invite = emergency.invitation
        assert invite is not None
        assert invite.uri.startswith(f"sip:119@127.0.0.3:{service.settings.emergency_trunk.port}")
        assert talk.citizen.number in (invite.get("From") or "")
        assert talk.citizen.number in (invite.get("P-Asserted-Identity") or "")
        assert (invite.get("X-12345-Type"), invite.get("X-12345-Order")) == ("119", talk.call)

        assert (await talk.ask("leave"))[0] == 1  # nothing is verified yet
        assert talk.agent.state is LineState.TALKING
        assert (await talk.ask("verified", "--by", "801"))[0] == 0
        left = time.monotonic()
        assert (await talk.ask("leave"))[0] == 0
        await talk.agent.ended(30)
        await asyncio.sleep(1.5)
        assert (talk.caller.state, emergency.state) == (LineState.TALKING, LineState.TALKING)
        gaps = (
            longest_gap(talk.caller, emergency, EMERGENCY_HZ, left),
            longest_gap(emergency, talk.caller, CALLER_HZ, left),
        )
        assert max(gaps) <= 0.2  # who stays hears the bridge change once more
        await talk.caller.hang_up()
        await emergency.ended(30)
    # the recordings go on throughout; how long people hear nothing was measured above, where they hear it
    assert recorded_gap(talk, "agent", AGENT_HZ) <= LONGEST_RECORDED_GAP_SECONDS
    assert recorded_gap(talk, "caller", CALLER_HZ) <= LONGEST_RECORDED_GAP_SECONDS
    clock = ["detected", "invite_sent", "ringing", "answered", "joined", "verified", "agent_left"]
    told = sorted((each["at"], each["type"][10:]) for each in talk.bus.envelopes if each["call"] == talk.call)
    assert list(dict.fromkeys(name for _, name in told if name in clock)) == clock


async def test_raised_twice_and_by_two_people_one_leg_is_called(service: RunningService, centre: SipPhone) -> None:
    centre.answering = Answering(after_seconds=1.0)
    async with talking(service) as talk:
        first, second = await asyncio.gather(
            talk.ask("raise", "--kind", "119", "--by", "801"),
            talk.ask("raise", "--kind", "119", "--by", "900", "--supervisor"),
        )
        assert (first[0], second[0]) == (0, 0)
        await talk.told("joined", 40)
        await talk.told("raised_again")
        await asyncio.sleep(0.5)
        assert len(centre.calls) == 1
        async with service.ami() as ami:
            assert len(await emergency_legs(ami)) == 1


async def test_a_busy_service_is_followed_by_the_next_and_then_people_are_told_and_still_talk(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = answering(Manner.BUSY)
    async with talking(service) as talk:
        sounds(talk.caller, CALLER_HZ)
        sounds(talk.agent, AGENT_HZ)
        await talk.caller.wait_for_tone(AGENT_HZ, 20)
        begun = time.monotonic()
        assert (await talk.ask("raise", "--kind", "119", "--by", "801"))[0] == 0
        assert "没有接通" in str((await talk.told("supervisor", 40))["reason"])
        assert [call.invitation.uri.partition("@")[0] for call in centre.calls if call.invitation] == [
            "sip:119",
            "sip:110",
        ]
        failed = list(dict.fromkeys(str(one["detail"]) for one in talk.all("attempt_failed")))
        assert failed == ["fire emergency busy", "police emergency busy"]
        await asyncio.sleep(0.5)
        assert (talk.caller.state, talk.agent.state) == (LineState.TALKING, LineState.TALKING)
        assert longest_gap(talk.caller, talk.agent, AGENT_HZ, begun) <= LONGEST_GAP_SECONDS
        centre.answering = Answering()
        assert (await talk.ask("raise", "--kind", "119", "--by", "801"))[0] == 0  # a person may try again
        await talk.told("joined", 40)


async def test_the_emergency_side_leaves_first_and_the_two_still_talk(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering()
    async with talking(service) as talk:
        await talk.ask("raise", "--kind", "120", "--by", "801")
        emergency = await centre.next_call(30)
        await talk.told("joined", 40)
        await talk.ask("verified", "--by", "801")
        await emergency.hang_up()
        await talk.told("emergency_left")
        sounds(talk.caller, CALLER_HZ)
        sounds(talk.agent, AGENT_HZ)
        await talk.caller.wait_for_tone(AGENT_HZ, 20)
        await talk.agent.wait_for_tone(CALLER_HZ, 20)


async def test_the_citizen_is_lost_and_agent_and_emergency_side_go_on(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering()
    async with talking(service) as talk:
        await talk.ask("raise", "--kind", "120", "--by", "801")
        emergency = await centre.next_call(30)
        await talk.told("joined", 40)
        await talk.caller.hang_up()
        await talk.told("caller_lost")
        sounds(talk.agent, AGENT_HZ)
        sounds(emergency, EMERGENCY_HZ)
        await talk.agent.wait_for_tone(EMERGENCY_HZ, 20)
        await emergency.wait_for_tone(AGENT_HZ, 20)
        told = [each["data"]["text"] for each in talk.bus.envelopes if each["type"] == "emergency_told"]
        assert any("请回拨：138****" in text for text in told)
        await talk.agent.hang_up()
        await emergency.ended(30)
    (file,) = service.settings.recordings_folder.glob(f"*/*/*/{talk.call}-emergency-1-1.wav")
    recorded = read_wav(file.read_bytes())  # the caller's own recording ended with the caller
    for hertz in (AGENT_HZ, EMERGENCY_HZ):
        assert sum(level > 0.03 for level in tone_levels(recorded, [hertz])[hertz]) >= 10


async def test_danger_words_in_the_talk_are_a_suggestion_that_the_agent_confirms(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering()
    async with talking(service) as talk:
        await talk.caller.say(await service.speech("我家着火了，快来人啊。"))
        asked = await talk.bus.envelope(
            lambda e: e["type"] == "emergency_told" and e["call"] == talk.call and e["data"]["asks"] == "confirm", 40
        )
        assert asked["data"]["kind"] == "119"
        assert centre.calls == []
        assert (await talk.ask("confirm", "--by", "801"))[0] == 0
        emergency = await centre.next_call(30)
        await talk.told("joined", 40)
        await emergency.say(await service.speech("您好，这里是消防，请说地址。", "m3"))
        await talk.caller.say(await service.speech("在人民路一号。"))
        await talk.told("verified", 40)  # the ears heard both
        assert (await talk.ask("leave"))[0] == 0
        await talk.agent.ended(30)
        await emergency.hang_up()
    spoken = {turn.leg.value for turn in await service.turns(talk.call)}
    assert {"caller", "emergency"} <= spoken
    order = await service.order(talk.call)
    assert order is not None
    (clock,) = order.draft.emergency
    assert list(clock.times) == list(TIMES)  # each moment of the clock, in its order, from the journal
    assert (clock.kind, clock.outcome) == ("119", "verified")
    assert ("已加入", "听到双方对话", "Joined（已确认）", "记 verified、TellAgent") in story(
        service.journal.read(talk.call)
    )[0]
    heard = clock.seconds(Mark.WORD_ENDED, Mark.DETECTED)
    assert heard is not None
    assert -0.5 < heard < 30  # the ears' own second of the word, on the wall


@pytest.mark.parametrize("moment", ["ringing", "joined", "agent leaving"])
async def test_a_controller_killed_meanwhile_drops_nobody_and_calls_nobody_twice(
    service: RunningService, centre: SipPhone, moment: str
) -> None:
    centre.answering = Answering(after_seconds=4.0 if moment == "ringing" else 0.2)
    async with talking(service) as talk:
        sounds(talk.caller, CALLER_HZ)
        sounds(talk.agent, AGENT_HZ)
        await talk.caller.wait_for_tone(AGENT_HZ, 20)
        begun = time.monotonic()
        assert (await talk.ask("raise", "--kind", "119", "--by", "801"))[0] == 0
        emergency = await centre.next_call(30)
        if moment != "ringing":
            await talk.told("joined", 40)
        if moment == "agent leaving":
            await talk.ask("verified", "--by", "801")
            await talk.ask("leave")
        killed = service.kill("controller")
        await service.serving(killed)
        await emergency.answered(30)
        sounds(emergency, EMERGENCY_HZ)
        await talk.told("adopted", 40)
        since = time.monotonic()
        if moment == "agent leaving":

            async def both_hear() -> bool:
                return hears(talk.caller, EMERGENCY_HZ, since) and hears(emergency, CALLER_HZ, since)

            await until(both_hear, 40)
        else:
            await all_three_hear(talk.caller, talk.agent, emergency)
            assert longest_gap(talk.caller, talk.agent, AGENT_HZ, begun) <= LONGEST_GAP_SECONDS
            code, told = await service.hotline("emergency", "status", "--json")
            assert code == 0
            assert f'"call": "{talk.call}"' in told
            assert '"state": "joined"' in told
        assert len(centre.calls) == 1
        async with service.ami() as ami:
            assert len(await emergency_legs(ami)) == 1
