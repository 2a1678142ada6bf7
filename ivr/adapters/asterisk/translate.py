"""The door between AMI and our words: one event of the manager interface → one SwitchEvent, or None.

Pure. Past this file nobody has seen an AMI header. Everything is keyed by Linkedid, which is the CallId. ValueError for
an event that we know and that makes no sense: the link counts it and goes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from ivr.adapters.asterisk.render_queue_names import our_queue
from ivr.adapters.asterisk.translate_channel import call_of, leg_of, seat_of_channel, seat_of_interface
from ivr.adapters.asterisk.wire import AmiMessage
from ivr.call import ChannelName, Leg, PhoneNumber, QueueName, SeatId, call_id
from ivr.events import (
    BridgeEntered,
    BridgeLeft,
    CallerAbandoned,
    CallerQueued,
    LegDown,
    LegHeld,
    LegRang,
    LegUp,
    MemberChanged,
    OriginateEnded,
    QueueLeftBySwitch,
    SeatAnswered,
    SeatMissed,
    SeatRang,
    SeatRegistered,
    SwitchEvent,
    TalkEnded,
    UserNoted,
)

Translation = Callable[[AmiMessage, datetime], SwitchEvent | None]

RINGING = "5"  # AST_STATE_RINGING

# AST_DEVICE_*: the numbers of device states in queue events.
DEVICE_STATES = (
    "unknown",
    "not in use",
    "in use",
    "busy",
    "invalid",
    "unavailable",
    "ringing",
    "ring in use",
    "on hold",
)

_NOT_OF_THE_USER = re.compile(
    r"event|privilege|timestamp|sequencenumber|file|line|func|userevent|actionid|chanvariable|systemname"
    r"|channel|channelstate|channelstatedesc|calleridnum|calleridname|connectedlinenum|connectedlinename"
    r"|language|accountcode|context|exten|priority|uniqueid|linkedid"
)


def translate(event: AmiMessage, now: datetime) -> SwitchEvent | None:
    """Return what `event` means to us, None when it means nothing; its own time stamp wins over `now`."""
    translation = TRANSLATIONS.get(event["Event"])
    return translation(event, _time(event, now)) if translation else None


def _time(event: AmiMessage, now: datetime) -> datetime:
    stamp = event["Timestamp"]
    return datetime.fromtimestamp(float(stamp), UTC) if stamp else now


def _leg_up(event: AmiMessage, at: datetime) -> SwitchEvent | None:
    leg = leg_of(event)
    if leg is None:
        return None
    seat = seat_of_channel(event["Channel"]) if leg is Leg.AGENT else None
    number = PhoneNumber.parse(event["CallerIDNum"])
    return LegUp(call_of(event), leg, ChannelName(event["Channel"]), number, at, seat, event["Uniqueid"])


def _leg_state(event: AmiMessage, at: datetime) -> SwitchEvent | None:
    """Only the ringing of an emergency leg is a fact of its own: its clock wants it."""
    if event["ChannelState"] != RINGING or leg_of(event) is not Leg.EMERGENCY:
        return None
    return LegRang(call_of(event), ChannelName(event["Channel"]), event["Uniqueid"], at)


def _leg_down(event: AmiMessage, at: datetime) -> SwitchEvent | None:
    if leg_of(event) is None:
        return None
    channel, tech = ChannelName(event["Channel"]), event["TechCause"]
    tech_cause = "".join(character for character in tech if character.isdigit())[:3]
    return LegDown(call_of(event), channel, _whole(event["Cause"]), tech_cause, at, event["Uniqueid"])


def _queued(event: AmiMessage, at: datetime) -> SwitchEvent:
    channel = ChannelName(event["Channel"])
    return CallerQueued(call_of(event), _queue(event), _whole(event["Position"]), channel, at)


def _left_queue(event: AmiMessage, at: datetime) -> SwitchEvent:
    return QueueLeftBySwitch(call_of(event), _queue(event), at)


def _abandoned(event: AmiMessage, at: datetime) -> SwitchEvent:
    waited = float(_whole(event["HoldTime"]))
    return CallerAbandoned(call_of(event), _queue(event), _whole(event["Position"]), waited, at)


def _rang(event: AmiMessage, at: datetime) -> SwitchEvent:
    return SeatRang(call_of(event), _queue(event), _seat(event), ChannelName(event["DestChannel"]), at)


def _answered(event: AmiMessage, at: datetime) -> SwitchEvent:
    hold, ring = float(_whole(event["HoldTime"])), float(_whole(event["RingTime"]))
    return SeatAnswered(call_of(event), _queue(event), _seat(event), ChannelName(event["DestChannel"]), hold, ring, at)


def _missed(event: AmiMessage, at: datetime) -> SwitchEvent:
    return SeatMissed(call_of(event), _queue(event), _seat(event), at)


def _talk_ended(event: AmiMessage, at: datetime) -> SwitchEvent:
    by = event["Reason"].lower()
    if by not in ("agent", "caller", "transfer"):
        raise ValueError(f"unknown reason of AgentComplete: {by[:20]!r}")
    return TalkEnded(call_of(event), _queue(event), _seat(event), by, float(_whole(event["TalkTime"])), at)


def _member(event: AmiMessage, at: datetime) -> SwitchEvent | None:
    seat = seat_of_interface(event["Interface"] or event["Location"])
    if seat is None:
        return None
    paused, reason = event["Paused"] == "1", event["PausedReason"]
    present = event["Event"] != "QueueMemberRemoved"
    return MemberChanged(_queue(event), seat, paused, reason, device_state(event["Status"]), present, at)


def _bridge_entered(event: AmiMessage, at: datetime) -> SwitchEvent | None:
    return _bridge(BridgeEntered, event, at)


def _bridge_left(event: AmiMessage, at: datetime) -> SwitchEvent | None:
    return _bridge(BridgeLeft, event, at)


def _bridge(kind: type[BridgeEntered] | type[BridgeLeft], event: AmiMessage, at: datetime) -> SwitchEvent | None:
    if leg_of(event) is None:
        return None
    bridge, legs = event["BridgeUniqueid"], _whole(event["BridgeNumChannels"])
    return kind(call_of(event), ChannelName(event["Channel"]), event["Uniqueid"], bridge, legs, at)


def _held(event: AmiMessage, at: datetime) -> SwitchEvent | None:
    if leg_of(event) is None:
        return None
    return LegHeld(call_of(event), ChannelName(event["Channel"]), event["Event"] == "Hold", at)


def _originate_ended(event: AmiMessage, at: datetime) -> SwitchEvent:
    unique_id = "" if event["Uniqueid"] in ("<null>", "(null)") else event["Uniqueid"]
    succeeded = event["Response"] == "Success"
    channel = ChannelName(event["Channel"])
    return OriginateEnded(event["ActionID"], unique_id, succeeded, _whole(event["Reason"]), at, channel)


def _registered(event: AmiMessage, at: datetime) -> SwitchEvent | None:
    seat = seat_of_interface(event["Peer"])
    state = event["PeerStatus"].lower()
    return SeatRegistered(seat, state in ("registered", "reachable"), at) if seat is not None else None


def _user_noted(event: AmiMessage, at: datetime) -> SwitchEvent:
    told = {name: value for name, value in event.pairs if not _NOT_OF_THE_USER.fullmatch(name.lower())}
    call = call_of(event) if event["Linkedid"] else call_id(event["HL_CALLID"])
    return UserNoted(call, event["UserEvent"], MappingProxyType(told), at)


def device_state(number: str) -> str:
    """Return Asterisk's device state in words; an unknown number is `unknown`."""
    index = int(number) if number.isascii() and number.isdigit() else 0
    return DEVICE_STATES[index] if index < len(DEVICE_STATES) else DEVICE_STATES[0]


def _queue(event: AmiMessage) -> QueueName:
    if not event["Queue"]:
        raise ValueError(f"{event['Event']} names no queue")
    return our_queue(event["Queue"])


def _seat(event: AmiMessage) -> SeatId:
    seat = seat_of_interface(event["Interface"])
    if seat is None:
        raise ValueError(f"{event['Event']}: {event['Interface'][:40]!r} is not a seat of ours")
    return seat


def _whole(text: str) -> int:
    """Read a count of seconds, channels or a cause; `` is 0, nonsense is a ValueError."""
    return int(text) if text else 0


TRANSLATIONS: Mapping[str, Translation] = MappingProxyType(
    {
        "Newchannel": _leg_up,
        "Newstate": _leg_state,
        "Hangup": _leg_down,
        "QueueCallerJoin": _queued,
        "QueueCallerLeave": _left_queue,
        "QueueCallerAbandon": _abandoned,
        "AgentCalled": _rang,
        "AgentConnect": _answered,
        "AgentRingNoAnswer": _missed,
        "AgentComplete": _talk_ended,
        "QueueMemberAdded": _member,
        "QueueMemberRemoved": _member,
        "QueueMemberPause": _member,
        "QueueMemberStatus": _member,
        "BridgeEnter": _bridge_entered,
        "BridgeLeave": _bridge_left,
        "Hold": _held,
        "Unhold": _held,
        "OriginateResponse": _originate_ended,
        "PeerStatus": _registered,
        "UserEvent": _user_noted,
    }
)
