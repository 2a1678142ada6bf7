"""The three-way call while one leg to the emergency side is on its way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ivr.events import BridgeEntered, LegDown, LegUp, OriginateEnded
from routing.emergency.attempts import HUNG_UP, NO_ANSWER, TRUNK_DOWN, UNKNOWN, why_failed
from routing.emergency.threeway_dial import failed, originate, timer, verify_timer
from routing.emergency.threeway_people import (
    acknowledged,
    agent_asks,
    caller_lost,
    close,
    not_yet_notified,
    reconcile,
    with_agent,
    without_agent,
)
from routing.emergency.threeway_state import (
    GONE_SECONDS,
    GRACE_SECONDS,
    JOIN_SECONDS,
    NO_LEG_SECONDS,
    Calling,
    Joined,
    Step,
)
from routing.emergency.threeway_words import (
    Acknowledged,
    AgentJoined,
    AgentLeaves,
    Dismissed,
    EmergencyRang,
    HangUpLeg,
    InviteAgent,
    LookAtSwitch,
    Mark,
    OriginateRefused,
    OriginateSent,
    RaisedAgain,
    Resynced,
    TellAgent,
    ThreeWayEvent,
    TimerExpired,
    Where,
    WriteMark,
)

EARLY_SECONDS = 0.5
"""So much earlier than asked for the switch may give up a leg."""


def calling(state: Calling, event: ThreeWayEvent) -> Step:
    case = state.case
    match event:
        case OriginateSent(channel_id=channel_id, at=at) if channel_id == state.channel_id:
            detail = f"{state.route.target.name} {state.route.trunk}"
            return replace(state, is_sent=True, sent_at=at), (WriteMark(case.call, Mark.INVITE_SENT, at, detail),)
        case OriginateRefused(channel_id=channel_id, at=at) if channel_id == state.channel_id and state.channel is None:
            return failed(state, TRUNK_DOWN, at)
        case LegUp(unique_id=unique_id, channel=channel) if unique_id == state.channel_id and state.channel is None:
            return replace(state, is_sent=True, channel=channel), ()
        case EmergencyRang(unique_id=unique_id, at=at) if unique_id == state.channel_id and not state.has_rung:
            return replace(state, has_rung=True), (WriteMark(case.call, Mark.RINGING, at),)
        case OriginateEnded(unique_id=unique_id, succeeded=True, at=at) if unique_id == state.channel_id:
            mark = WriteMark(case.call, Mark.ANSWERED, at)
            return replace(state, is_sent=True, is_answered=True), (mark, timer(state, "join", JOIN_SECONDS))
        case OriginateEnded(unique_id=unique_id, succeeded=False, at=at) if unique_id == state.channel_id:
            seconds = NO_LEG_SECONDS if state.channel is None else GONE_SECONDS
            # its Hangup tells the truth
            return replace(state, is_sent=True, is_failed=True), (timer(state, "gone", seconds),)
        case BridgeEntered(unique_id=unique_id, at=at) if unique_id == state.channel_id:
            return _join(state, at)
        case LegDown(unique_id=unique_id, at=at) if unique_id == state.channel_id:
            why = HUNG_UP if state.is_answered else why_failed(event.cause, event.tech_cause)
            why = NO_ANSWER if state.is_given_up and not state.is_answered else why
            return failed(state, TRUNK_DOWN if why == NO_ANSWER and _said_nothing(state, event) else why, at)
        case LegDown(channel=channel, at=at) if channel == case.caller:
            lost = replace(case, caller=None)
            hang = HangUpLeg(case.call, state.channel_id)
            return close(lost, at, "caller_lost", (hang, *caller_lost(lost, at)))
        case LegDown(channel=channel, at=at) if channel == case.agent:
            return without_agent(state, at)
        case AgentJoined():
            case = with_agent(case, event)
            return replace(state, case=case), (TellAgent(case.call, f"正在呼叫 {case.raised.plan.kind.value}"),)
        case AgentLeaves() if case.agent is not None:
            return agent_asks(state, event, is_verified=False)
        case Dismissed(by=by, reason=reason, at=at):
            hang = HangUpLeg(case.call, state.channel_id)
            mark = WriteMark(case.call, Mark.DISMISSED, at, f"{by} {reason}")
            return close(case, at, "dismissed", (hang, mark))
        case TimerExpired(name=name) if name in (f"ring:{state.channel_id}", f"join:{state.channel_id}"):
            hang = HangUpLeg(case.call, state.channel_id)
            return replace(state, is_given_up=True), (hang, timer(state, "gone", GONE_SECONDS))
        case TimerExpired(name=name, at=at) if name == f"gone:{state.channel_id}":
            if state.is_failed and state.channel is None:  # no leg ever was: the trunk did not take it
                return failed(state, TRUNK_DOWN, at)
            return state, (LookAtSwitch(case.call),)
        case Resynced():
            return _calling_resynced(state, event)
        case RaisedAgain(source=source, by=by, at=at):
            return state, (WriteMark(case.call, Mark.RAISED_AGAIN, at, f"{source.value} {by}"),)
        case Acknowledged():
            return state, (acknowledged(case, event),)
        case _:
            return state, ()


def _said_nothing(state: Calling, event: LegDown) -> bool:
    """Whether the far end neither rang nor refused while it was called: then it is the line that is dead.

    The switch tells of its own giving up in the words of a centre that says 480: only the time tells them apart.
    """
    if state.has_rung or state.sent_at is None:
        return False
    return (event.at - state.sent_at).total_seconds() >= state.route.target.ring_seconds - EARLY_SECONDS


def _join(state: Calling, at: datetime) -> Step:
    case = state.case
    mark = WriteMark(case.call, Mark.JOINED, at, state.route.target.name)
    timer = verify_timer(case, state.channel_id)
    if case.agent is not None:
        told = TellAgent(case.call, f"{state.route.target.title}已加入，请确认对方听清地址后再退出", "verify")
        return Joined(case, state.channel_id), (mark, timer, told)
    return Joined(replace(case, where=Where.ROOM), state.channel_id), (mark, timer, InviteAgent(case.call))


def _calling_resynced(state: Calling, seen: Resynced) -> Step:
    case, brought = reconcile(state.case, seen)
    commands = (*brought, *not_yet_notified(case))
    here = replace(state, case=case)
    is_ours = seen.emergency is not None and seen.unique_id == state.channel_id
    adopted = WriteMark(case.call, Mark.ADOPTED, seen.at, "calling")
    if case.caller is None and not (is_ours and seen.is_joined and case.agent is not None):
        hang = (HangUpLeg(case.call, state.channel_id),) if is_ours else ()
        return close(case, seen.at, "caller_lost", (adopted, *hang, *caller_lost(case, seen.at)))
    if is_ours and seen.is_joined:
        after, joined = _join(here, seen.at)
        return after, (adopted, *joined, *not_yet_notified(case))
    if is_ours:
        alive = replace(here, is_sent=True, channel=seen.emergency)
        ring = timer(alive, "ring", state.route.target.ring_seconds + GRACE_SECONDS)
        return alive, (adopted, *commands, ring)
    if not state.is_sent:  # journalled as wished, never sent: this is its first time
        ring = timer(here, "ring", state.route.target.ring_seconds + GRACE_SECONDS)
        return here, (adopted, *commands, originate(here), ring)
    after, onward = failed(here, NO_ANSWER if here.is_given_up else UNKNOWN, seen.at)  # nobody heard how it ended
    return after, (adopted, *commands, *onward)
