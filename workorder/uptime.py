"""How much of the time a unit's system was heard of (技术平台对接): a beat counts for its slot of five minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

SLOT = timedelta(minutes=5)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of one unit's system: its first and last slot ever, and in how many it was heard since `since`."""

    first: datetime
    last: datetime
    slots: int


@dataclass(frozen=True, slots=True)
class Uptime:
    """A unit's connection over a stretch of time; `percent` None: never connected, or not yet for a whole slot."""

    unit: str
    up: int
    slots: int
    last: datetime | None = None

    @property
    def percent(self) -> Decimal | None:
        """Return to 0.01, never rounded up: 99.999 is not 100."""
        return (Decimal(100 * self.up) / self.slots).quantize(Decimal("0.01"), ROUND_DOWN) if self.slots else None


def slot_of(at: datetime) -> datetime:
    """Return the beginning of the slot in which an instant lies."""
    return _EPOCH + ((at - _EPOCH) // SLOT) * SLOT


def slots_between(since: datetime, until: datetime) -> int:
    """Return how many slots begin in [since, until)."""
    return max(0, (_up(until) - _up(since)) // SLOT)


def uptimes(units: tuple[str, ...], heard: Mapping[str, Heard], since: datetime, until: datetime) -> tuple[Uptime, ...]:
    """Return every unit's uptime in [since, until), counted from its first beat on; `heard.slots` are of that time."""
    found = []
    for unit in dict.fromkeys((*units, *sorted(heard))):
        known = heard.get(unit)
        if known is None:
            found.append(Uptime(unit, 0, 0))
            continue
        expected = slots_between(max(since, known.first), until)
        found.append(Uptime(unit, min(known.slots, expected), expected, known.last))
    return tuple(found)


def _up(at: datetime) -> datetime:
    slot = slot_of(at)
    return slot if slot == at else slot + SLOT
