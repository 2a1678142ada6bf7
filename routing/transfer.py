"""A caller handed on (转接) or a colleague asked aside (咨询), as states and what follows from each event. Pure.

What it promises: the caller is never left alone with silence. While a colleague rings, the agent keeps the caller; an
agent who is gone leaves them with music, then at the head of the queue; where an emergency service is in the talk,
nobody takes the caller out of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from ivr.call import CallId, ChannelName, SeatId
from ivr.events import BridgeEntered, BridgeLeft, LegDown, OriginateEnded, SwitchEvent

RING_SECONDS = 25
CONSULT_SECONDS = 600
"""How long a caller hears music at most while a colleague is asked; then they go to the head of the queue."""


class Kind(StrEnum):
    """How the caller is handed on."""

    TRANSFER = "transfer"  # rung while the agent keeps the caller; once they answer the agent is free
    CONSULT = "consult"  # the caller hears music, the agent talks to the third
    TAKE_OVER = "take_over"  # a supervisor, already on the line, takes the agent's place


class Phase(StrEnum):
    """Where it stands."""

    RINGING = "ringing"
    TALKING = "talking"
    JOINING = "joining"  # the caller is on the way into the talk with the third
    JOINED = "joined"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer or consult. `leg` is the id of the third's leg where we called it, `` where the agent's line does.

    Channels are None once gone; `*_bridge` is `` while a channel stands in no talk.
    """

    call: CallId
    kind: Kind
    seat: SeatId
    agent: ChannelName | None
    caller: ChannelName | None
    to: str
    is_seat: bool
    leg: str = ""
    phase: Phase = Phase.RINGING
    agent_bridge: str = ""
    caller_bridge: str = ""
    has_left: bool = False
    """Whether the agent has left the caller's talk for the consult."""
    frees_agent: bool = False
    """Whether the agent is free as soon as caller and third are together."""


@dataclass(frozen=True, slots=True)
class FreeAgent:
    """Hang up the agent's leg: the others talk on."""

    channel: ChannelName


@dataclass(frozen=True, slots=True)
class EndLeg:
    """Hang up the leg that we called: nobody waits for it any more."""

    leg: str


@dataclass(frozen=True, slots=True)
class StayBeside:
    """The caller need not hear music when the talk ends: take the mark away."""

    channel: ChannelName


@dataclass(frozen=True, slots=True)
class ToHead:
    """Bring the caller to the head of the queue."""

    channel: ChannelName


@dataclass(frozen=True, slots=True)
class Came:
    """The third is with the caller."""


@dataclass(frozen=True, slots=True)
class Ended:
    """It is over; `how` is `done`, `failed`, `back` (the agent has the caller), `caller_lost` or `agent_lost`."""

    how: str


TransferDeed: TypeAlias = FreeAgent | EndLeg | StayBeside | ToHead | Came | Ended


def refusal(kind: str, to_queue: bool, in_emergency: bool) -> str:
    """Return why this may not be done now (Chinese), or nothing: an emergency service must not lose its caller."""
    if in_emergency and to_queue:
        return "紧急联动还没有结束，市民不能转去排队。改法：转给席位，或等对方退出后再转。"
    if in_emergency and kind in ("complete", "conference"):
        return "紧急联动还没有结束，不能把市民移进咨询的通话。改法：先结束咨询，再用转接请同事加入。"
    return ""


def advance(here: Transfer, event: SwitchEvent) -> tuple[Transfer | None, tuple[TransferDeed, ...]]:
    """Return the transfer after an event of its call (None: it is over), and what must be done."""
    match event:
        case LegDown(channel=channel) if channel == here.caller:
            return None, (*_end_leg(here), Ended("caller_lost"))
        case LegDown(channel=channel) if channel == here.agent:
            return _agent_gone(here)
        case BridgeEntered(channel=channel, bridge=bridge) if channel == here.caller:
            return _together(replace(here, caller_bridge=bridge))
        case BridgeEntered(channel=channel, bridge=bridge) if channel == here.agent:
            return _together(replace(here, agent_bridge=bridge))
        case BridgeEntered(unique_id=leg) if here.leg and leg == here.leg:
            return _third_came(here)
        case BridgeLeft(channel=channel, bridge=bridge, legs=2) if _is_third_leaving(here, channel, bridge):
            return None, (Ended("back"),)
        case BridgeLeft(channel=channel) if channel == here.caller:
            return replace(here, caller_bridge=""), ()
        case BridgeLeft(channel=channel) if channel == here.agent:
            phase = Phase.RINGING if here.phase is Phase.TALKING else here.phase
            return replace(here, agent_bridge="", has_left=True, phase=phase), ()
        case LegDown(unique_id=leg) if here.leg and leg == here.leg:
            return _third_failed(here)
        case OriginateEnded(action=leg, succeeded=False) if here.leg and leg == here.leg:
            return _third_failed(here)
        case _:
            return here, ()


def joining(here: Transfer, frees_agent: bool) -> Transfer:
    """The agent brings the caller into the talk with the third, to stay (conference) or to go (complete)."""
    return replace(here, phase=Phase.JOINING, frees_agent=frees_agent)


def standing(
    here: Transfer, agent: str | None, caller: str | None, third: str | None = None
) -> tuple[Transfer | None, tuple[TransferDeed, ...]]:
    """Return the transfer as the switch shows it after a restart.

    Given are the bridges of agent, caller, and the leg that we called: `` for who is in no talk, None for who is gone.
    """
    if caller is None:
        return None, (*_end_leg(here), Ended("caller_lost"))
    if here.leg:
        here = replace(
            here, agent_bridge=agent or "", caller_bridge=caller, agent=here.agent if agent is not None else None
        )
        if third is None:
            return _third_failed(here)
        return _third_came(here) if third and third == caller else (here, ())
    here = replace(here, agent_bridge=agent or "", caller_bridge=caller, has_left=here.has_left or agent != caller)
    if agent is None and here.agent is not None:
        return _agent_gone(here)
    return _together(here)


def _together(here: Transfer) -> tuple[Transfer | None, tuple[TransferDeed, ...]]:
    """Somebody came into a talk: are caller and agent in one?"""
    if here.kind is not Kind.CONSULT or not here.has_left:
        return here, ()
    same = here.agent_bridge != "" and here.agent_bridge == here.caller_bridge
    if same and here.phase is Phase.JOINING:
        if here.frees_agent and here.agent is not None:
            return None, (*_beside(here), Came(), FreeAgent(here.agent), Ended("done"))
        return replace(here, phase=Phase.JOINED), (*_beside(here), Came())
    if same and here.phase is not Phase.JOINED:
        return None, (*_beside(here), Ended("back"))
    if here.agent_bridge and here.phase is Phase.RINGING:
        return replace(here, phase=Phase.TALKING), ()
    return here, ()


def _is_third_leaving(here: Transfer, channel: ChannelName, bridge: str) -> bool:
    """Whether caller and agent are by themselves again after a conference."""
    return here.phase is Phase.JOINED and bridge == here.agent_bridge and channel not in (here.agent, here.caller)


def _third_came(here: Transfer) -> tuple[Transfer | None, tuple[TransferDeed, ...]]:
    free = (FreeAgent(here.agent),) if here.agent is not None else ()
    return None, (*_beside(here), Came(), *free, Ended("done"))


def _third_failed(here: Transfer) -> tuple[Transfer | None, tuple[TransferDeed, ...]]:
    if here.agent is not None:
        return None, (*_beside(here), Ended("failed"))
    head = (ToHead(here.caller),) if here.caller is not None and not here.caller_bridge else ()
    return None, (*head, Ended("agent_lost"))


def _agent_gone(here: Transfer) -> tuple[Transfer | None, tuple[TransferDeed, ...]]:
    """Who rings for a transfer may still come; from a consult, or with nobody to come, the caller goes to the head."""
    if here.kind is not Kind.CONSULT and here.leg:
        return replace(here, agent=None), ()
    if here.phase is Phase.JOINED or here.caller_bridge:
        return None, (Ended("agent_lost"),)  # the caller still talks: with the third, or with an emergency service
    head = (ToHead(here.caller),) if here.caller is not None else ()
    return None, (*head, Ended("agent_lost"))


def _beside(here: Transfer) -> tuple[StayBeside, ...]:
    return (StayBeside(here.caller),) if here.caller is not None else ()


def _end_leg(here: Transfer) -> tuple[EndLeg, ...]:
    return (EndLeg(here.leg),) if here.leg else ()
