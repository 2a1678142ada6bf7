"""A caller in our hands on the real switch: a FastAGI server, a guarded link, and one call's steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from ivr.adapters.asterisk.agi_server import AgiCall, AgiServer
from ivr.adapters.asterisk.agi_turn import Turn, turn_of
from ivr.adapters.asterisk.link import AsteriskLink, LinkSettings
from ivr.adapters.asterisk.steps import AgiSteps
from ivr.adapters.simulator.sip_call import SipCall
from ivr.events import SwitchEvent, SwitchReady
from tests.system.running_switch import RunningSwitch, until


@dataclass(frozen=True)
class Line:
    """One turn of one caller."""

    steps: AgiSteps
    turn: Turn
    agi: AgiCall
    over: asyncio.Event


@dataclass(frozen=True)
class Scene:
    """A link that is up, and the turns that the dialplan brings."""

    link: AsteriskLink
    facts: list[SwitchEvent]
    turns: asyncio.Queue[Line]
    switch: RunningSwitch

    async def fact(self, kind: type[SwitchEvent], within: float = 30.0, after: int = 0) -> SwitchEvent:
        async with asyncio.timeout(within):
            while True:
                for one in self.facts[after:]:
                    if isinstance(one, kind):
                        return one
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def caller(self, number: str = "13800001234") -> AsyncIterator[tuple[SipCall, Line]]:
        async with self.switch.caller(number) as phone:
            call = await phone.call("12345", "127.0.0.1", self.switch.sip_port)
            await call.answered(30)
            line = await self.next_turn()
            try:
                yield call, line
            finally:
                line.over.set()
                await call.hang_up()

    async def next_turn(self) -> Line:
        return await asyncio.wait_for(self.turns.get(), 30)


def link_to(switch: RunningSwitch, port: int = 0) -> AsteriskLink:
    config = switch.config
    return AsteriskLink(LinkSettings("127.0.0.1", port or config.ports.ami, config.ami_user, config.ami_secret))


@asynccontextmanager
async def scene(switch: RunningSwitch) -> AsyncIterator[Scene]:
    link = link_to(switch)
    facts: list[SwitchEvent] = []
    turns: asyncio.Queue[Line] = asyncio.Queue()

    async def read() -> None:
        async for fact in link.events():
            facts.append(fact)

    async def handle(agi: AgiCall) -> None:
        turn = turn_of(agi.request)
        steps = AgiSteps(agi, turn.call, partial(link.stop_prompt, turn.channel))
        line = Line(steps, turn, agi, asyncio.Event())
        await turns.put(line)
        await line.over.wait()

    server = AgiServer(handle)
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(link.run()),
            tasks.create_task(read()),
            tasks.create_task(server.run("127.0.0.1", switch.agi_port)),
        ]
        try:
            await server.address()
            stage = Scene(link, facts, turns, switch)
            await stage.fact(SwitchReady)

            async def is_empty() -> bool:  # a caller of the test before may still be on the way out
                return not (await link.snapshot()).channels

            await until(is_empty)
            yield stage
        finally:
            for task in running:
                task.cancel()
