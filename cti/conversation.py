"""One call as the people's side sees it: who is on it, where it waits, who took it, and when it is over.

Pure: `advance(conversation, event)` returns the conversation after the event and what must be done. The legs are those
the switch reports; a conversation is over when the last of them is gone, so an emergency leg may outlive the caller's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from cti.pauses import Pause
from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId
from ivr.commands import InstantCommand, Note
from ivr.events import (
    BridgeEntered,
    CallerAbandoned,
    CallerQueued,
    LegDown,
    LegUp,
    SeatAnswered,
    SeatMissed,
    SeatRang,
    SwitchEvent,
    TalkEnded,
)
from workorder.call_record import CallRecord


class Outcome(StrEnum):
    """What the caller got."""

    IN_FLOW = "ivr"  # left before waiting for anybody
    WAITING = "waiting"
    ANSWERED = "answered"  # spoke with a person
    ABANDONED = "abandoned"  # 呼损: gave up waiting, to be called back
    VOICEMAIL = "voicemail"


@dataclass(frozen=True, slots=True)
class Conversation:
    """Everything known of one call. Times are aware UTC; `begun_at` is the answer, from which all seconds count.

    `referred` is what 110 told of a call that it sent to us (`from`, `id`, `type`, `place`), empty for everybody else.
    """

    call: CallId
    caller: PhoneNumber
    called: str
    begun_at: datetime
    flow: str = ""
    original_line: str = ""
    path: tuple[str, ...] = ()
    legs: Mapping[ChannelName, Leg] = field(default_factory=lambda: MappingProxyType({}))
    queue: QueueName | None = None
    queued_at: datetime | None = None
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    caller_left_at: datetime | None = None
    ended_at: datetime | None = None
    seat: SeatId | None = None
    hold_seconds: float = 0.0
    outcome: Outcome = Outcome.IN_FLOW
    pauses: tuple[Pause, ...] = ()
    their_id: str = ""
    referred: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    def seconds(self, at: datetime) -> float:
        """Seconds from the answer of the call to `at`, never negative."""
        return max(0.0, (at - self.begun_at).total_seconds())


def record_of(here: Conversation) -> CallRecord:
    """Return what the store keeps of the conversation as it stands."""
    return CallRecord(
        call=here.call,
        caller=here.caller,
        called=here.called,
        original_line=here.original_line,
        flow=here.flow,
        path=here.path,
        started=here.begun_at,
        queued=here.queued_at,
        answered=here.answered_at,
        ended=here.ended_at,
        queue=here.queue or "",
        seat=here.seat or "",
        outcome=here.outcome,
        their_id=here.their_id,
    )


def conversation_of(record: CallRecord, begun_at: datetime) -> Conversation:
    """Return the conversation that the store remembers, without its legs; `begun_at` where the record has no start."""
    known = {outcome.value for outcome in Outcome}
    return Conversation(
        call=record.call,
        caller=record.caller,
        called=record.called,
        begun_at=record.started or begun_at,
        flow=record.flow,
        original_line=record.original_line,
        path=record.path,
        queue=QueueName(record.queue) if record.queue else None,
        queued_at=record.queued,
        answered_at=record.answered,
        seat=SeatId(record.seat) if record.seat else None,
        outcome=Outcome(record.outcome) if record.outcome in known else Outcome.IN_FLOW,
        their_id=record.their_id,
    )


def with_wish(here: Conversation, command: InstantCommand) -> Conversation:
    """Return the conversation after the flow asked for something: a message left is what the caller got."""
    if isinstance(command, Note) and command.name == "voicemail_left" and here.outcome is not Outcome.ANSWERED:
        return replace(here, outcome=Outcome.VOICEMAIL)
    return here


@dataclass(frozen=True, slots=True)
class Tap:
    """Send what this leg says to the ears."""

    call: CallId
    leg: Leg
    channel: ChannelName
    begun_at_s: float


@dataclass(frozen=True, slots=True)
class Publish:
    """Tell whoever watches (bus, desks): `name` is the event's last topic part."""

    call: CallId
    name: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Keep:
    """Save what the flow asked for beyond the call."""

    command: InstantCommand


@dataclass(frozen=True, slots=True)
class Finish:
    """The last leg is gone: collect words and recording, save the draft."""

    call: CallId


Deed: TypeAlias = Tap | Publish | Keep | Finish


def advance(here: Conversation, event: SwitchEvent) -> tuple[Conversation, tuple[Deed, ...]]:
    """Return the conversation after `event` and what follows; events that say nothing of it change nothing."""
    if here.is_over:
        return here, ()
    match event:
        case LegUp():
            return _leg_up(here, event)
        case LegDown():
            return _leg_down(here, event)
        case CallerQueued():
            after = replace(here, queue=event.queue, queued_at=here.queued_at or event.at, outcome=_waiting(here))
            source = {"source": here.referred["from"], "their_id": here.their_id} if here.referred else {}
            return after, (Publish(here.call, "queued", {"queue": event.queue, "position": event.position, **source}),)
        case SeatRang():
            after = replace(here, rang_at=here.rang_at or event.at)
            return after, (Publish(here.call, "offered", {"queue": event.queue, "seat": event.seat}),)
        case SeatAnswered():
            return _answered(here, event)
        case SeatMissed():
            return here, (Publish(here.call, "missed", {"queue": event.queue, "seat": event.seat}),)
        case TalkEnded():
            data = {"seat": event.seat, "by": event.by, "talk_seconds": event.talk_seconds}
            return here, (Publish(here.call, "talk_ended", data),)
        case CallerAbandoned():
            after = replace(here, outcome=Outcome.ABANDONED, hold_seconds=event.hold_seconds)
            data = {"queue": event.queue, "position": event.position, "hold_seconds": event.hold_seconds}
            return after, (Publish(here.call, "abandoned", data),)
        case BridgeEntered(channel=channel) if here.legs.get(channel) is Leg.EMERGENCY:
            return here, (Tap(here.call, Leg.EMERGENCY, channel, here.seconds(event.at)),)
        case _:
            return here, ()


def _waiting(here: Conversation) -> Outcome:
    return here.outcome if here.outcome is Outcome.ANSWERED else Outcome.WAITING


def _with_leg(here: Conversation, channel: ChannelName, leg: Leg) -> Conversation:
    return replace(here, legs=MappingProxyType({**here.legs, channel: leg}))


def _leg_up(here: Conversation, event: LegUp) -> tuple[Conversation, tuple[Deed, ...]]:
    if event.channel in here.legs:
        return here, ()
    after = _with_leg(here, event.channel, event.leg)
    if event.leg is not Leg.CALLER:
        return after, ()  # a seat that only rings says nothing yet
    return after, (Tap(here.call, Leg.CALLER, event.channel, here.seconds(event.at)),)


def _answered(here: Conversation, event: SeatAnswered) -> tuple[Conversation, tuple[Deed, ...]]:
    queue = event.queue or here.queue  # of a talk that is adopted the switch does not tell where it had waited
    after = replace(
        _with_leg(here, event.channel, Leg.AGENT),
        seat=event.seat,
        queue=queue,
        answered_at=here.answered_at or event.at,
        hold_seconds=event.hold_seconds,
        outcome=Outcome.ANSWERED,
    )
    data = {"queue": queue or "", "seat": event.seat, "hold_seconds": event.hold_seconds}
    tap = Tap(here.call, Leg.AGENT, event.channel, here.seconds(event.at))
    return after, (tap, Publish(here.call, "answered", data))


def _leg_down(here: Conversation, event: LegDown) -> tuple[Conversation, tuple[Deed, ...]]:
    if event.channel not in here.legs:
        return here, ()
    left = {channel: leg for channel, leg in here.legs.items() if channel != event.channel}
    after = replace(here, legs=MappingProxyType(left))
    if here.legs[event.channel] is Leg.CALLER:
        after = replace(after, caller_left_at=event.at)
    if left:
        return after, ()
    over = replace(after, ended_at=event.at)
    seconds = round(over.seconds(event.at), 3)
    ended = Publish(here.call, "ended", {"outcome": over.outcome, "seconds": seconds, "cause": event.cause})
    return over, (ended, Finish(here.call))
