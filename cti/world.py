"""Every port that a call's task needs, in one value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeAlias

from ivr.call import CallId, PhoneNumber
from ivr.ports import Clock, Ears, Heard, Journal, Switch
from ivr.recording import Recording
from workorder.draft import Draft
from workorder.ports import CallStore, OrderStore, Publisher


class Tapes(Protocol):
    """The recordings folder; every method works off the event loop."""

    async def measure(self, call: CallId) -> tuple[Recording, ...]:
        """Return every file of the call once the switch has closed them; what is wrong with one stands in it."""

    def path(self, recording: Recording) -> Path: ...

    async def calls_since(self, since: datetime) -> tuple[CallId, ...]:
        """Return calls that left audio since then."""


Drafter: TypeAlias = Callable[[CallId, PhoneNumber, Sequence[Heard], datetime], Awaitable[Draft]]
"""Makes the draft of a call from its caller, its results in order of time, and when it began."""


@dataclass(frozen=True, slots=True)
class World:
    """What surrounds a call."""

    switch: Switch
    ears: Ears
    calls: CallStore
    orders: OrderStore
    publisher: Publisher
    journal: Journal
    tapes: Tapes
    drafter: Drafter
    clock: Clock
    longest_pause_seconds: int = 180
    """After so long a paused recording goes on by itself; 0 forbids pauses."""
    unrecorded: frozenset[str] = frozenset()
    """Called numbers whose calls are neither recorded nor written down, save when an emergency service joins."""
