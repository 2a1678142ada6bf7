"""A whole turn on the real switch: the dialplan's call, a desk that plays, and the lease under it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivr.adapters.asterisk.agi_flow import flow_handler
from ivr.adapters.asterisk.agi_server import AgiServer
from ivr.adapters.asterisk.link import AsteriskLink
from ivr.adapters.asterisk.steps import StepSettings
from ivr.call import QueueName
from ivr.commands import Enqueue, PlayPrompt
from ivr.events import FlowEvent, QueueLeft, SwitchReady, WaitExpired
from ivr.ports import CallSteps, Switch
from ivr.visits import Visit
from tests.system.agi_scene import link_to
from tests.system.running_switch import RawAmi, RunningSwitch, write_tone


class LongWinded:
    """Plays six seconds, then sends the caller to a queue without seats, and notes what it is told."""

    def __init__(self) -> None:
        self.visits: asyncio.Queue[Visit] = asyncio.Queue()
        self.ended: list[FlowEvent] = []

    async def visit(self, visit: Visit, line: CallSteps) -> None:
        self.visits.put_nowait(visit)
        if visit.outcome is None:
            self.ended.append(await line.perform(PlayPrompt(visit.call, ("long",))))
            await line.hand_over(Enqueue(visit.call, QueueName("general"), 0, 4))
        else:
            self.ended.append(await line.perform(PlayPrompt(visit.call, ("long",), "", 60)))


@asynccontextmanager
async def playing(switch: RunningSwitch, desk: LongWinded, lease_seconds: int) -> AsyncIterator[AsteriskLink]:
    link = link_to(switch)
    port: Switch = link
    server = AgiServer(flow_handler(desk, port, StepSettings(lease_seconds=lease_seconds)))
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(link.run()), tasks.create_task(server.run("127.0.0.1", switch.agi_port))]
        try:
            await server.address()
            assert isinstance(await anext(link.events()), SwitchReady)
            yield link
        finally:
            for task in running:
                task.cancel()


async def test_a_prompt_longer_than_the_lease_is_heard_to_its_end_and_the_queue_has_no_lease(
    switch: RunningSwitch, ami: RawAmi
) -> None:
    write_tone(switch.config.sounds / "long.wav", 400, 6.0)
    desk = LongWinded()
    async with switch.globals(ami, HL_LEASE="3"), playing(switch, desk, 3), switch.caller() as phone:
        call = await phone.call("12345", "127.0.0.1", switch.sip_port)
        await call.answered(30)
        begun = time.monotonic()
        first = await asyncio.wait_for(desk.visits.get(), 30)
        assert (first.called, first.outcome) == ("12345", None)
        second = await asyncio.wait_for(desk.visits.get(), 40)
        assert second.call == first.call
        assert isinstance(second.outcome, QueueLeft)
        assert second.outcome.outcome == "timeout"
        assert desk.ended == [WaitExpired(first.call)]
        assert time.monotonic() - begun > 9.5  # six seconds of prompt and four in the queue, lease three
        await call.hang_up()
