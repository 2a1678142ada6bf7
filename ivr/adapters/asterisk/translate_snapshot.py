"""The answers to CoreShowChannels and QueueStatus → what the switch says of itself (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.adapters.asterisk.render_queue_names import our_queue
from ivr.adapters.asterisk.translate import device_state
from ivr.adapters.asterisk.translate_channel import (
    MONITOR_PREFIX,
    call_of,
    leg_of,
    seat_of_channel,
    seat_of_interface,
    variables_of,
)
from ivr.adapters.asterisk.wire import AmiMessage
from ivr.call import ChannelName, Leg, PhoneNumber, call_id
from ivr.ports import LiveChannel, QueueMember, SwitchSnapshot, WaitingCaller


def snapshot(epoch: int, channels: Iterable[AmiMessage], queues: Iterable[AmiMessage]) -> tuple[SwitchSnapshot, int]:
    """Return the snapshot and how many entries made no sense and were left out."""
    live: list[LiveChannel] = []
    listening: list[LiveChannel] = []
    members: list[QueueMember] = []
    waiting: list[WaitingCaller] = []
    malformed = 0
    for entry in [*channels, *queues]:
        try:
            match entry["Event"]:
                case "CoreShowChannel":
                    (listening if _only_listens(entry) else live).extend(_channel(entry))
                case "QueueMember":
                    members.extend(_member(entry))
                case "QueueEntry":
                    waiting.append(_waiting(entry))
        except ValueError:
            malformed += 1
    return SwitchSnapshot(epoch, tuple(live), tuple(members), tuple(waiting), tuple(listening)), malformed


def _only_listens(entry: AmiMessage) -> bool:
    """Whether the channel is a supervisor's that is no party of the call (yet)."""
    return entry["Uniqueid"].startswith(MONITOR_PREFIX) and not entry["BridgeId"]


def _channel(entry: AmiMessage) -> tuple[LiveChannel, ...]:
    leg = leg_of(entry)
    if leg is None:
        return ()
    seat = seat_of_channel(entry["Channel"]) if leg is Leg.AGENT else None
    hours, minutes, seconds = (int(part) for part in (entry["Duration"] or "0:0:0").split(":"))
    live = LiveChannel(
        call_of(entry),
        ChannelName(entry["Channel"]),
        entry["Uniqueid"],
        PhoneNumber.parse(entry["CallerIDNum"]),
        entry["Application"],
        entry["BridgeId"],
        float(hours * 3600 + minutes * 60 + seconds),
        variables_of(entry),
        leg,
        seat,
    )
    return (live,)


def _member(entry: AmiMessage) -> tuple[QueueMember, ...]:
    seat = seat_of_interface(entry["Location"])
    if seat is None:
        return ()
    return (
        QueueMember(
            our_queue(entry["Queue"]),
            seat,
            int(entry["Penalty"] or 0),
            entry["Paused"] == "1",
            entry["PausedReason"],
            device_state(entry["Status"]),
        ),
    )


def _waiting(entry: AmiMessage) -> WaitingCaller:
    return WaitingCaller(
        our_queue(entry["Queue"]),
        call_id(entry["Uniqueid"]),
        ChannelName(entry["Channel"]),
        int(entry["Position"] or 0),
        float(entry["Wait"] or 0),
        int(entry["Priority"] or 0),
    )
