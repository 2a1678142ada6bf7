"""The agent's states (坐席员状态) as one table: everything that moves an agent is here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from ivr.errors import ImpossibleMoveError


class AgentState(StrEnum):
    """Where an agent stands; the words are those of the glossary."""

    SIGNED_OUT = "signed_out"  # 签出
    READY = "ready"  # 示闲
    NOT_READY = "not_ready"  # 示忙 / 小休
    RINGING = "ringing"  # 振铃
    TALKING = "talking"  # 通话中
    AFTER_CALL = "after_call"  # 话后处理


class AgentEvent(StrEnum):
    """What may happen to an agent."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    READY_ASKED = "ready_asked"
    BREAK_ASKED = "break_asked"
    OFFERED = "offered"
    ANSWERED = "answered"
    MISSED = "missed"  # rang, and did not answer or refused
    WITHDRAWN = "withdrawn"  # the caller gave up, or another seat took the call
    CALL_ENDED = "call_ended"
    WORK_DONE = "work_done"  # 话后处理结束
    PHONE_LOST = "phone_lost"  # the telephone is no longer reachable


S, E = AgentState, AgentEvent

MOVES: Mapping[tuple[AgentState, AgentEvent], AgentState] = MappingProxyType({
    (S.SIGNED_OUT, E.SIGNED_IN): S.READY,

    (S.READY, E.OFFERED): S.RINGING,
    (S.READY, E.BREAK_ASKED): S.NOT_READY,
    (S.READY, E.SIGNED_OUT): S.SIGNED_OUT,
    (S.READY, E.PHONE_LOST): S.SIGNED_OUT,

    (S.NOT_READY, E.READY_ASKED): S.READY,
    (S.NOT_READY, E.ANSWERED): S.TALKING,  # rung by a colleague, never by a queue
    (S.NOT_READY, E.SIGNED_OUT): S.SIGNED_OUT,
    (S.NOT_READY, E.PHONE_LOST): S.SIGNED_OUT,

    (S.RINGING, E.ANSWERED): S.TALKING,
    (S.RINGING, E.MISSED): S.READY,  # the queue tries other seats first; MISSES_BEFORE_BREAK
    (S.RINGING, E.WITHDRAWN): S.READY,
    (S.RINGING, E.BREAK_ASKED): S.NOT_READY,
    (S.RINGING, E.SIGNED_OUT): S.SIGNED_OUT,
    (S.RINGING, E.PHONE_LOST): S.SIGNED_OUT,

    (S.TALKING, E.CALL_ENDED): S.AFTER_CALL,
    (S.TALKING, E.PHONE_LOST): S.AFTER_CALL,  # the order still has to be written

    (S.AFTER_CALL, E.WORK_DONE): S.READY,
    (S.AFTER_CALL, E.ANSWERED): S.TALKING,
    (S.AFTER_CALL, E.READY_ASKED): S.READY,
    (S.AFTER_CALL, E.BREAK_ASKED): S.NOT_READY,
    (S.AFTER_CALL, E.SIGNED_OUT): S.SIGNED_OUT,
})  # fmt: skip

MISSES_BEFORE_BREAK = 3
"""An agent who lets three offers in a row pass is not at the desk: the seat is set to not ready."""


def move(state: AgentState, event: AgentEvent) -> AgentState:
    """Return the state after `event`; ImpossibleMoveError when the table has no such move."""
    try:
        return MOVES[state, event]
    except KeyError:
        raise ImpossibleMoveError(f"an agent who is {state} cannot be moved by {event}") from None


def can_move(state: AgentState, event: AgentEvent) -> bool:
    """Whether `event` moves an agent who is in `state`."""
    return (state, event) in MOVES


def table() -> str:
    """The whole machine as a Markdown table: rows are states, cells the state that follows."""
    events = [event for event in AgentEvent if any(e is event for _, e in MOVES)]
    lines = ["| state | " + " | ".join(events) + " |", "|---" * (len(events) + 1) + "|"]
    lines += [
        f"| **{state}** | " + " | ".join(MOVES.get((state, event), "") for event in events) + " |"
        for state in AgentState
    ]
    return "\n".join(lines)
