"""The three-way call while the emergency side is in the conversation."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from ivr.call import Leg
from ivr.events import LegDown
from routing.emergency import spoken
from routing.emergency.policy import Mode
from routing.emergency.threeway_dial import verify_timer
from routing.emergency.threeway_people import (
    acknowledged,
    agent_asks,
    caller_lost,
    close,
    free_agent,
    not_yet_notified,
    reconcile,
    to_a_human,
    with_agent,
    without_agent,
)
from routing.emergency.threeway_state import Joined, Step, Unreached
from routing.emergency.threeway_words import (
    Acknowledged,
    AgentJoined,
    AgentLeaves,
    Dismissed,
    HangUpLeg,
    InviteAgent,
    Mark,
    MarkForSupervisor,
    RaisedAgain,
    Resynced,
    TellAgent,
    TellCaller,
    ThreeWayCommand,
    ThreeWayEvent,
    TimerExpired,
    TurnsHeard,
    VerifiedByClick,
    Where,
    WriteMark,
)


def joined(state: Joined, event: ThreeWayEvent) -> Step:
    case = state.case
    match event:
        case VerifiedByClick(by=by, at=at) if not state.is_verified:
            return _verified(state, at, by)
        case TurnsHeard(legs=legs, at=at) if not state.is_verified and _spoke_together(legs):
            return _verified(state, at, "ears")
        case AgentJoined():
            case = with_agent(case, event)
            text = f"{case.raised.plan.kind.value} 已在线上：{case.raised.why}"
            return replace(state, case=case), (TellAgent(case.call, text, "" if state.is_verified else "verify"),)
        case AgentLeaves() if case.agent is not None:
            return agent_asks(state, event, is_verified=state.is_verified)
        case LegDown(unique_id=unique_id, at=at) if unique_id == state.channel_id:
            return _emergency_left(state, at)
        case LegDown(channel=channel, at=at) if channel == case.caller:
            return _caller_left(replace(state, case=replace(case, caller=None)), at)
        case LegDown(channel=channel, at=at) if channel == case.agent:
            return without_agent(state, at)
        case TimerExpired(name=name) if name == f"verify:{state.channel_id}" and not state.is_verified:
            reminder = TellAgent(case.call, "还没有确认对方听清，请核对地址", "verify") if case.agent else None
            mark = MarkForSupervisor(case.call, f"三方通话 {case.raised.plan.verify_seconds} 秒仍未确认")
            return state, (reminder, mark) if reminder else (mark,)
        case Resynced(at=at):
            return _joined_resynced(state, event)
        case Dismissed(by=by, reason=reason, at=at):
            return state, (WriteMark(case.call, Mark.DISMISSED, at, f"{by} {reason}"),)
        case RaisedAgain(source=source, by=by, at=at):
            return state, (WriteMark(case.call, Mark.RAISED_AGAIN, at, f"{source.value} {by}"),)
        case Acknowledged():
            return state, (acknowledged(case, event),)
        case _:
            return state, ()


def _spoke_together(legs: tuple[Leg, ...]) -> bool:
    """Whether one answered the other: both spoke, one after the other."""
    spoken = [leg for leg in legs if leg is not Leg.AGENT]
    return any(first is not second for first, second in pairwise(spoken))


def _verified(state: Joined, at: datetime, by: str) -> Step:
    case = state.case
    mark = WriteMark(case.call, Mark.VERIFIED, at, by)
    after = replace(state, is_verified=True)
    if case.agent is None:
        return after, (mark,)
    if case.raised.plan.mode is Mode.TRANSFER and case.caller is not None:
        freed, commands = free_agent(after, at, "transferred")
        return freed, (mark, *commands)
    return after, (mark, TellAgent(case.call, "双方已在通话，可以退出", "leave"))


def _emergency_left(state: Joined, at: datetime) -> Step:
    case = state.case
    mark = WriteMark(case.call, Mark.EMERGENCY_LEFT, at)
    if case.agent is None and case.caller is not None:
        case, brought = to_a_human(case)
        told = TellCaller(case.call, spoken.LEFT)
        before: tuple[ThreeWayCommand, ...] = (mark, *brought, told)
    else:
        before = (mark, TellAgent(case.call, "紧急服务一方已挂断，市民仍在线上")) if case.agent else (mark,)
    if state.is_verified or (case.caller is None and case.agent is None):
        return close(case, at, "done" if state.is_verified else "nobody_left", before)
    return Unreached(case), (*before, MarkForSupervisor(case.call, "紧急服务一方在确认前挂断"))


def _caller_left(state: Joined, at: datetime) -> Step:
    case = state.case
    lost = caller_lost(case, at)
    if case.agent is not None:
        return state, lost
    hang = HangUpLeg(case.call, state.channel_id)
    return close(case, at, "caller_lost", (*lost, hang))


def _joined_resynced(state: Joined, seen: Resynced) -> Step:
    case, _ = reconcile(state.case, seen)
    adopted = WriteMark(case.call, Mark.ADOPTED, seen.at, "joined")
    is_there = seen.emergency is not None and seen.unique_id == state.channel_id
    here = replace(state, case=case)
    if not is_there:
        after, commands = _emergency_left(here, seen.at)
    elif case.caller is None and state.case.caller is not None:
        after, commands = _caller_left(here, seen.at)
    elif case.agent is None:
        after = replace(here, case=replace(case, where=Where.ROOM))
        commands = () if state.is_verified else (InviteAgent(case.call),)
    else:
        after, commands = here, ()
    if isinstance(after, Joined) and not after.is_verified:  # the timer of the earlier controller died with it
        commands = (*commands, verify_timer(case, state.channel_id))
    return after, (adopted, *commands, *not_yet_notified(case))
