"""People come and go in a three-way call: who is with the caller, who may leave, who has to be told."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from routing.emergency import spoken
from routing.emergency.threeway_state import Calling, Case, Closed, Joined, Step, Suggested, ThreeWay, Unreached
from routing.emergency.threeway_words import (
    Acknowledged,
    AgentJoined,
    AgentLeaves,
    BringHuman,
    FreeAgent,
    HangUpLeg,
    InviteAgent,
    Mark,
    MarkForSupervisor,
    NotifyUnit,
    Resynced,
    TellAgent,
    TellCaller,
    ThreeWayCommand,
    UnitNews,
    Where,
    WriteMark,
)


def to_a_human(case: Case) -> tuple[Case, tuple[ThreeWayCommand, ...]]:
    """Nobody is with the caller: they wait at the head of the queue."""
    if case.caller is None:
        return case, ()
    return replace(case, where=Where.QUEUE), (BringHuman(case.call),)


def close(case: Case, at: datetime, why: str, before: tuple[ThreeWayCommand, ...] = ()) -> Step:
    return Closed(case, why), (*before, WriteMark(case.call, Mark.CLOSED, at, why))


def with_agent(case: Case, event: AgentJoined) -> Case:
    return replace(case, agent=event.channel, seat=event.seat, where=Where.TALK)


def agent_asks(state: Calling | Joined | Unreached, event: AgentLeaves, *, is_verified: bool) -> Step:
    """The agent wants to go: only when it is verified, or when they insist."""
    case = state.case
    if not is_verified and not event.insists:
        return state, (TellAgent(case.call, "还没有确认市民已与对方通话。确定要退出吗？", "insist"),)
    after, commands = free_agent(state, event.at, "verified" if is_verified else "insisted")
    if is_verified:
        return after, commands
    return after, (*commands, MarkForSupervisor(case.call, "坐席在确认前退出"))


def free_agent(state: ThreeWay, at: datetime, why: str) -> Step:
    """Let the agent go; who is left must not be left alone."""
    agent = state.case.agent
    freed = (FreeAgent(state.case.call, agent),) if agent is not None else ()
    after, commands = without_agent(state, at, why)
    return after, (*commands, *freed)  # somebody is with the caller before the agent goes


def without_agent(state: ThreeWay, at: datetime, why: str = "hung_up") -> Step:
    case = replace(state.case, agent=None, seat=None, last_seat=state.case.seat)
    mark = WriteMark(case.call, Mark.AGENT_LEFT, at, why)
    match state:
        case Joined(is_verified=is_verified):
            if case.caller is None:
                hang = HangUpLeg(case.call, state.channel_id)
                return close(case, at, "done", (mark, hang))
            room = replace(state, case=replace(case, where=Where.ROOM))
            if is_verified or why == "insisted":
                return room, (mark,)
            return room, (mark, InviteAgent(case.call), MarkForSupervisor(case.call, "坐席在确认前断线"))
        case Suggested() | Calling() | Unreached():
            waiting, brought = to_a_human(case)
            told = (TellCaller(case.call, _while_alone(state)),) if brought else ()
            return replace(state, case=waiting), (mark, *brought, *told)
        case Closed():
            return state, ()
        case _:
            assert_never(state)


def _while_alone(state: ThreeWay) -> str:
    """Return what a caller hears whose agent is gone while they wait for the next."""
    return spoken.agent_lost(state.case.raised.plan.kind) if isinstance(state, Calling) else spoken.AGENT_LOST


def unit_news(state: ThreeWay, event: UnitNews) -> Step:
    """A unit's telephone was called, answered, or not: written down, and a supervisor must know of the last."""
    case = state.case
    commands: tuple[ThreeWayCommand, ...] = (
        WriteMark(case.call, event.mark, event.at, f"{event.target} {event.detail}".rstrip()),
    )
    if event.mark is Mark.UNIT_CALLED and event.target not in case.units:
        state = replace(state, case=replace(case, units=(*case.units, event.target)))
    if event.mark is Mark.UNIT_MISSED:
        title = next((each.title for each in case.raised.plan.notify if each.name == event.target), event.target)
        commands += (MarkForSupervisor(case.call, f"{title}的值班电话没有打通，请人工通知"),)
    return state, commands


def not_yet_notified(case: Case) -> tuple[NotifyUnit, ...]:
    """Return the notices that an earlier controller wished for and never began."""
    return tuple(NotifyUnit(case.call, each) for each in case.raised.plan.notify if each.name not in case.units)


def caller_lost(case: Case, at: datetime) -> tuple[ThreeWayCommand, ...]:
    """Who was with the caller calls back: a queue ends the agent's leg with the caller's, and tells of it first."""
    mark = WriteMark(case.call, Mark.CALLER_LOST, at)
    told = TellAgent(case.call, f"市民已断线，请回拨：{case.raised.caller_number or '未知'}", "call_back")
    if case.agent is not None:
        return mark, told
    for_sure = MarkForSupervisor(case.call, "市民在紧急联动中断线，请立即回拨")
    return (mark, told, for_sure) if case.last_seat is not None else (mark, for_sure)


def acknowledged(case: Case, event: Acknowledged) -> WriteMark:
    return WriteMark(case.call, Mark.ACKNOWLEDGED, event.at, f"{event.target} {event.by}")


def reconcile(case: Case, seen: Resynced) -> tuple[Case, tuple[ThreeWayCommand, ...]]:
    """Return the case with the parties the switch really has; a caller left without anybody goes to a human."""
    known = replace(case, caller=case.caller if seen.caller else None, agent=seen.agent, seat=seen.seat)
    if known.caller is not None and known.agent is None and case.where in (Where.TALK, Where.ROOM):
        return to_a_human(known)
    if known.agent is not None:
        known = replace(known, where=Where.TALK)
    return known, ()
