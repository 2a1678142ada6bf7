"""Seats, overflow and saved flows, as the running service lives them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ivr.adapters.simulator.call_plan import Answering
from ivr.call import CallId
from routing.shell import MISSED_REASON
from tests.system.running_service import Bus, RunningService, service_of
from tests.system.running_switch import RawAmi, until

pytestmark = pytest.mark.xdist_group("service-desk")

QUEUES = """\
queues_version: 1
queues:
  general: {title: 综合受理, after_call_seconds: 0, ring_seconds: 5}
  complaint: {title: 投诉受理, skills: [complaint], after_call_seconds: 0, overflow: {to: general, after_seconds: 5}}
  consultation: {title: 政策咨询, skills: [consultation], after_call_seconds: 0}
  elder: {title: 长者专席, skills: [elder], after_call_seconds: 0}
"""
SEATS = [
    {"seat": "801", "agent": "李晓梅", "skills": ["consultation", "elder"]},
    {"seat": "802", "agent": "王建国", "skills": ["consultation"]},
    {"seat": "803", "agent": "赵敏", "skills": ["complaint"]},
]


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_of({"seats": SEATS}, queues=QUEUES, hurried=True) as running:
        yield running


@pytest.fixture
async def bus(service: RunningService) -> AsyncIterator[Bus]:
    async with service.bus() as bus:
        yield bus


UNAVAILABLE = "5"
"""AST_DEVICE_UNAVAILABLE"""


async def member(ami: RawAmi, queue: str, seat: str) -> dict[str, str]:
    entries = await ami.listed("QueueStatus", Queue=f"q_{queue}", Member=f"PJSIP/{seat}")
    return next((entry for entry in entries if entry["Event"] == "QueueMember"), {})


async def test_without_a_skilled_seat_a_complaint_overflows_to_everybody(service: RunningService, bus: Bus) -> None:
    async with service.seat("801"), service.citizen() as phone:
        line = await service.dial(phone, "12319")
        call = await service.offered(bus, phone)
        await line.press("2")
        answered = await bus.event(call, "answered", 40)
        await line.hang_up()
        record = await service.finished(call)
    queues = [each["data"]["queue"] for each in bus.envelopes if (each["call"], each["type"]) == (call, "queued")]
    assert queues == ["complaint", "general"]
    assert answered["data"]["seat"] == "801"
    assert (record.queue, record.outcome) == ("general", "answered")
    assert (await service.hotline("replay", call))[0] == 0


async def test_a_skilled_seat_takes_the_complaint_though_others_are_free(service: RunningService, bus: Bus) -> None:
    async with service.seat("801"), service.seat("802"), service.seat("803"), service.citizen() as phone:
        line = await service.dial(phone, "12319")
        call = await service.offered(bus, phone)
        await line.press("2")
        assert (await bus.event(call, "answered"))["data"] | {"hold_seconds": 0} == {
            "queue": "complaint", "seat": "803", "hold_seconds": 0,
        }  # fmt: skip
        await line.hang_up()
        await service.finished(call)


async def test_three_misses_are_a_break_until_the_telephone_signs_in_again(service: RunningService, bus: Bus) -> None:
    async with service.ami() as ami, service.citizen() as phone:
        async with service.seat("801", Answering(refuse_with=486)):
            line = await service.dial(phone)
            call = await service.offered(bus, phone)

            async def is_on_a_break() -> bool:
                standing = await member(ami, "general", "801")
                return (standing.get("Paused"), standing.get("PausedReason")) == ("1", MISSED_REASON)

            async def missed_three_times() -> bool:
                return misses(bus, call) >= 3

            await until(is_on_a_break, 30)
            await until(missed_three_times, 40)

        async def is_away() -> bool:  # who comes back at once was never away to the switch
            return (await member(ami, "general", "801")).get("Status") == UNAVAILABLE

        await until(is_away)
        async with service.seat("801"):
            assert (await bus.event(call, "answered"))["data"]["seat"] == "801"
            await line.hang_up()
            await service.finished(call)
    assert 3 <= misses(bus, call) <= 4, "the switch may ring once more before it knows of the break"


def misses(bus: Bus, call: CallId) -> int:
    return sum((each["call"], each["type"]) == (call, "missed") for each in bus.envelopes)


async def test_a_stale_member_is_removed_when_the_controller_starts_and_a_real_one_is_kept(
    service: RunningService,
) -> None:
    async with service.ami() as ami:
        await ami.act("QueueAdd", Queue="q_general", Interface="PJSIP/899", MemberName="former")
        assert await member(ami, "general", "899")
        taken = (await member(ami, "general", "801"))["LoginTime"]
        await service.serving(service.kill("controller"))
        assert not await member(ami, "general", "899")
        assert (await member(ami, "general", "801"))["LoginTime"] == taken


def log_count(service: RunningService, event: str) -> int:
    return sum(record["event"] == event for record in service.log())


async def saved(service: RunningService, file: Path, text: str, event: str) -> None:
    """Save a flow as an editor does, and return when the service has said what it thinks of it."""
    before = log_count(service, event)
    draft = file.with_suffix(".tmp")
    draft.write_text(text, encoding="utf-8")
    draft.replace(file)

    async def is_judged() -> bool:
        return log_count(service, event) > before

    await until(is_judged, 40)


async def test_a_saved_flow_is_for_new_calls_and_a_running_call_finishes_on_its_own(
    service: RunningService, bus: Bus
) -> None:
    file = service.folder / "flows" / "menu.yaml"
    text = file.read_text(encoding="utf-8")
    new = text.replace("您好，这里是一二三四五", "早上好，新的问候，这里是一二三四五").replace(
        "    no_input: human\n", '      "7": {to: consultation, words: [新的选择]}\n    no_input: human\n', 1
    )
    assert new.count("新的") == 2
    async with service.seat("803"), service.seat("801"), service.citizen() as old, service.citizen() as young:
        earlier = await service.dial(old, "12319")
        first = await service.offered(bus, old)
        await saved(service, file, new, "flows_taken_in")
        later = await service.dial(young, "12319")
        second = await service.offered(bus, young)
        await later.wait_for_audio(30)  # the new greeting was spoken beforehand
        await later.press("7")
        assert (await bus.event(second, "answered"))["data"]["queue"] == "consultation"
        await later.hang_up()
        await earlier.press("72")  # to the old menu 7 means nothing
        assert (await bus.event(first, "queued", 30))["data"]["queue"] in ("complaint", "general")
        await earlier.hang_up()
        await service.finished(first)
        await service.finished(second)
    editions = {line["digest"] for call in (first, second) for line in service.journal.read(call) if "digest" in line}
    assert len(editions) == 2
    for call in (first, second):
        assert "StepFailed" not in str(service.journal.read(call))
        assert (await service.hotline("replay", call))[0] == 0


async def test_a_broken_save_is_refused_and_the_old_flow_stays_even_after_a_restart(
    service: RunningService, bus: Bus
) -> None:
    file = service.folder / "flows" / "menu.yaml"
    text = file.read_text(encoding="utf-8")
    await saved(service, file, text.replace("then: main_menu", "then: nowhere_at_all"), "file_problem")
    told = [record["problem"] for record in service.log() if record["event"] == "file_problem"]
    assert any("menu.yaml" in problem and "nowhere_at_all" in problem and "改法" in problem for problem in told)
    try:
        for _ in range(2):
            async with service.seat("801"), service.citizen() as phone:
                line = await service.dial(phone, "12319")
                call = await service.offered(bus, phone)
                await line.press("0")
                await bus.event(call, "answered")
                await line.hang_up()
                assert (await service.finished(call)).flow == "menu"
            await service.serving(service.kill("controller"))
    finally:
        await saved(service, file, text, "flows_taken_in")
    assert service.tracebacks() == []
