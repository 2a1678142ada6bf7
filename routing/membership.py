"""Which seat belongs to which queue, and what must be done when the switch remembers otherwise.

app_queue keeps members added at run time through its own restart, stale ones too (they were rung first), so what the
switch says is compared with what the settings say, and only the difference is acted upon.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.call import QueueName, SeatId
from ivr.ports import QueueMember
from routing.queue import Queues


@dataclass(frozen=True, slots=True)
class SeatSkills:
    """A seat as routing sees it: who sits there, what they can handle, how late they are rung (席位权重)."""

    seat: SeatId
    agent: str
    skills: frozenset[str] = frozenset()
    penalty: int = 0


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One seat in one queue."""

    queue: QueueName
    seat: SeatId


@dataclass(frozen=True, slots=True)
class Difference:
    """What has to change in the switch: places to take away, places to add with name and penalty."""

    stale: tuple[Place, ...]
    missing: tuple[tuple[Place, str, int], ...]


def wanted_places(seats: Iterable[SeatSkills], queues: Queues) -> dict[Place, SeatSkills]:
    """Return every place that the settings ask for."""
    return {Place(queue.name, seat.seat): seat for seat in seats for queue in queues.serving(seat.skills)}


def compare(seats: Iterable[SeatSkills], queues: Queues, members: Iterable[QueueMember]) -> Difference:
    """Return what must change so that the switch's members are those wanted; real members are left alone."""
    wanted = wanted_places(seats, queues)
    present = {Place(member.queue, member.seat): member for member in members}
    wrong = {place for place, seat in wanted.items() if place in present and present[place].penalty != seat.penalty}
    stale = (present.keys() - wanted.keys()) | wrong
    missing = (wanted.keys() - present.keys()) | wrong
    return Difference(
        stale=tuple(sorted(stale)),
        missing=tuple((place, wanted[place].agent, wanted[place].penalty) for place in sorted(missing)),
    )
