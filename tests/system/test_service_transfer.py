"""Transfers, consults and conferences on the real switch: who hears whom, and nobody is left alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from ivr.adapters.simulator.call_plan import Answering
from ivr.adapters.simulator.line import LineState
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

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-transfer")]


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_for_talks() as running:
        yield running


async def test_a_blind_transfer_to_a_seat_frees_the_agent_and_the_caller_hears_no_gap(service: RunningService) -> None:
    async with talking(service) as scene, colleague(service, "802", Answering(after_seconds=0.5)) as second:
        begun = time.monotonic()
        await scene.ask("call.transfer_blind", to="802")
        third = await second.next_call(30)
        assert scene.agent.state is LineState.TALKING  # while it rings the agent keeps the caller
        await third.answered(30)
        says(third, THIRD_HZ)
        await scene.agent.ended(30)
        await hear(third, CALLER_HZ)
        await hear(scene.caller, THIRD_HZ)
        assert silence_of(scene.caller, (AGENT_HZ, THIRD_HZ), begun) < 1.0
        await scene.ended("done")
        await third.hang_up()
        await scene.caller.ended(20)  # the flow went on after the talk, and said goodbye


async def test_a_transfer_that_nobody_takes_leaves_the_caller_with_the_agent(service: RunningService) -> None:
    async with talking(service) as scene, colleague(service, "802", Answering(refuse_with=486)):
        await scene.ask("call.transfer_blind", to="802")
        await scene.ended("failed")
        await hear(scene.caller, AGENT_HZ)
        await hear(scene.agent, CALLER_HZ)


async def test_an_agent_who_leaves_while_the_colleague_rings_leaves_the_caller_with_music_and_then_with_the_colleague(
    service: RunningService,
) -> None:
    async with talking(service) as scene, colleague(service, "802", Answering(after_seconds=2.5)) as second:
        await scene.ask("call.transfer_blind", to="802")
        third = await second.next_call(30)
        await scene.agent.hang_up()
        await third.answered(30)
        says(third, THIRD_HZ)
        await hear(scene.caller, THIRD_HZ)
        await hear(third, CALLER_HZ)


async def test_a_consult_is_private_and_completing_it_gives_the_caller_to_the_colleague(
    service: RunningService,
) -> None:
    async with talking(service) as scene, colleague(service, "802", Answering(after_seconds=0.3)) as second:
        await scene.ask("call.consult", to="802")
        third = await second.next_call(30)
        await third.answered(30)
        says(third, THIRD_HZ)
        await hear(third, AGENT_HZ)
        await hear(scene.agent, THIRD_HZ)
        await asyncio.gather(deaf_to(scene.caller, AGENT_HZ, THIRD_HZ), deaf_to(third, CALLER_HZ))
        assert not (await scene.asked("call.transfer_blind", to="802"))[0]
        await scene.ask("call.consult_complete")
        await scene.agent.ended(30)
        await hear(third, CALLER_HZ)
        await hear(scene.caller, THIRD_HZ)
        await third.hang_up()
        await scene.caller.ended(20)
        await service.finished(scene.call)
        code, said = await service.hotline("replay", scene.call)
        assert code == 0, said


async def test_a_conference_is_heard_by_all_three_and_goes_on_with_two(service: RunningService) -> None:
    async with talking(service) as scene, colleague(service, "802", Answering(after_seconds=0.3)) as second:
        await scene.ask("call.consult", to="802")
        third = await second.next_call(30)
        await third.answered(30)
        says(third, THIRD_HZ)
        await hear(third, AGENT_HZ)
        await scene.ask("call.conference")
        await asyncio.gather(
            *(
                hear(line, hertz)
                for line, tones in (
                    (scene.caller, (AGENT_HZ, THIRD_HZ)),
                    (scene.agent, (CALLER_HZ, THIRD_HZ)),
                    (third, (CALLER_HZ, AGENT_HZ)),
                )
                for hertz in tones
            )
        )
        await third.hang_up()
        await hear(scene.caller, AGENT_HZ)
        await hear(scene.agent, CALLER_HZ)
        await scene.ended("back")


async def test_a_consult_that_ends_brings_the_agent_back_to_the_caller(service: RunningService) -> None:
    async with talking(service) as scene, colleague(service, "802", Answering(after_seconds=0.3)) as second:
        await scene.ask("call.consult", to="802")
        third = await second.next_call(30)
        await third.answered(30)
        await hear(third, AGENT_HZ)
        await scene.ask("call.consult_cancel")
        await third.ended(30)
        await hear(scene.caller, AGENT_HZ)
        await hear(scene.agent, CALLER_HZ)
        await scene.ended("back")
        second.answering = Answering(refuse_with=486)
        await scene.ask("call.consult", to="802")

        async def is_back_again() -> bool:
            ended = [e for e in scene.bus.envelopes if (e["call"], e["type"]) == (scene.call, "transfer_ended")]
            return len({e["key"] for e in ended if e["data"]["how"] == "back"}) == 2

        await until(is_back_again)
        await hear(scene.caller, AGENT_HZ)
        await scene.agent.hang_up()
        await scene.caller.ended(20)  # a talk that is over, not one to be queued again


async def test_an_agent_who_is_lost_in_a_consult_leaves_the_caller_at_the_head_of_the_queue(
    service: RunningService,
) -> None:
    async with talking(service) as scene, colleague(service, "802", Answering(after_seconds=0.3)) as second:
        await scene.ask("call.consult", to="802")
        third = await second.next_call(30)
        await third.answered(30)
        await hear(third, AGENT_HZ)
        await scene.agent.hang_up()
        await scene.ended("agent_lost")
        again = await second.next_call(30)  # the only free seat
        await again.answered(30)
        says(again, THIRD_HZ)
        await hear(scene.caller, THIRD_HZ)


async def test_a_consult_survives_the_death_of_the_controller(service: RunningService) -> None:
    async with talking(service) as scene, colleague(service, "802", Answering(after_seconds=0.3)) as second:
        await scene.ask("call.consult", to="802")
        third = await second.next_call(30)
        await third.answered(30)
        says(third, THIRD_HZ)
        await hear(third, AGENT_HZ)
        dead = service.kill("controller")
        await service.serving(not_pid=dead)
        await hear(scene.agent, THIRD_HZ)
        await scene.ask("call.consult_complete")
        await scene.agent.ended(30)
        await hear(third, CALLER_HZ)
        await hear(scene.caller, THIRD_HZ)


@pytest.mark.parametrize("after_seconds", [0.8, 6.0], ids=["answered while we are away", "answered afterwards"])
async def test_a_transfer_survives_the_death_of_the_controller(service: RunningService, after_seconds: float) -> None:
    async with (
        talking(service) as scene,
        colleague(service, "802", Answering(after_seconds=after_seconds)) as second,
    ):
        await scene.ask("call.transfer_blind", to="802")
        third = await second.next_call(30)
        dead = service.kill("controller")
        await third.answered(30)  # the dialplan joins them by itself
        says(third, THIRD_HZ)
        await hear(scene.caller, THIRD_HZ)
        await service.serving(not_pid=dead)
        await scene.agent.ended(30)
        await hear(third, CALLER_HZ)
        await hear(scene.caller, THIRD_HZ)
        await third.hang_up()
        await scene.caller.ended(20)


async def test_a_transfer_to_a_queue_puts_the_caller_in_front_of_another_seat(service: RunningService) -> None:
    async with talking(service) as scene, colleague(service, "802", Answering(after_seconds=0.3)) as second:
        await scene.ask("call.transfer_blind", to="complaint")
        await scene.agent.ended(30)
        third = await second.next_call(30)
        await third.answered(30)
        says(third, THIRD_HZ)
        await hear(scene.caller, THIRD_HZ)
        await hear(third, CALLER_HZ)


@pytest.mark.parametrize("verb", ["call.transfer_blind", "call.consult"])
async def test_what_may_not_be_dialled_is_refused_and_the_talk_goes_on(service: RunningService, verb: str) -> None:
    async with talking(service) as scene:
        for to in ("110", "119", "120", "122", "12345", "0110", "86110", "１１９", "nobody", "803"):
            ok, text = await scene.asked(verb, to=to)
            assert not ok, to
            assert text
        await hear(scene.caller, AGENT_HZ)
        assert not (await scene.asked(verb, to="802", seat="803"))[0]
        assert not (await scene.asked("call.consult_complete"))[0]
