"""Which limit runs after a move: the pack's limits, laid upon the order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from workorder.cities.pack import LimitKind, Pack
from workorder.clock.days import WorkCalendar
from workorder.clock.due import Due, Pause, due_after, spoken_instant
from workorder.life import actions as a
from workorder.life.living import Clock, LivingOrder
from workorder.order import HOTLINE_TIME

_DEFERRED_KIND = "deferred"


def clock_after(order: LivingOrder | None, action: a.Action, at: datetime, pack: Pack) -> Clock | None:
    """Return the clock that runs once `action` has happened at `at`."""
    if isinstance(action, a.Open):
        return _begin(pack, LimitKind.DIRECT_ANSWER, action.category, at)
    if order is None:
        return None
    clock = order.clock
    match action:
        case a.Dispatch() | a.DecideLead():
            begun = _begin(pack, LimitKind.HANDLE, order.category, at)
            if order.upstream_due is None:
                return begun
            limits = begun.limits if begun else ()
            return Clock(LimitKind.HANDLE.value, at, limits, clause="上级平台时限", fixed=order.upstream_due)
        case a.FailFieldCheck() | a.Rectify() | a.Redo():
            return _begin(pack, LimitKind.SECOND_NOTICE, order.category, at) or _begin(
                pack, LimitKind.HANDLE, order.category, at
            )
        case a.AcceptReturn() | a.Coordinate():
            return None
        case a.TellExtension() if clock is not None and order.wanted is not None:
            return _extended(clock, order)
        case a.Defer(milestones=milestones) if clock is not None:
            end = datetime.combine(milestones[-1][0] + timedelta(days=1), time(), HOTLINE_TIME)
            return replace(clock, kind=_DEFERRED_KIND, fixed=end.astimezone(UTC))
        case a.Resume() if clock is not None and order.paused is not None:
            return replace(clock, pauses=(*clock.pauses, Pause(order.paused, at, order.pause_why)))
        case _:
            return clock


def due_of(clock: Clock | None, calendar: WorkCalendar, now: datetime, paused: datetime | None = None) -> Due | None:
    """Return when the clock runs out; while it is paused, as if the pause ended `now`."""
    if clock is None:
        return None
    if clock.fixed is not None:
        why = "分步推进的最后一步" if clock.kind == _DEFERRED_KIND else clock.clause
        line = f"{spoken_instant(clock.start)} 起算，到期由{why}定为 {spoken_instant(clock.fixed)}"
        return Due(clock.fixed, False, (line, f"到期：{spoken_instant(clock.fixed)}"))
    pauses = clock.pauses if paused is None else (*clock.pauses, Pause(paused, now, "正在暂停"))
    return due_after(clock.start, clock.limits, calendar, pauses)


def _begin(pack: Pack, kind: LimitKind, category: str, at: datetime) -> Clock | None:
    rule = pack.limit(kind, category)
    if rule is None:
        return None
    return Clock(kind.value, at, (rule.limit,), clause=rule.law or rule.clause, is_soft=rule.is_soft)


def _extended(clock: Clock, order: LivingOrder) -> Clock:
    wanted = order.wanted
    assert wanted is not None
    if clock.fixed is None:
        return replace(clock, limits=(*clock.limits, wanted))
    return Clock("extended", clock.fixed, (wanted,), clause=clock.clause)
