"""What would have been different: an order's own steps, taken again under another city's rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from workorder.cities.pack import Pack
from workorder.clock.days import WorkCalendar
from workorder.life.actions import Open, TimerRan
from workorder.life.decide import decide, open_order
from workorder.life.evolve import evolve
from workorder.life.history import LifeEvent
from workorder.life.refusal import Refusal
from workorder.life.states import LifeState
from workorder.order import OrderNumber


@dataclass(frozen=True, slots=True)
class WhatIf:
    """How one order would have fared: due dates at dispatch, and the first step that the other city refuses."""

    number: OrderNumber
    category: str
    due: datetime | None
    other_due: datetime | None
    refused_step: int = 0  # the event's number; 0: every step would have been let through
    refusal: Refusal | None = None

    @property
    def is_same(self) -> bool:
        return self.due == self.other_due and self.refusal is None


def what_if(history: Sequence[LifeEvent], category: str, pack: Pack, calendar: WorkCalendar) -> WhatIf:
    """Take the steps of a history again under `pack`, as its `category`; stops at the first that is refused."""
    first = history[0]
    assert isinstance(first.action, Open)
    opening = replace(first.action, pack=pack.edition, category=category)
    event = open_order(first.number, opening, first.actor, first.at, pack, calendar)
    found = WhatIf(first.number, category, _due_at_dispatch(history), None)
    if isinstance(event, Refusal):
        return replace(found, refused_step=1, refusal=event)
    order, taken = evolve(None, event), [event]
    for past in history[1:]:
        if isinstance(past.action, TimerRan):
            continue  # the other city's timers would have run at other times
        event = decide(order, past.action, past.actor, past.at, pack, calendar)
        if isinstance(event, Refusal):
            return replace(found, other_due=_due_at_dispatch(taken), refused_step=past.seq, refusal=event)
        order = evolve(order, event)
        taken.append(event)
    return replace(found, other_due=_due_at_dispatch(taken))


def _due_at_dispatch(events: Sequence[LifeEvent]) -> datetime | None:
    """Return the due date that the last dispatch set."""
    dispatched = [event for event in events if event.after is LifeState.DISPATCHED and event.before is not event.after]
    return dispatched[-1].due if dispatched else None
