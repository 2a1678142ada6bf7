"""What the board is told, besides the events of the switch: facts of the bus, seats, flows, queues and emergencies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from cti.board_rows import CallRow, Consult
from cti.today import Today
from ivr.call import CallId, QueueName, SeatId
from ivr.events import CallOffered, SwitchEvent


@dataclass(frozen=True, slots=True)
class Told:
    """What was announced on the bus; numbers in `data` are still in full here."""

    type: str
    at: datetime
    call: CallId | None
    order: str
    data: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Opened:
    """A flow has the call."""

    offered: CallOffered
    flow: str


@dataclass(frozen=True, slots=True)
class Went:
    """The flow reached these nodes so far."""

    call: CallId
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pressed:
    """The caller pressed a key in the flow."""

    call: CallId
    key: str


@dataclass(frozen=True, slots=True)
class Placed:
    """The flow's caller goes to a queue with this priority."""

    call: CallId
    priority: int


@dataclass(frozen=True, slots=True)
class SeatsAre:
    """The seats that there are: others are gone."""

    seats: frozenset[SeatId]


@dataclass(frozen=True, slots=True)
class SeatStands:
    """A seat as it stands now; `since` is when that began."""

    seat: SeatId
    agent: str
    user: str
    state: str
    reason: str
    since: datetime
    call: CallId | None
    reachable: bool
    skills: tuple[str, ...]
    queues: tuple[QueueName, ...]


@dataclass(frozen=True, slots=True)
class QueuesAre:
    """The queues that there are (name → title), in order; queues that are gone are gone."""

    titles: Mapping[QueueName, str]


@dataclass(frozen=True, slots=True)
class WaitsAre:
    """Who waits where, read from the switch, the next first, with the priority of each."""

    waiting: Mapping[QueueName, tuple[tuple[CallId, int], ...]]


@dataclass(frozen=True, slots=True)
class Consulting:
    """The agent asks a third aside, or no longer does (None)."""

    call: CallId
    consult: Consult | None


@dataclass(frozen=True, slots=True)
class Monitored:
    """These seats listen in."""

    call: CallId
    seats: tuple[SeatId, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What earlier calls say of the caller."""

    call: CallId
    known: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class EmergenciesAre:
    """Every case as the emergency desk says."""

    cases: Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class EarsAre:
    """How recognition is doing."""

    ears: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class TodayWas:
    """The day's figures until this controller began, read from the store; its own are added to them."""

    today: Today


@dataclass(frozen=True, slots=True)
class CallsAre:
    """Every call of the switch after a login: `rows` are those that live, in full; all others are gone."""

    rows: tuple[CallRow, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A second has passed: figures are told."""

    at: datetime


BoardFact: TypeAlias = (
    Told
    | Opened
    | Went
    | Pressed
    | Placed
    | SeatStands
    | SeatsAre
    | QueuesAre
    | WaitsAre
    | Consulting
    | Monitored
    | Known
    | EmergenciesAre
    | EarsAre
    | TodayWas
    | CallsAre
    | Tick
    | SwitchEvent
)
