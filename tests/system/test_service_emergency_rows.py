"""Every way in which an emergency call can go, on the real switch: who hears whom, and who is told what."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator

import numpy as np
import pytest

from cti.server.installation import folders_of
from cti.server.notices import message_file
from ivr.adapters.simulator.call_plan import Answering, Manner, answering
from ivr.adapters.simulator.line import LineState
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.voice.sound_file import read_wav
from routing.emergency import spoken
from routing.emergency.kinds import Kind
from tests.system.running_service import RunningService, service_of
from tests.system.running_switch import until
from tests.system.said_words import HEARD, share_heard
from tests.system.test_service_emergency import (
    AGENT_HZ,
    CALLER_HZ,
    EMERGENCY_HZ,
    LONGEST_GAP_SECONDS,
    QUEUES,
    Talk,
    all_three_hear,
    emergency_centre,
    emergency_legs,
    hear_each_other,
    longest_gap,
    sounds,
    talking,
)

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-emergency-rows")]

POLICY = """\
emergency_policy: 1
name: 测试
version: "1"
targets:
  police: {title: 110 报警服务台, numbers: ["110"], ring_seconds: 5}
  fire: {title: 119 消防, numbers: ["119"], ring_seconds: 5}
  medical: {title: 120 急救中心, numbers: ["120"]}
  traffic: {title: 122 交警, numbers: ["122"]}
  rescue: {title: 专业救援机构, numbers: ["02900000004", "02900000005"], ring_seconds: 5}
start:
  words_in_queue: {confirmed: go}
rules:
  - {kind: "110", mode: transfer, targets: [police]}
  - {kind: "119", mode: three_way, targets: [fire]}
  - {kind: "120", mode: three_way, targets: [medical]}
  - {kind: "122", mode: parallel_notify, targets: [traffic], notify: [rescue]}
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    policy = tmp_path_factory.mktemp("policy") / "policy.yaml"
    policy.write_text(POLICY, encoding="utf-8")
    with service_of({"emergency": {"policy": str(policy)}}, queues=QUEUES, hurried=True) as running:
        yield running


@pytest.fixture
async def centre(service: RunningService) -> AsyncIterator[SipPhone]:
    async with emergency_centre(service) as phone:
        yield phone


def sound(service: RunningService, words: str) -> bytes:
    """The very sound that was made for these words when the service started."""
    file = folders_of(service.settings).sounds / f"{spoken.sound_of(words)}.wav"
    return read_wav(file.read_bytes())


async def told_in_words(service: RunningService, line: SipCall, words: str, since: float, within: float = 25.0) -> None:
    said = sound(service, words)

    async def heard() -> bool:
        return share_heard(said, line.heard_pcm(since)) >= HEARD

    await until(heard, within)


async def raised(talk: Talk, kind: str) -> None:
    code, said = await talk.ask("raise", "--kind", kind, "--by", "801", "--why", "厨房着火")
    assert code == 0, said


async def test_caller_and_agent_are_told_in_words_that_the_service_is_called_and_hear_each_other_meanwhile(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering(after_seconds=4.0)
    async with talking(service) as talk:
        begun = time.monotonic()
        await raised(talk, "119")
        words = spoken.calling(Kind.FIRE)
        await told_in_words(service, talk.caller, words, begun)
        await told_in_words(service, talk.agent, words, begun)
        emergency = await centre.next_call(30)
        await emergency.answered(30)
        for line, hertz in ((talk.caller, CALLER_HZ), (talk.agent, AGENT_HZ), (emergency, EMERGENCY_HZ)):
            sounds(line, hertz)
        await all_three_hear(talk.caller, talk.agent, emergency)


async def test_words_said_into_a_talk_make_no_gap_in_it(service: RunningService, centre: SipPhone) -> None:
    centre.answering = answering(Manner.BUSY)  # told twice: that it is called, and that nobody was reached
    async with talking(service) as talk:
        sounds(talk.caller, CALLER_HZ)
        sounds(talk.agent, AGENT_HZ)
        await talk.caller.wait_for_tone(AGENT_HZ, 20)
        await talk.agent.wait_for_tone(CALLER_HZ, 20)
        begun = time.monotonic()
        await raised(talk, "119")
        await asyncio.sleep(spoken.seconds_of(spoken.calling(Kind.FIRE)) + 3)
        gaps = (
            longest_gap(talk.caller, talk.agent, AGENT_HZ, begun),
            longest_gap(talk.agent, talk.caller, CALLER_HZ, begun),
        )
        assert max(gaps) <= LONGEST_GAP_SECONDS


@pytest.mark.parametrize(
    ("how", "why"),
    [
        (answering(Manner.REFUSE), "refused"),
        (Answering(refuse_with=503), "trunk_down"),
        (answering(Manner.NO_ANSWER), "no_answer"),
        (answering(Manner.SILENT), "trunk_down"),
    ],
    ids=["refused", "trunk down", "no answer", "silent"],
)
async def test_when_nobody_can_be_reached_caller_agent_and_supervisor_are_told_and_the_two_go_on(
    service: RunningService, centre: SipPhone, how: Answering, why: str
) -> None:
    centre.answering = how
    async with talking(service) as talk:
        begun = time.monotonic()
        await raised(talk, "119")
        assert "没有接通" in str((await talk.told("supervisor", 40))["reason"])
        assert [one["detail"] for one in talk.all("attempt_failed")] == [f"fire emergency {why}"]
        await told_in_words(service, talk.caller, spoken.unreached_beside_agent(Kind.FIRE), begun)
        sounds(talk.caller, CALLER_HZ)
        sounds(talk.agent, AGENT_HZ)
        await hear_each_other(talk.caller, CALLER_HZ, talk.agent, AGENT_HZ)
        told = [one["data"]["text"] for one in talk.bus.envelopes if one["type"] == "emergency_told"]
        assert any("没有接通" in text for text in told)


async def test_an_agent_cut_off_while_the_service_rings_leaves_nobody_alone(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering(after_seconds=15.0)  # once it answers, the words are over
    async with talking(service) as talk:
        await raised(talk, "120")
        emergency = await called(centre, "120")  # SIP asks a silent 119 of another test again for 32 s
        await asyncio.sleep(0.5)
        lost = time.monotonic()
        talk.seat.answering = answering(Manner.BUSY)
        await talk.agent.hang_up()
        await talk.told("agent_left")
        await told_in_words(service, talk.caller, spoken.agent_lost(Kind.MEDICAL), lost)
        assert talk.caller.state is LineState.TALKING
        await emergency.answered(30)
        await talk.told("joined")
        sounds(talk.caller, CALLER_HZ)
        sounds(emergency, EMERGENCY_HZ)
        await hear_each_other(talk.caller, CALLER_HZ, emergency, EMERGENCY_HZ)
        asked = [each.invitation.uri for each in centre.calls if each.invitation]
        assert sum(uri.startswith("sip:120@") for uri in asked) == 1, asked
        async with service.seat("803") as seat:
            agent = await seat.next_call(30)
            await agent.answered(30)
            sounds(agent, AGENT_HZ)
            await all_three_hear(talk.caller, agent, emergency)
            async with service.ami() as ami:
                assert len(await emergency_legs(ami)) == 1
            await talk.caller.hang_up()
            await agent.hang_up()
        await emergency.ended(30)


async def test_a_controller_killed_while_an_invited_seat_rings_finds_them_joined(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering()
    async with service.bus() as bus, service.citizen() as citizen:
        line = await service.dial(citizen)
        call = await service.offered(bus, citizen)
        await bus.event(call, "queued")
        assert (await service.hotline("emergency", "raise", call, "--kind", "120", "--by", "900"))[0] == 0
        emergency = await centre.next_call(30)
        await bus.event(call, "emergency_joined")
        slowly = Answering(after_seconds=6.0)
        async with service.seat("802", slowly) as seat, service.seat("803", slowly) as other:

            async def one_rings() -> bool:
                return bool(seat.calls or other.calls)

            await until(one_rings)
            (agent,) = (*seat.calls, *other.calls)
            await service.serving(service.kill("controller"))
            await agent.answered(30)
            for speaker, hertz in ((line, CALLER_HZ), (agent, AGENT_HZ), (emergency, EMERGENCY_HZ)):
                sounds(speaker, hertz)
            await all_three_hear(line, agent, emergency)
            assert len(seat.calls) + len(other.calls) == 1, "nobody is invited twice"
            _, told = await service.hotline("emergency", "status", "--json")
            assert '"state": "joined"' in told
            assert f'"seat": "{agent_number(agent)}"' in told
            await line.hang_up()
            await agent.hang_up()
            await emergency.ended(30)
        await service.finished(call)
    assert service.tracebacks() == []


async def called(centre: SipPhone, number: str) -> SipCall:
    """Return the call of this number."""
    while agent_number(call := await centre.next_call(30)) != number:
        pass
    return call


def agent_number(agent: SipCall) -> str:
    """Return the seat that was called."""
    assert agent.invitation is not None
    return agent.invitation.uri.removeprefix("sip:").partition("@")[0]


async def test_a_unit_hears_the_notice_and_a_message_is_wanted_while_the_service_is_called(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering(after_seconds=0.3)
    async with talking(service) as talk:
        await raised(talk, "122")
        by_number: dict[str, SipCall] = {}
        while not {"122", "02900000004"} <= by_number.keys():  # a silent 119 of another test may be asked again
            each = await centre.next_call(30)
            by_number[agent_number(each)] = each
        assert set(by_number) <= {"122", "02900000004", "119"}
        unit = by_number["02900000004"]
        await unit.answered(30)
        heard = time.monotonic()
        await told_in_words(service, unit, spoken.notice(Kind.TRAFFIC), heard)
        await talk.told("unit_answered")
        wanted = await talk.bus.event(talk.call, "sms_wanted")
        assert (wanted["data"]["target"], "number" in wanted["data"]) == ("rescue", False)
        lines = [json.loads(each) for each in message_file(service.settings).read_text().splitlines()]
        assert [(each["call"], each["number"]) for each in lines][-1] == (talk.call, "02900000004")
        assert "厨房着火" in lines[-1]["text"]
        named = {"emergency.OriginateSent", "emergency.UnitNews"}
        written = [line for line in service.journal.read(talk.call) if line.get("name") in named]
        moments = [np.datetime64(str(line["at"])[:26]) for line in written[:2]]
        assert {str(line["name"]) for line in written[:2]} == named
        assert abs((moments[1] - moments[0]) / np.timedelta64(1, "s")) < 10.0
        special = folders_of(service.settings).sounds / spoken.FOLDER / f"case-{talk.call}-1.wav"
        said = read_wav(await asyncio.to_thread(special.read_bytes))

        async def particulars_heard() -> bool:
            return share_heard(said, unit.heard_pcm(heard)) >= HEARD

        await until(particulars_heard, 40)


async def test_a_unit_that_nobody_answers_for_is_a_supervisors_matter(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = answering(Manner.BUSY)
    async with talking(service) as talk:
        await raised(talk, "122")
        told = await talk.bus.envelope(
            lambda e: e["type"] == "emergency_supervisor" and "值班电话没有打通" in e["data"]["reason"], 40
        )
        assert told["call"] == talk.call
        assert [agent_number(each) for each in centre.calls].count("02900000005") == 1
        assert len(talk.all("unit_failed")) == 2


async def test_a_raise_taken_back_while_the_service_rings_ends_our_leg_and_the_two_go_on(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering(after_seconds=30.0)
    async with talking(service) as talk:
        await raised(talk, "120")
        emergency = await centre.next_call(30)
        assert (await talk.ask("dismiss", "--by", "801", "--why", "误报"))[0] == 0
        await emergency.ended(30)
        await talk.told("dismissed")
        sounds(talk.caller, CALLER_HZ)
        sounds(talk.agent, AGENT_HZ)
        await hear_each_other(talk.caller, CALLER_HZ, talk.agent, AGENT_HZ)
        assert len(centre.calls) == 1


async def test_a_city_that_transfers_frees_the_agent_once_the_two_are_verified(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering()
    async with talking(service) as talk:
        await raised(talk, "110")
        emergency = await centre.next_call(30)
        await talk.told("joined", 40)
        assert talk.agent.state is LineState.TALKING
        assert (await talk.ask("verified", "--by", "801"))[0] == 0
        await talk.agent.ended(30)
        sounds(talk.caller, CALLER_HZ)
        sounds(emergency, EMERGENCY_HZ)
        await hear_each_other(talk.caller, CALLER_HZ, emergency, EMERGENCY_HZ)
        await talk.caller.hang_up()
        await emergency.ended(30)


async def test_an_agent_who_insists_may_go_and_the_two_stay_while_a_supervisor_is_told(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering()
    async with talking(service) as talk:
        await raised(talk, "120")
        emergency = await centre.next_call(30)
        await talk.told("joined", 40)
        assert (await talk.ask("leave"))[0] == 1
        assert (await talk.ask("leave", "--insist"))[0] == 0
        await talk.agent.ended(30)
        assert "坐席" in str((await talk.told("supervisor"))["reason"])
        sounds(talk.caller, CALLER_HZ)
        sounds(emergency, EMERGENCY_HZ)
        await hear_each_other(talk.caller, CALLER_HZ, emergency, EMERGENCY_HZ)
        await talk.caller.hang_up()
        await emergency.ended(30)


async def test_a_caller_lost_while_the_service_rings_ends_our_leg_and_the_number_is_shown(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering(after_seconds=30.0)
    async with talking(service) as talk:
        await raised(talk, "120")
        emergency = await centre.next_call(30)
        await talk.caller.hang_up()
        await talk.told("caller_lost")
        await emergency.ended(30)
        asked = await talk.bus.envelope(
            lambda e: (e["call"], e["type"], e["data"].get("asks")) == (talk.call, "emergency_told", "call_back")
        )
        assert (asked["data"]["seat"], "请回拨：138****" in asked["data"]["text"]) == ("801", True)


async def test_a_waiting_caller_whom_no_service_answers_is_told_and_first_in_the_queue(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = answering(Manner.BUSY)
    async with service.bus() as bus, service.citizen() as citizen:
        line = await service.dial(citizen)
        call = await service.offered(bus, citizen)
        await bus.event(call, "queued")
        begun = time.monotonic()
        assert (await service.hotline("emergency", "raise", call, "--kind", "119", "--by", "900"))[0] == 0
        await bus.event(call, "emergency_unreached")
        await told_in_words(service, line, spoken.unreached(Kind.FIRE), begun, 20)
        async with service.seat("801") as seat:
            agent = await seat.next_call(30)
            await agent.answered(30)
            sounds(line, CALLER_HZ)
            sounds(agent, AGENT_HZ)
            await hear_each_other(line, CALLER_HZ, agent, AGENT_HZ)
            await line.hang_up()
            await agent.ended(30)
        await service.finished(call)
