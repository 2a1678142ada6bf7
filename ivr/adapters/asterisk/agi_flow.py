"""Joins a FastAGI turn to the flow desk: who it is, how the last long step ended, and a line to play the steps on."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Protocol

from ivr.adapters.asterisk.agi_server import AgiCall, Handler
from ivr.adapters.asterisk.agi_turn import context_of, outcome_of, turn_of
from ivr.adapters.asterisk.steps import AgiSteps, StepSettings
from ivr.ports import CallSteps, Switch
from ivr.visits import Visit


class Desk(Protocol):
    """Whoever plays the flow: `ivr.shell.FlowDesk`."""

    async def visit(self, visit: Visit, line: CallSteps) -> None: ...


def flow_handler(desk: Desk, switch: Switch, settings: StepSettings) -> Handler:
    """Return what the FastAGI server must run for each turn; the caller's lease is kept while the turn lasts."""

    async def handle(line: AgiCall) -> None:
        turn = turn_of(line.request)
        outcome = await outcome_of(turn, line)
        told = await context_of(turn, line)
        visit = Visit(turn.call, turn.channel, turn.caller, turn.called, turn.flow, turn.original_line, outcome, told)
        steps = AgiSteps(line, turn.call, partial(switch.stop_prompt, turn.channel), settings)
        lease = str(settings.lease_seconds)
        renew = partial(switch.set_variable, turn.channel, "TIMEOUT(absolute)", lease)
        # Not in a task group, which would wrap what the desk raises: it contains its own errors and ends right here.
        keeper = asyncio.ensure_future(steps.keep_lease(renew))
        try:
            await desk.visit(visit, steps)
        finally:
            await steps.let_lease_go()
            keeper.cancel()

    return handle
