"""What a month of orders says of each unit: counted from histories alone, so that anybody can count again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from workorder.cities.pack import TriggerWhen
from workorder.life.actions import (
    Action,
    Close,
    FailReview,
    PassReview,
    Rectify,
    Redo,
    Reply,
    ReplyUnsolvable,
    SmsDissatisfied,
    Supervise,
)
from workorder.life.evolve import evolve
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder
from workorder.order import HOTLINE_TIME

BLAMES = frozenset(
    each.value
    for each in (
        TriggerWhen.OVERDUE,
        TriggerWhen.REFUSED,
        TriggerWhen.SHIRKED,
        TriggerWhen.POOR_QUALITY,
        TriggerWhen.CAN_BUT_WILL_NOT,
    )
)
"""A supervision for one of these is the unit's own doing; what a leader assigned, or a major matter, is not."""


@dataclass(frozen=True, slots=True)
class UnitCounts:
    """One unit's month: replies, those within the limit, reviews and those passed, answers of citizens, redos.

    `blamed`: how often it was supervised for what it did itself: late, refused, shirked, poor, unwilling.
    """

    replied: int = 0
    in_time: int = 0
    reviewed: int = 0
    passed: int = 0
    rated: int = 0
    satisfied: int = 0
    redone: int = 0
    slots_up: int = 0  # 心跳：有心跳的五分钟数
    slots: int = 0
    blamed: int = 0

    def __add__(self, other: UnitCounts) -> UnitCounts:
        return UnitCounts(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def month_of(at: datetime) -> str:
    """Return `2026-10` by the hotline's own time."""
    return at.astimezone(HOTLINE_TIME).strftime("%Y-%m")


def count_month(
    histories: Iterable[Sequence[LifeEvent]], month: str, units: Iterable[str] = ()
) -> dict[str, UnitCounts]:
    """Return each unit's counts of `month`; those of `units` stand there even without an order (L-18).

    What happens to an order counts for the unit that replied last; of the citizen's answers
    the first counts (首次满意率): who was content only after rectification was not content with the reply.
    """
    found = dict.fromkeys(units, UnitCounts())
    for events in histories:
        order: LivingOrder | None = None
        unit, is_rated = "", False
        for event in events:
            due = order.due if order is not None else None
            if order is not None and order.lead and _is_blame(event.action) and month_of(event.at) == month:
                counts = found.get(order.lead, UnitCounts())
                found[order.lead] = replace(counts, blamed=counts.blamed + 1)
            if isinstance(event.action, Reply | ReplyUnsolvable):
                unit = event.actor.unit or (order.owner if order is not None else event.owner)
            if unit and month_of(event.at) == month:
                counts = _with(found.get(unit, UnitCounts()), event, due)
                found[unit] = counts if is_rated else _rated(counts, event.action)
            is_rated = is_rated or _answer(event.action) is not None
            order = evolve(order, event)
    return found


def _is_blame(action: Action) -> bool:
    return isinstance(action, Supervise) and action.trigger in BLAMES


def _with(counts: UnitCounts, event: LifeEvent, due: datetime | None) -> UnitCounts:
    match event.action:
        case Reply() | ReplyUnsolvable():
            in_time = due is None or event.at <= due
            return replace(counts, replied=counts.replied + 1, in_time=counts.in_time + in_time)
        case PassReview():
            return replace(counts, reviewed=counts.reviewed + 1, passed=counts.passed + 1)
        case FailReview():
            return replace(counts, reviewed=counts.reviewed + 1)
        case Redo():
            return replace(counts, redone=counts.redone + 1)
        case _:
            return counts


def _rated(counts: UnitCounts, action: Action) -> UnitCounts:
    said = _answer(action)
    return counts if said is None else replace(counts, rated=counts.rated + 1, satisfied=counts.satisfied + said)


def _answer(action: Action) -> bool | None:
    """Whether the citizen said to be content; None when this is no answer of his (no_answer, not_asked)."""
    match action:
        case SmsDissatisfied() | Rectify() | Close(satisfaction="dissatisfied"):
            return False
        case Close(satisfaction="satisfied"):
            return True
        case _:
            return None
