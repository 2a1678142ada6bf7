"""What a fresh start knows of calls: which ended meanwhile, which are strangers, what the journal says (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from cti.conversation import Outcome
from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName
from ivr.events import CallerAbandoned, CallerQueued, CallOffered, LegDown, LegUp, SeatAnswered, SwitchEvent
from ivr.flow.serialise import event_from_plain
from ivr.ports import LiveChannel, SwitchSnapshot
from workorder.call_record import CallRecord

_OUTCOMES = {
    CallerQueued.__name__: Outcome.WAITING,
    SeatAnswered.__name__: Outcome.ANSWERED,
    CallerAbandoned.__name__: Outcome.ABANDONED,
}


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


def remembered(call: CallId, stored: CallRecord | None, journal: Iterable[Mapping[str, object]]) -> CallRecord:
    """Return what is known of a call: the store's word, completed by the journal, which was always written first."""
    record = stored or CallRecord(call, PhoneNumber(""))
    path: list[str] = []
    for line in journal:
        if isinstance(flow := line.get("flow"), str):
            record = replace(record, flow=record.flow or flow)
        if isinstance(event := line.get("event"), Mapping) and event.get("kind") == CallOffered.__name__:
            record = _offered(record, event)
        if isinstance(commands := line.get("commands"), list):
            path += [str(each["node"]) for each in commands if isinstance(each, Mapping) and "node" in each]
        if isinstance(fact := line.get("heard_of"), Mapping) and fact.get("kind") in _OUTCOMES:
            record = _told(record, fact)
    return replace(record, path=record.path if len(record.path) > len(path) else tuple(path))


def _offered(record: CallRecord, event: Mapping[str, object]) -> CallRecord:
    try:
        offered = event_from_plain(event)
    except ValueError:
        return record
    if not isinstance(offered, CallOffered):
        return record
    return replace(
        record,
        caller=record.caller if record.caller.is_known else offered.caller,
        called=record.called or offered.called,
        original_line=record.original_line or offered.original_line,
        started=record.started or offered.at,
    )


def _told(record: CallRecord, fact: Mapping[str, object]) -> CallRecord:
    """Add what the switch said when the caller was queued, was answered, or gave up."""
    outcome = _OUTCOMES[str(fact["kind"])]
    try:
        at = datetime.fromisoformat(str(fact.get("at")))
    except ValueError:
        return record
    return replace(
        record,
        queue=str(fact.get("queue") or record.queue),
        seat=str(fact.get("seat") or record.seat),
        queued=(record.queued or at) if outcome is Outcome.WAITING else record.queued,
        answered=(record.answered or at) if outcome is Outcome.ANSWERED else record.answered,
        outcome=record.outcome if record.outcome == Outcome.ANSWERED else outcome.value,
    )
