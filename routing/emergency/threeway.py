"""The three-way call as a machine: (state, event) → (state, commands). It decides and never acts.

Nobody is moved or put on hold: the emergency side is called beside the conversation and added to it. What must hold,
whatever happens (checked as properties): the caller is never alone on a silent line; no route is called twice for one
raise and never two at a time; no agent is freed while nothing is verified unless they insist; every path ends. The
table in docs/emergency.md is printed from this code.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from ivr.events import LegDown
from routing.emergency.attempts import routes_of
from routing.emergency.policy import Source, Start
from routing.emergency.threeway_calling import calling
from routing.emergency.threeway_dial import go
from routing.emergency.threeway_joined import joined
from routing.emergency.threeway_people import (
    acknowledged,
    agent_asks,
    caller_lost,
    close,
    free_agent,
    not_yet_notified,
    reconcile,
    to_a_human,
    unit_news,
    with_agent,
    without_agent,
)
from routing.emergency.threeway_state import Calling, Case, Closed, Joined, Raise, Step, Suggested, ThreeWay, Unreached
from routing.emergency.threeway_words import (
    Acknowledged,
    AgentJoined,
    AgentLeaves,
    Confirmed,
    Dismissed,
    Mark,
    MarkForSupervisor,
    RaisedAgain,
    Resynced,
    TellAgent,
    ThreeWayCommand,
    ThreeWayEvent,
    UnitNews,
    WriteMark,
)


def begin(raised: Raise) -> Step:
    """Return the first state of a raise and what must be done."""
    case = Case(raised, raised.caller, raised.agent, raised.seat, raised.where, routes_of(raised.plan.targets))
    marks: list[ThreeWayCommand] = []
    if raised.word_ended_at is not None:
        marks.append(WriteMark(case.call, Mark.WORD_ENDED, raised.word_ended_at))
    marks.append(WriteMark(case.call, Mark.DETECTED, raised.at, f"{raised.plan.kind.value} {raised.source.value}"))
    if raised.plan.start is Start.GO:
        state, commands = go(case, raised.at)
        return state, (*marks, *commands)
    return _ask(case, raised.at, tuple(marks))


def advance(state: ThreeWay, event: ThreeWayEvent) -> Step:
    """Return the state after `event` and what must be done; events that say nothing to the state change nothing."""
    if isinstance(event, UnitNews):
        return unit_news(state, event)
    match state:
        case Closed():
            return state, ()
        case Suggested() | Unreached():
            return _idle(state, event)
        case Calling():
            return calling(state, event)
        case Joined():
            return joined(state, event)
        case _:
            assert_never(state)


def _ask(case: Case, at: datetime, marks: tuple[ThreeWayCommand, ...]) -> Step:
    kind = case.raised.plan.kind.value
    mark = WriteMark(case.call, Mark.SUGGESTED, at)
    if case.agent is not None:
        return Suggested(case), (
            *marks,
            mark,
            TellAgent(case.call, f"疑似紧急（{kind}）：{case.raised.why}{_script(case)}", "confirm"),
        )
    waiting, commands = to_a_human(case)
    return Suggested(waiting), (*marks, mark, *commands, MarkForSupervisor(case.call, f"疑似紧急（{kind}），请监听"))


def _script(case: Case) -> str:
    """Return what the city lets the agent say before anybody is called: which number the citizen may dial (Y-41)."""
    guide = case.raised.plan.guide
    return f"。请告诉市民：{guide}" if guide else ""


def _idle(state: Suggested | Unreached, event: ThreeWayEvent) -> Step:
    """No leg of ours lives: a person is to decide, or nobody could be reached."""
    case = state.case
    match event:
        case Confirmed(by=by, at=at) if isinstance(state, Suggested):
            after, commands = go(case, at)
            return after, (WriteMark(case.call, Mark.CONFIRMED, at, by), *commands)
        case RaisedAgain(source=source, by=by, at=at):
            again = WriteMark(case.call, Mark.RAISED_AGAIN, at, f"{source.value} {by}")
            if isinstance(state, Suggested) and source in (Source.CLICK, Source.SUPERVISOR, Source.KEY):
                after, commands = go(case, at)
                return after, (again, WriteMark(case.call, Mark.CONFIRMED, at, by), *commands)
            return state, (again,)
        case Dismissed(by=by, reason=reason, at=at):
            return close(case, at, "dismissed", (WriteMark(case.call, Mark.DISMISSED, at, f"{by} {reason}"),))
        case AgentJoined():
            case = with_agent(case, event)
            text = f"{case.raised.plan.kind.value}：{case.raised.why}"
            asks = "confirm" if isinstance(state, Suggested) else ""
            text += _script(case) if asks else ""
            return replace(state, case=case), (TellAgent(case.call, text, asks),)
        case AgentLeaves() if case.agent is not None:
            if isinstance(state, Unreached):
                return agent_asks(state, event, is_verified=False)
            return free_agent(state, event.at, "suggested")
        case LegDown(channel=channel, at=at) if channel == case.caller:
            lost = replace(case, caller=None)
            return close(lost, at, "caller_lost", caller_lost(lost, at))
        case LegDown(channel=channel, at=at) if channel == case.agent:
            return without_agent(state, at)
        case Resynced(at=at):
            known, commands = reconcile(case, event)
            if known.caller is None:
                return close(known, at, "caller_lost", caller_lost(known, at))
            notices = not_yet_notified(known) if isinstance(state, Unreached) else ()
            return replace(state, case=known), (*commands, *notices)
        case Acknowledged():
            return state, (acknowledged(case, event),)
        case _:
            return state, ()
