"""What a fresh login tells of calls: those that ended meanwhile, and strangers that must be made known (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from ivr.call import CallId, ChannelName, Leg, QueueName
from ivr.events import LegDown, LegUp, SeatAnswered, SwitchEvent
from ivr.ports import LiveChannel, SwitchSnapshot


def ended_legs(snapshot: SwitchSnapshot, known: Mapping[CallId, Iterable[ChannelName]], now: datetime) -> list[LegDown]:
    """Return an end for every leg that we know and the switch does not."""
    present = {channel.channel for channel in snapshot.channels}
    return [LegDown(call, leg, 0, "", now) for call, legs in known.items() for leg in legs if leg not in present]


def strangers(snapshot: SwitchSnapshot, known: Iterable[CallId], now: datetime) -> dict[CallId, list[SwitchEvent]]:
    """Return the letters that make each unknown call known: its legs, the caller's first, and the seat that talks."""
    seen = set(known)
    waiting = {caller.call for caller in snapshot.waiting}
    letters: dict[CallId, list[SwitchEvent]] = {}
    for channel in sorted(snapshot.channels, key=lambda each: each.leg is not Leg.CALLER):
        if channel.call in seen:
            continue
        told = letters.setdefault(channel.call, [])
        told.append(LegUp(channel.call, channel.leg, channel.channel, channel.number, now, channel.seat))
        if channel.seat and channel.bridge and channel.call not in waiting:
            queue = QueueName(channel.variables.get("HL_QUEUE", ""))
            told.append(SeatAnswered(channel.call, queue, channel.seat, channel.channel, 0.0, 0.0, now))
    return letters


def begun_seconds_ago(snapshot: SwitchSnapshot, call: CallId) -> float:
    """Return how long the call's oldest leg has been there."""
    return max((channel.seconds for channel in _of(snapshot, call)), default=0.0)


def _of(snapshot: SwitchSnapshot, call: CallId) -> list[LiveChannel]:
    return [channel for channel in snapshot.channels if channel.call == call]
