"""By which line an emergency leaves: the second trunk to the centre, a unit by the carrier's; a policy saved live."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ivr.adapters.simulator.call_plan import Answering, Manner, answering
from ivr.adapters.simulator.sip_phone import SipPhone
from routing.emergency import spoken
from routing.emergency.kinds import Kind
from tests.ports import free_port
from tests.system.emergency_stage import asterisk_says
from tests.system.running_service import RunningService, service_of
from tests.system.running_switch import until
from tests.system.test_service_emergency import (
    AGENT_HZ,
    CALLER_HZ,
    EMERGENCY_HZ,
    QUEUES,
    all_three_hear,
    emergency_centre,
    hear_each_other,
    sounds,
    talking,
)
from tests.system.test_service_emergency_rows import agent_number, raised, told_in_words

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-emergency-trunks")]

CARRIER = "127.0.0.5"
PORT, SECOND_PORT, CARRIER_PORT = free_port("127.0.0.3"), free_port("127.0.0.3"), free_port(CARRIER)
UNIT = "02982345678"
GUIDE = "请您直接拨打一二零，说清地址。"
POLICY = f"""\
emergency_policy: 1
name: 测试
version: "1"
targets:
  police: {{title: 110 报警服务台, numbers: ["110"], ring_seconds: 5}}
  fire: {{title: 119 消防, numbers: ["119"], ring_seconds: 5}}
  traffic: {{title: 122 交警, numbers: ["122"]}}
  rescue: {{title: 专业救援机构, numbers: ["{UNIT}"], trunks: [carrier], ring_seconds: 8}}
rules:
  - {{kind: "110", mode: three_way, targets: [police]}}
  - {{kind: "119", mode: three_way, targets: [fire, police]}}
  - {{kind: "120", mode: guide, targets: [police], guide: {GUIDE}}}
  - {{kind: "122", mode: parallel_notify, targets: [traffic], notify: [rescue]}}
"""


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("policy") / "policy.yaml"
    file.write_text(POLICY, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def service(policy: Path) -> Iterator[RunningService]:
    change = {
        "emergency": {"policy": str(policy)},
        "emergency_trunk": {"port": PORT, "backup": {"port": SECOND_PORT}},
        "switch": {
            "trunks": [{"name": "carrier", "host": CARRIER, "port": CARRIER_PORT, "match": [CARRIER, "127.0.0.2"]}]
        },
    }
    with service_of(change, queues=QUEUES, hurried=True) as running:
        yield running


@pytest.fixture
async def second() -> AsyncIterator[SipPhone]:
    """The centre as it is reached by the second trunk."""
    async with SipPhone(bind_ip="127.0.0.3", port=SECOND_PORT, number="centre", answering=Answering()) as phone:
        yield phone


async def is_back(service: RunningService) -> None:
    """Return when the switch knows that somebody is at the first trunk's address."""

    async def is_known() -> bool:
        asterisk_says(service, "pjsip qualify emergency")
        rows = [line.split() for line in asterisk_says(service, "pjsip show contacts").splitlines()]
        return any(row[1].startswith("emergency/") and "Avail" in row for row in rows if row[:1] == ["Contact:"])

    await until(is_known, 30)


def called(phone: SipPhone) -> list[str]:
    return [agent_number(call) for call in phone.calls]


@pytest.mark.parametrize("how", ["refuses", "is gone"])
async def test_with_the_first_trunk_down_the_second_brings_the_same_service(
    service: RunningService, second: SipPhone, how: str
) -> None:
    async with talking(service) as talk:
        if how == "refuses":
            async with emergency_centre(service) as first:
                await is_back(service)
                first.answering = Answering(refuse_with=503)
                begun = time.monotonic()
                await raised(talk, "119")
                emergency = await second.next_call(30)
                assert called(first) == ["119"]
        else:  # nobody is at its address, and the switch knows
            asterisk_says(service, "pjsip qualify emergency")

            async def is_known() -> bool:
                return "Unavail" in asterisk_says(service, "pjsip show contacts")

            await until(is_known, 40)
            begun = time.monotonic()
            await raised(talk, "119")
            emergency = await second.next_call(30)
        assert (called(second), time.monotonic() - begun < 30) == (["119"], True)
        await emergency.answered(30)
        await talk.told("joined")
        for line, hertz in ((talk.caller, CALLER_HZ), (talk.agent, AGENT_HZ), (emergency, EMERGENCY_HZ)):
            sounds(line, hertz)
        await all_three_hear(talk.caller, talk.agent, emergency)
        assert str((await talk.told("attempt_failed"))["detail"]).startswith("fire emergency ")
        assert emergency.invitation is not None
        assert talk.citizen.number in (emergency.invitation.get("P-Asserted-Identity") or "")


async def test_a_busy_service_is_followed_by_the_next_number_and_then_both_by_the_other_trunk(
    service: RunningService, second: SipPhone
) -> None:
    second.answering = answering(Manner.BUSY)
    async with emergency_centre(service) as first, talking(service) as talk:
        await is_back(service)
        first.answering = answering(Manner.BUSY)
        await raised(talk, "119")
        assert "没有接通" in str((await talk.told("supervisor", 40))["reason"])
        assert (called(first), called(second)) == (["119", "110"], ["119", "110"])
        failed = list(dict.fromkeys(str(one["detail"]) for one in talk.all("attempt_failed")))
        assert failed == [
            "fire emergency busy", "police emergency busy", "fire emergency-2 busy", "police emergency-2 busy",
        ]  # fmt: skip
        sounds(talk.caller, CALLER_HZ)
        sounds(talk.agent, AGENT_HZ)
        await hear_each_other(talk.caller, CALLER_HZ, talk.agent, AGENT_HZ)


async def test_a_unit_is_told_by_the_carriers_trunk_and_hears_the_notice(
    service: RunningService, second: SipPhone
) -> None:
    async with (
        SipPhone(bind_ip=CARRIER, port=CARRIER_PORT, number="carrier", answering=Answering(0.3)) as carrier,
        emergency_centre(service) as first,
        talking(service) as talk,
    ):
        await is_back(service)
        first.answering = Answering()
        await raised(talk, "122")
        unit = await carrier.next_call(30)
        assert agent_number(unit) == UNIT
        await unit.answered(30)
        await told_in_words(service, unit, spoken.notice(Kind.TRAFFIC), time.monotonic())
        await talk.told("unit_answered")
        await talk.told("joined")
        assert (called(first), called(second)) == (["122"], [])


async def test_a_city_that_guides_calls_nobody_and_caller_or_agent_is_told_the_words(
    service: RunningService, second: SipPhone
) -> None:
    async with emergency_centre(service) as first, talking(service) as talk:
        await raised(talk, "120")
        told = await talk.told("told")
        assert GUIDE in str(told["text"])
        await talk.told("guided")
        sounds(talk.caller, CALLER_HZ)
        sounds(talk.agent, AGENT_HZ)
        await hear_each_other(talk.caller, CALLER_HZ, talk.agent, AGENT_HZ)
        assert (first.calls, second.calls) == ([], [])
    async with service.bus() as bus, service.citizen() as citizen:
        line = await service.dial(citizen)
        call = await service.offered(bus, citizen)
        await bus.event(call, "queued")
        begun = time.monotonic()
        assert (await service.hotline("emergency", "raise", call, "--kind", "120", "--by", "900"))[0] == 0
        await told_in_words(service, line, GUIDE, begun)
        await line.hang_up()
        await service.finished(call)


async def test_a_saved_policy_counts_at_once_and_a_broken_one_changes_nothing(
    service: RunningService, policy: Path, second: SipPhone
) -> None:
    async def is_logged(event: str) -> None:
        async def is_there() -> bool:
            return any(record["event"] == event for record in service.log())

        await until(is_there, 40)

    def save(text: str) -> None:
        draft = policy.with_suffix(".tmp")
        draft.write_text(text, encoding="utf-8")
        draft.replace(policy)  # a file half written is a policy with mistakes

    async with emergency_centre(service) as first:
        first.answering = Answering()
        save(POLICY.replace("targets: [police]", "targets: [nobody]"))
        await is_logged("emergency_policy_refused")

        async def is_named() -> bool:
            return any("nobody" in str(record.get("problem")) for record in service.log())

        await until(is_named)
        save(POLICY.replace('numbers: ["110"]', 'numbers: ["02900000110"]'))
        await is_logged("emergency_policy_taken_in")
        async with talking(service) as talk:
            await is_back(service)
            await raised(talk, "110")
            await talk.told("joined")
            assert called(first) == ["02900000110"]
