"""Joins a FastAGI turn to the flow desk: who it is, how the last long step ended, and a line to play the steps on."""

from __future__ import annotations

from functools import partial

from ivr.adapters.asterisk.agi_server import AgiCall, Handler
from ivr.adapters.asterisk.agi_turn import outcome_of, turn_of
from ivr.adapters.asterisk.steps import AgiSteps, StepSettings
from ivr.ports import Switch
from ivr.shell import FlowDesk, Visit


def flow_handler(desk: FlowDesk, switch: Switch, settings: StepSettings) -> Handler:
    """Return what the FastAGI server must run for each turn."""

    async def handle(line: AgiCall) -> None:
        turn = turn_of(line.request)
        outcome = await outcome_of(turn, line)
        visit = Visit(turn.call, turn.channel, turn.caller, turn.called, turn.flow, turn.original_line, outcome)
        steps = AgiSteps(line, turn.call, partial(switch.stop_prompt, turn.channel), settings)
        await desk.visit(visit, steps)

    return handle
