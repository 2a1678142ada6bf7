"""The rows of the board: one call, one seat, one queue as people look at them, and their plain (JSON) forms. Pure.

A row is frozen and is replaced as a whole. Numbers stand in full: who reads the board masks them for whoever looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Party:
    """One leg of a call."""

    leg: Leg
    seat: SeatId | None
    number: PhoneNumber
    channel: ChannelName
    on_hold: bool = False
    in_talk: bool = False
    """Whether it stands in a conversation: a seat that only rings does not."""


@dataclass(frozen=True, slots=True)
class Consult:
    """Whom the agent asks aside (咨询): a seat or a number, and `ringing`, `talking` or `joined`."""

    to: str
    is_seat: bool
    state: str
    kind: str = "consult"
    """`consult` (the caller hears music) or `transfer` (the third takes over once they answer)."""


@dataclass(frozen=True, slots=True)
class CallRow:
    """One call as it stands. `state` is `flow`, `queue`, `ringing`, `talking` or `over`."""

    call: CallId
    caller: PhoneNumber
    began_at: datetime
    called: str = ""
    line: str = ""
    flow: str = ""
    path: tuple[str, ...] = ()
    keys: str = ""
    state: str = "flow"
    direction: str = "in"
    queue: QueueName | None = None
    priority: int = 0
    queued_at: datetime | None = None
    answered_at: datetime | None = None
    seat: SeatId | None = None
    ringing_seats: tuple[SeatId, ...] = ()
    parties: tuple[Party, ...] = ()
    recording_paused: bool = False
    their_id: str = ""
    context: Mapping[str, str] = field(default_factory=dict)
    words_in_flow: tuple[str, ...] = ()
    consult: Consult | None = None
    monitored_by: tuple[SeatId, ...] = ()
    escalated: Mapping[str, Any] | None = None
    """Put before the supervisors (上报班长): `seat`, `by`, `why`, `at`; `taken_by`: the seat that listened first."""
    order: str = ""
    text_late_s: float = 0.0
    known: Mapping[str, Any] | None = None
    """Who called before and why (`calls`, `nuisances`, `last_seat`, `orders`); None while it is looked up."""


@dataclass(frozen=True, slots=True)
class SeatRow:
    """One seat. `agent` is whose desk it is by the settings, `user` the account that signed in, if anybody did."""

    seat: SeatId
    agent: str = ""
    user: str = ""
    state: str = "signed_out"
    reason: str = ""
    since: datetime | None = None
    call: CallId | None = None
    reachable: bool = False
    skills: tuple[str, ...] = ()
    queues: tuple[QueueName, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One queue with who waits in it, the next first."""

    queue: QueueName
    title: str = ""
    waiting: tuple[CallId, ...] = ()
    longest_since: datetime | None = None
    ready: int = 0


def instant(at: datetime | None) -> str | None:
    """Return an instant as RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def call_plain(row: CallRow, position: int | None) -> Plain:
    """Return a call's row as JSON can hold it; `position` counts from 1 in its queue."""
    known = row.known or {}
    return {
        "call": row.call,
        "caller": row.caller.digits,
        "called": row.called,
        "line": row.line,
        "flow": row.flow,
        "path": list(row.path),
        "keys": row.keys,
        "state": row.state,
        "direction": row.direction,
        "queue": row.queue,
        "position": position,
        "priority": row.priority,
        "began_at": instant(row.began_at),
        "queued_at": instant(row.queued_at),
        "answered_at": instant(row.answered_at),
        "seat": row.seat,
        "ringing_seats": list(row.ringing_seats),
        "parties": [_party(each) for each in row.parties],
        "recording_paused": row.recording_paused,
        "their_id": row.their_id,
        "context": dict(row.context),
        "words_in_flow": list(row.words_in_flow),
        "consult": _consult(row.consult),
        "monitored_by": list(row.monitored_by),
        "escalated": plain(row.escalated),
        "order": row.order,
        "text_late_s": row.text_late_s,
        "last_agent": known.get("last_seat"),
        "known": plain(row.known),
    }


def seat_plain(row: SeatRow) -> Plain:
    """Return a seat's row as JSON can hold it."""
    return {
        "seat": row.seat,
        "agent": row.agent,
        "user": row.user,
        "state": row.state,
        "reason": row.reason,
        "since": instant(row.since),
        "call": row.call,
        "reachable": row.reachable,
        "skills": list(row.skills),
        "queues": list(row.queues),
    }


def queue_plain(row: QueueRow) -> Plain:
    """Return a queue's row as JSON can hold it."""
    return {
        "queue": row.queue,
        "title": row.title,
        "waiting": list(row.waiting),
        "longest_since": instant(row.longest_since),
        "ready": row.ready,
    }


def plain(value: object) -> Any:
    """Return any value of a fact as JSON can hold it: numbers of people in full, instants in UTC."""
    match value:
        case PhoneNumber():
            return value.digits
        case datetime():
            return instant(value)
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(each) for each in value]
        case _:
            return value


def _party(each: Party) -> Plain:
    return {
        "leg": each.leg.value,
        "seat": each.seat,
        "number": each.number.digits,
        "channel": each.channel,
        "on_hold": each.on_hold,
        "in_talk": each.in_talk,
    }


def _consult(consult: Consult | None) -> Plain | None:
    if consult is None:
        return None
    whom = {"seat" if consult.is_seat else "number": consult.to}
    return {**whom, "state": consult.state, "kind": consult.kind}
