"""What must be true of every order at every moment, whatever was done to it: for tests and for `hotline doctor`."""

from __future__ import annotations

from collections.abc import Sequence

from workorder.cities.pack import Pack
from workorder.life import actions as a
from workorder.life.evolve import fold
from workorder.life.history import LifeEvent, breaks_in
from workorder.life.living import CENTRE_UNIT, LivingOrder
from workorder.life.states import ENDS, WITH_UNIT, LifeState
from workorder.life.table import after

_CLOSED = frozenset({LifeState.CLOSED, *ENDS})


def broken(order: LivingOrder, history: Sequence[LifeEvent], pack: Pack) -> tuple[str, ...]:
    """Return every invariant that does not hold, in Chinese."""
    found = [found.what for found in breaks_in(history)]
    if fold(history) != order:
        found.append("工单与它的历史对不上。")
    if not order.owner or order.owner != (order.lead if order.state in WITH_UNIT else CENTRE_UNIT):
        found.append("不是恰好一个单位负责。")
    if order.lead in order.assistants:
        found.append("牵头单位同时是协办单位。")
    if order.state in _CLOSED and order.told is None:
        found.append("没有告知市民就结束了。")
    if order.state in _CLOSED and order.told and order.replied and order.told < order.replied:
        found.append("告知市民的不是最后一次答复。")
    closed_by_unit = order.state in (LifeState.CLOSED, LifeState.FINAL, LifeState.ARCHIVED)
    if closed_by_unit and pack.handling.field_check and not order.is_seen:
        found.append("没有现场核实就结束了。")
    if closed_by_unit and pack.handling.conformity_review and not order.is_reviewed:
        found.append("没有审核就结束了。")
    if order.extensions > pack.extension.times:
        found.append("延期次数超过规定。")
    if order.state is LifeState.FINAL and not (order.redos or order.supervisions):
        found.append("没有重办或督办就办理终结了。")
    for event in history[1:]:
        if event.before is None or after(event.before, type(event.action)) is not event.after:
            found.append(f"第 {event.seq} 条不是表里的动作。")
        if event.before in ENDS:
            found.append(f"第 {event.seq} 条在结束之后。")
        if isinstance(event.action, a.Dispatch | a.DecideLead) and _was_forbidden(history[: event.seq - 1], pack):
            found.append(f"第 {event.seq} 条把终结事项又转办了。")
    return tuple(found)


def _was_forbidden(before: Sequence[LifeEvent], pack: Pack) -> bool:
    order = fold(before)
    return pack.handling.finality and order.repeat_kind == "final" and not order.new_facts
