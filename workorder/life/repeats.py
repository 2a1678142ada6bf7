"""Is this matter a repeat of an earlier order, and of which kind? The pack's windows decide, to the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workorder.cities.pack import Pack
from workorder.clock.days import WorkCalendar
from workorder.clock.due import due_after, is_late
from workorder.life.guards_desk import FINAL_REPEAT
from workorder.life.living import LivingOrder
from workorder.life.states import ENDS, LifeState
from workorder.order import OrderNumber

_ENDED = frozenset({LifeState.CLOSED, *ENDS})


@dataclass(frozen=True, slots=True)
class Repeat:
    """What to write into Open: the order it repeats, the kind (final, window, unsolved, plain), and the rule."""

    of: OrderNumber
    kind: str
    rule: str
    clause: str


def repeat_of(
    earlier: LivingOrder, first_complained: datetime, at: datetime, pack: Pack, calendar: WorkCalendar
) -> Repeat:
    """Return how a complaint at `at` about the matter of `earlier` counts.

    `first_complained` is when this matter was complained of for the first time, which may be an order before `earlier`.
    """
    if earlier.state is LifeState.FINAL:
        return Repeat(earlier.number, FINAL_REPEAT, "办理终结", pack.handling.clauses.get("finality", ""))
    for window in pack.repeat_windows:
        since = earlier.closed if window.counts_from == "close" else first_complained
        if since is None or (window.counts_from == "first_complaint" and earlier.state in _ENDED):
            continue
        is_past = is_late(due_after(since, [window.limit], calendar).at, at)
        if window.counts_from == "close" and not is_past:
            return Repeat(earlier.number, "window", window.name, window.clause)
        if window.counts_from == "first_complaint" and is_past:
            return Repeat(earlier.number, "unsolved", window.name, window.clause)
    return Repeat(earlier.number, "plain", "", pack.repeat_clause)
