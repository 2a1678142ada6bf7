"""What must happen at which instant if nobody acts: reminders, escalation, overdue. Pure; the store fires them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from workorder.cities.pack import LimitKind, Pack, TriggerWhen
from workorder.clock.days import WorkCalendar
from workorder.clock.due import due_after
from workorder.life import actions as a
from workorder.life.actors import ROLE_TITLES, Role
from workorder.life.living import CENTRE_UNIT, LivingOrder
from workorder.life.states import ENDS, WITH_UNIT, LifeState
from workorder.order import HOTLINE_TIME

LATE_AFTER = timedelta(seconds=60)
"""A timer that runs later than this was late: the server was away."""

_MORNING = time(9, 0, tzinfo=HOTLINE_TIME)
_WAITING_FOR_TIME = frozenset({LifeState.EXTENSION_REQUESTED, LifeState.EXTENSION_APPROVED})


@dataclass(frozen=True, slots=True, order=True)
class Timer:
    """`name` at the instant `at`; the same name at another instant is another timer."""

    at: datetime
    name: str


def timers_of(order: LivingOrder, pack: Pack, calendar: WorkCalendar) -> tuple[Timer, ...]:
    """Return every timer that the order has now, those already past included, earliest first."""
    if order.state in ENDS or order.state is LifeState.PAUSED:
        return ()
    found: set[Timer] = set()
    sign = pack.limit(LimitKind.SIGN, order.category)
    if order.state is LifeState.DISPATCHED and sign is not None and order.dispatched is not None:
        found.add(Timer(due_after(order.dispatched, [sign.limit], calendar).at, "sign"))
    if order.state is LifeState.DEFERRED:
        for nth, step in enumerate(order.milestones):
            if not step.is_done:
                found.add(Timer(datetime.combine(step.day, _MORNING).astimezone(UTC), f"milestone:{nth}"))
    runs = order.state in WITH_UNIT or order.state in (LifeState.DRAFTED, LifeState.ACCEPTED)
    if runs and order.due is not None and order.clock is not None:
        found.add(Timer(order.due, "due"))
        for each in pack.escalations:
            at = order.due - timedelta(hours=each.hours)
            if each.hours and at > order.clock.start:  # a reminder before the start would remind of nothing
                found.add(Timer(at, f"escalate:{each.hours}:{each.to.value}"))
    return tuple(sorted(found))


def reaction(order: LivingOrder, timer: Timer, pack: Pack, now: datetime) -> tuple[a.Action, ...]:
    """Return what the system does when `timer` runs at `now`: say whom it told, and supervise what is overdue.

    A soft limit (原则上) and an extension that was asked for in time are no reason for supervision.
    """
    ran = a.TimerRan(timer.name, _told(order, timer, pack), now - timer.at > LATE_AFTER)
    overdue = pack.trigger(TriggerWhen.OVERDUE)
    is_excused = order.clock is None or order.clock.is_soft or order.state in _WAITING_FOR_TIME
    is_free = order.state in WITH_UNIT and not is_excused and not order.is_supervised
    if timer.name == "due" and overdue is not None and is_free:
        return ran, a.Supervise(TriggerWhen.OVERDUE.value, f"{overdue.title}，自动督办。")
    return (ran,)


def _told(order: LivingOrder, timer: Timer, pack: Pack) -> str:
    if timer.name.startswith("escalate:"):
        role = Role(timer.name.rsplit(":", 1)[1])
        return order.owner if role is Role.UNIT else ROLE_TITLES[role]
    at_due = [each.to for each in pack.escalations if each.hours == 0]
    others = [order.owner if role is Role.UNIT else ROLE_TITLES[role] for role in at_due]
    return "、".join(dict.fromkeys((order.owner, *others))) if timer.name == "due" else order.owner or CENTRE_UNIT
