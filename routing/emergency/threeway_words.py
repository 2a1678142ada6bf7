"""What the three-way machine hears and asks for: its own events, its commands, and the marks of the emergency clock.

The machine also hears the switch: LegUp, LegDown, OriginateEnded, BridgeEntered, BridgeLeft, SwitchLost of ivr.events.
`at` is an aware UTC datetime, set at the edge. Commands are wishes; none is answered but by events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from ivr.call import CallId, ChannelName, Leg, SeatId
from ivr.events import BridgeEntered, BridgeLeft, LegDown, LegUp, OriginateEnded, SwitchLost
from routing.emergency.policy import Source, Target


class Where(StrEnum):
    """Where the caller is. Only in ROOM are they alone with the emergency side; in FLOW and QUEUE a machine speaks."""

    FLOW = "flow"
    QUEUE = "queue"
    TALK = "talk"
    ROOM = "room"


class Mark(StrEnum):
    """One moment of the emergency clock, or one step worth telling, as it stands in the journal."""

    WORD_ENDED = "word_ended"
    DETECTED = "detected"
    SUGGESTED = "suggested"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    INVITE_SENT = "invite_sent"
    RINGING = "ringing"
    ANSWERED = "answered"
    JOINED = "joined"
    VERIFIED = "verified"
    ATTEMPT_FAILED = "attempt_failed"
    UNREACHED = "unreached"
    NOTIFIED = "notified"
    UNIT_CALLED = "unit_called"
    UNIT_ANSWERED = "unit_answered"
    UNIT_FAILED = "unit_failed"
    UNIT_MISSED = "unit_missed"
    ACKNOWLEDGED = "acknowledged"
    GUIDED = "guided"
    AGENT_LEFT = "agent_left"
    CALLER_LOST = "caller_lost"
    EMERGENCY_LEFT = "emergency_left"
    RAISED_AGAIN = "raised_again"
    ADOPTED = "adopted"
    CLOSED = "closed"


# ------------------------------------------------------------------------------------------------------------ events


@dataclass(frozen=True, slots=True)
class RaisedAgain:
    """Somebody or something raised the same call once more; `by` is the person or `ears`."""

    source: Source
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A person confirmed a suggestion."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A person said that it is no emergency."""

    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OriginateSent:
    """The Originate of this attempt is about to leave: journalled before it is sent, so it is never sent twice."""

    channel_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OriginateRefused:
    """The Originate of this attempt was not taken, by our own interlock or by the switch: there is no leg."""

    channel_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class EmergencyRang:
    """The far end said that it rings."""

    unique_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class VerifiedByClick:
    """A person says that caller and emergency service are talking and the place was repeated."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TurnsHeard:
    """The ears heard these speakers, in this order, since the emergency side joined."""

    legs: tuple[Leg, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class AgentJoined:
    """An agent is now talking with the caller."""

    seat: SeatId
    channel: ChannelName
    at: datetime


@dataclass(frozen=True, slots=True)
class AgentLeaves:
    """The agent asks to leave; `insists` when they were told that nothing is verified and decided otherwise."""

    at: datetime
    insists: bool = False


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A unit notified in parallel says that it knows."""

    target: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnitNews:
    """How the call to a unit's duty telephone goes: UNIT_CALLED before it leaves, then how it ended (UNIT_…)."""

    target: str
    mark: Mark
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TimerExpired:
    """A timer that the machine started ran out."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Resynced:
    """What the switch says after a restart or a doubt: which of our parties live, and whether our leg is joined."""

    caller: bool
    agent: ChannelName | None
    seat: SeatId | None
    emergency: ChannelName | None
    unique_id: str
    is_joined: bool
    at: datetime


ThreeWayEvent: TypeAlias = (
    RaisedAgain | Confirmed | Dismissed | OriginateSent | OriginateRefused | EmergencyRang | VerifiedByClick
    | TurnsHeard | AgentJoined | AgentLeaves | Acknowledged | UnitNews | TimerExpired | Resynced
    | LegUp | LegDown | OriginateEnded | BridgeEntered | BridgeLeft | SwitchLost
)  # fmt: skip

# ---------------------------------------------------------------------------------------------------------- commands


@dataclass(frozen=True, slots=True)
class Originate:
    """Call the emergency side under a fixed ChannelId and, once answered, join it to `into` (a full channel name).

    The switch joins them by itself, wherever `into` is then: in a bridge, or waiting in a flow or queue. Not repeated.
    """

    call: CallId
    channel_id: str
    target: Target
    number: str
    trunk: str
    into: ChannelName
    ring_seconds: int


@dataclass(frozen=True, slots=True)
class HangUpLeg:
    """End our leg to the emergency side."""

    call: CallId
    channel_id: str


@dataclass(frozen=True, slots=True)
class NotifyUnit:
    """Tell a unit at the same time: its duty telephone is called, a message is wanted; what comes of it is UnitNews."""

    call: CallId
    target: Target


@dataclass(frozen=True, slots=True)
class TellAgent:
    """Show words on the agent's screen; `asks` names what they may answer with one key."""

    call: CallId
    text: str
    asks: str = ""


@dataclass(frozen=True, slots=True)
class TellCaller:
    """Say words to the caller, over whatever they hear now; they are among `spoken.words_known`."""

    call: CallId
    text: str


@dataclass(frozen=True, slots=True)
class MarkForSupervisor:
    """Put the call before a supervisor."""

    call: CallId
    reason: str


@dataclass(frozen=True, slots=True)
class BringHuman:
    """The caller waits at the head of the human queue from now on, hearing its sounds."""

    call: CallId


@dataclass(frozen=True, slots=True)
class InviteAgent:
    """Ring the next free agent into the running conversation, ahead of every queue."""

    call: CallId


@dataclass(frozen=True, slots=True)
class FreeAgent:
    """Take the agent out of the conversation; the others stay joined."""

    call: CallId
    channel: ChannelName


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Come back with TimerExpired(name) after `seconds`."""

    call: CallId
    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class LookAtSwitch:
    """Read the switch's state and come back with Resynced."""

    call: CallId


@dataclass(frozen=True, slots=True)
class WriteMark:
    """One mark of the clock into the journal, the order and onto the bus."""

    call: CallId
    mark: Mark
    at: datetime
    detail: str = ""


ThreeWayCommand: TypeAlias = (
    Originate | HangUpLeg | NotifyUnit | TellAgent | TellCaller | MarkForSupervisor | BringHuman | InviteAgent
    | FreeAgent | StartTimer | LookAtSwitch | WriteMark
)  # fmt: skip
