"""Facts, in the past tense: what happened to a caller in a flow, and what the switch says of itself.

Two closed unions. `FlowEvent` drives one caller's flow session; `SwitchEvent` is everything the switch reports.
They stay in one long module: whoever adds a fact sees all the others, and which of the two families it belongs to.
All times are aware UTC datetimes, set at the edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId

# ------------------------------------------------------------------------------------------------ the caller's flow


@dataclass(frozen=True, slots=True)
class CallOffered:
    """A caller was answered and handed to us. `called` is the number dialled, `` when unknown.

    `their_id` is the id under which 110 knows a call that it sent to us; `context` is what else it told (`from`, `id`,
    `type`, `place`), empty for everybody else.
    """

    call: CallId
    caller: PhoneNumber
    called: str
    at: datetime
    original_line: str = ""
    their_id: str = ""
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Resumed:
    """The controller came back while the caller was in a flow: the present step must be begun again."""

    call: CallId
    at: datetime


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """The caller pressed one key (`0`-`9`, `*`, `#`) during a prompt or the wait after it."""

    call: CallId
    digit: str


@dataclass(frozen=True, slots=True)
class WaitExpired:
    """The prompt was played to its end and the wait after it (perhaps of no length) passed without a key or words."""

    call: CallId


@dataclass(frozen=True, slots=True)
class WordsHeard:
    """The caller spoke a stretch, while the flow was listening. `begun_s` counts from the answer of the call."""

    call: CallId
    text: str
    begun_s: float = 0.0
    ended_s: float = 0.0


@dataclass(frozen=True, slots=True)
class StepFailed:
    """The switch could not do the present step (missing sound, refused); `reason` is for the journal."""

    call: CallId
    reason: str


@dataclass(frozen=True, slots=True)
class QueueLeft:
    """The caller came out of the queue and is still there.

    `outcome` is `answered` (the agent hung up first), `timeout`, `full`, `empty`, `failed` or `key` (see `digit`).
    """

    call: CallId
    queue: QueueName
    outcome: str
    digit: str = ""


@dataclass(frozen=True, slots=True)
class DialEnded:
    """A call to another number ended: `answered`, `busy`, `no_answer`, `failed` or `refused` (number not allowed)."""

    call: CallId
    outcome: str


@dataclass(frozen=True, slots=True)
class EmergencyEnded:
    """The caller called for help and is still there.

    `outcome` is `joined` (caller and service understood each other), `answered` (an agent was there), `failed` or
    `no_policy` (the city does not connect this service).
    """

    call: CallId
    outcome: str


@dataclass(frozen=True, slots=True)
class VoicemailLeft:
    """The caller's message was recorded; `seconds` is 0 when nothing was said."""

    call: CallId
    file: str
    seconds: float


@dataclass(frozen=True, slots=True)
class CallerHungUp:
    """The caller is gone."""

    call: CallId


FlowEvent: TypeAlias = (
    CallOffered
    | Resumed
    | DigitPressed
    | WaitExpired
    | WordsHeard
    | StepFailed
    | QueueLeft
    | DialEnded
    | EmergencyEnded
    | VoicemailLeft
    | CallerHungUp
)

# ------------------------------------------------------------------------------------------- what the switch reports


@dataclass(frozen=True, slots=True)
class LegUp:
    """A channel that belongs to `call` exists; `leg` tells whose it is. The switch may say it twice of one channel."""

    call: CallId
    leg: Leg
    channel: ChannelName
    number: PhoneNumber
    at: datetime
    seat: SeatId | None = None
    unique_id: str = ""


@dataclass(frozen=True, slots=True)
class LegRang:
    """The far end of a leg that we called says that it rings."""

    call: CallId
    channel: ChannelName
    unique_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LegDown:
    """A channel is gone. `cause` is the Q.850 cause, `tech_cause` what the technology said (`486`), `` when unknown."""

    call: CallId
    channel: ChannelName
    cause: int
    tech_cause: str
    at: datetime
    unique_id: str = ""


@dataclass(frozen=True, slots=True)
class CallerQueued:
    """The caller began to wait; `position` counts from 1."""

    call: CallId
    queue: QueueName
    position: int
    channel: ChannelName
    at: datetime


@dataclass(frozen=True, slots=True)
class SeatRang:
    """A seat began to ring for the call: the popup moment."""

    call: CallId
    queue: QueueName
    seat: SeatId
    channel: ChannelName
    at: datetime


@dataclass(frozen=True, slots=True)
class SeatAnswered:
    """The agent took the call; `hold_seconds` since joining the queue, `ring_seconds` since the seat rang."""

    call: CallId
    queue: QueueName
    seat: SeatId
    channel: ChannelName
    hold_seconds: float
    ring_seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class SeatMissed:
    """A seat rang and did not take the call (refused, no answer)."""

    call: CallId
    queue: QueueName
    seat: SeatId
    at: datetime


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """The seat's leg of a queue call ended; `by` is `agent`, `caller` or `transfer`."""

    call: CallId
    queue: QueueName
    seat: SeatId
    by: str
    talk_seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class CallerAbandoned:
    """The caller hung up while waiting."""

    call: CallId
    queue: QueueName
    position: int
    hold_seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class QueueLeftBySwitch:
    """The caller left the queue's list (answered, timed out, abandoned); the reason comes with other events."""

    call: CallId
    queue: QueueName
    at: datetime


@dataclass(frozen=True, slots=True)
class MemberChanged:
    """A seat's standing in a queue, as the switch sees it; `device` is its device state in words (`in use`, ...)."""

    queue: QueueName
    seat: SeatId
    paused: bool
    reason: str
    device: str
    present: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class BridgeEntered:
    """A leg joined a bridge that now holds `legs` channels."""

    call: CallId
    channel: ChannelName
    unique_id: str
    bridge: str
    legs: int
    at: datetime


@dataclass(frozen=True, slots=True)
class BridgeLeft:
    """A leg left a bridge that now holds `legs` channels."""

    call: CallId
    channel: ChannelName
    unique_id: str
    bridge: str
    legs: int
    at: datetime


@dataclass(frozen=True, slots=True)
class LegHeld:
    """A party put the others on hold, or took them back."""

    call: CallId
    channel: ChannelName
    held: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class OriginateEnded:
    """The switch's own word on a call we asked for. Success says only that it was answered, not that it joined.

    `channel` is its name where the switch told it: of a leg that is no party, nothing else tells.
    """

    action: str
    unique_id: str
    succeeded: bool
    reason: int
    at: datetime
    channel: ChannelName = field(default=ChannelName(""), compare=False)


@dataclass(frozen=True, slots=True)
class SeatRegistered:
    """A seat's telephone became reachable, or not."""

    seat: SeatId
    reachable: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class UserNoted:
    """The dialplan told us something in its own words (UserEvent): safety net entered, recording failed, ..."""

    call: CallId
    name: str
    fields: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SwitchLost:
    """The link to the switch broke: nothing may be assumed until `SwitchReady`."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SwitchReady:
    """We are logged in and have read the switch's state anew; `epoch` counts the logins."""

    epoch: int
    at: datetime


SwitchEvent: TypeAlias = (
    LegUp
    | LegRang
    | LegDown
    | CallerQueued
    | SeatRang
    | SeatAnswered
    | SeatMissed
    | TalkEnded
    | CallerAbandoned
    | QueueLeftBySwitch
    | MemberChanged
    | BridgeEntered
    | BridgeLeft
    | LegHeld
    | OriginateEnded
    | SeatRegistered
    | UserNoted
    | SwitchLost
    | SwitchReady
)
