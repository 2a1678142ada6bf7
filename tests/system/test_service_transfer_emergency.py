"""Transfers and consults while an emergency service is on the line: nobody takes the caller away from it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from cti.adapters.control.visit import ask
from cti.server.emergency import control_socket
from ivr.adapters.simulator.call_plan import Answering
from ivr.adapters.simulator.line import LineState
from tests.system.running_service import RunningService
from tests.system.seat_scene import (
    AGENT_HZ,
    CALLER_HZ,
    HELP_HZ,
    THIRD_HZ,
    Scene,
    colleague,
    deaf_to,
    hear,
    says,
    service_for_talks,
    talking,
)
from tests.system.test_service_emergency import emergency_centre

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-transfer-emergency")]


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_for_talks() as running:
        yield running


async def test_with_help_on_the_line_a_colleague_takes_the_agents_place_and_all_stay_together(
    service: RunningService,
) -> None:
    async with (
        emergency_centre(service) as centre,
        talking(service) as scene,
        colleague(service, "802", Answering(after_seconds=0.3)) as second,
    ):
        await scene.ask("emergency.raise", kind="119", why="着火")
        help_line = await centre.next_call(30)
        await help_line.answered(30)
        says(help_line, HELP_HZ)
        await hear(scene.caller, HELP_HZ)
        ok, text = await scene.asked("call.transfer_blind", to="general")
        assert (ok, "紧急联动" in text) == (False, True)

        await scene.ask("call.consult", to="802")  # the agent asks aside, the caller stays with the fire service
        third = await second.next_call(30)
        await third.answered(30)
        says(third, THIRD_HZ)
        await asyncio.gather(hear(scene.agent, THIRD_HZ), hear(scene.caller, HELP_HZ), hear(help_line, CALLER_HZ))
        await asyncio.gather(deaf_to(scene.caller, AGENT_HZ, THIRD_HZ), deaf_to(third, CALLER_HZ, HELP_HZ))
        assert not (await scene.asked("call.consult_complete"))[0]
        await scene.ask("call.consult_cancel")
        await third.ended(30)
        await asyncio.gather(hear(scene.caller, AGENT_HZ), hear(help_line, AGENT_HZ), hear(scene.agent, HELP_HZ))

        async with asyncio.timeout(30):
            while not (await scene.asked("call.transfer_blind", to="802"))[0]:  # noqa: ASYNC110  (802 writes up)
                await asyncio.sleep(0.2)
        third = await second.next_call(30)
        await third.answered(30)
        says(third, THIRD_HZ)
        await scene.agent.ended(30)
        await asyncio.gather(
            hear(scene.caller, THIRD_HZ), hear(scene.caller, HELP_HZ), hear(help_line, THIRD_HZ), hear(third, HELP_HZ)
        )
        cases = await cases_of(scene)
        assert [case["state"] for case in cases] == ["joined"]
        assert [case["seat"] for case in cases] == ["802"]  # the desk knows whose the case is now
        assert help_line.state is LineState.TALKING


async def test_help_called_in_the_midst_of_a_consult_reaches_the_caller_and_the_agent_comes_back_to_both(
    service: RunningService,
) -> None:
    async with (
        emergency_centre(service) as centre,
        talking(service) as scene,
        colleague(service, "802", Answering(after_seconds=0.3)) as second,
    ):
        await scene.ask("call.consult", to="802")
        third = await second.next_call(30)
        await third.answered(30)
        await hear(third, AGENT_HZ)
        await scene.ask("emergency.raise", kind="120", why="昏倒")
        help_line = await centre.next_call(30)
        await help_line.answered(30)
        says(help_line, HELP_HZ)
        await asyncio.gather(hear(scene.caller, HELP_HZ), hear(help_line, CALLER_HZ))
        await scene.ask("call.consult_cancel")
        await asyncio.gather(hear(scene.caller, AGENT_HZ), hear(help_line, AGENT_HZ), hear(scene.caller, HELP_HZ))
        await scene.ask("emergency.verified")
        await help_line.hang_up()
        await hear(scene.caller, AGENT_HZ)
        await scene.agent.hang_up()
        await scene.caller.ended(20)  # they have talked: nobody queues them again


async def cases_of(scene: Scene) -> list[dict[str, Any]]:
    told: dict[str, Any] = await asyncio.to_thread(
        ask, control_socket(scene.service.settings), {"verb": "emergency.status"}
    )
    return [case for case in told["cases"] if case["call"] == scene.call]
