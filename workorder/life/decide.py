"""May this be done to this order, and what happened then? Pure: order, action, who, when, rules → event or refusal."""

from __future__ import annotations

from datetime import datetime
from itertools import chain

from workorder.cities.pack import IdentityMode, Pack
from workorder.clock.days import WorkCalendar
from workorder.life import actions as a
from workorder.life.actors import ROLE_TITLES, Actor, Role
from workorder.life.clocks import clock_after, due_of
from workorder.life.guards_desk import FINAL_REPEAT, desk_refusals
from workorder.life.guards_end import end_refusals
from workorder.life.guards_ladder import ladder_refusals
from workorder.life.guards_unit import unit_refusals
from workorder.life.history import GENESIS, LifeEvent
from workorder.life.living import CENTRE_UNIT, LivingOrder
from workorder.life.refusal import STALE, Refusal
from workorder.life.states import STATE_TITLES, WITH_UNIT, LifeState
from workorder.life.table import MOVES, after, moves_from
from workorder.order import OrderNumber

_OPENERS = frozenset({Role.AGENT, Role.CENTRE, Role.SYSTEM, Role.COLLECTOR})
_REPEAT_KINDS = ("", FINAL_REPEAT, "window", "unsolved", "plain")


def open_order(
    number: OrderNumber, action: a.Open, actor: Actor, at: datetime, pack: Pack, calendar: WorkCalendar
) -> LifeEvent | Refusal:
    """Return the first event of an order."""
    if actor.role not in _OPENERS:
        return Refusal(f"{ROLE_TITLES[actor.role]}不登记工单。", "由坐席员登记。")
    if action.pack != pack.edition:
        return Refusal(f"工单写的政策包是“{action.pack}”，这里是“{pack.edition}”。", "用现行的政策包。")
    if pack.category(action.category) is None:
        titles = "、".join(each.title for each in pack.categories)
        return Refusal(f"本市没有“{action.category}”这一类诉求。", f"可以选：{titles}。")
    if action.is_anonymous and pack.identity is IdentityMode.REAL_NAME:
        what = "本市登记实名，不收匿名诉求。"
        return Refusal(what, "请问清姓名和证件；只想咨询的可以直接答复。", pack.identity_clause)
    if action.repeat_kind not in _REPEAT_KINDS or bool(action.repeat_kind) != (action.repeat_of is not None):
        return Refusal("重复诉求要写明原工单和重复的种类。", "关联原工单。")
    clock = clock_after(None, action, at, pack)
    due = due_of(clock, calendar, at)
    return LifeEvent(
        number=number,
        seq=1,
        at=at,
        actor=actor,
        action=action,
        before=None,
        after=LifeState.DRAFTED,
        owner=CENTRE_UNIT,
        clock=clock,
        due=due.at if due else None,
        is_provisional=bool(due and due.is_provisional),
        previous=GENESIS,
    ).sealed()


def decide(
    order: LivingOrder,
    action: a.Action,
    actor: Actor,
    at: datetime,
    pack: Pack,
    calendar: WorkCalendar,
    version: int | None = None,
) -> LifeEvent | Refusal:
    """Return the event, or the first reason why not. `version` is what the actor saw; None: whatever it is now.

    An instant before the order's last event (a clock that was set back) counts as that event's instant.
    """
    at = max(at, order.updated)
    if version is not None and version != order.version:
        return Refusal(STALE, "刷新后再做。")
    found = next(iter(_refusals(order, action, actor, at, pack, calendar)), None)
    if found is not None:
        return found
    to = after(order.state, type(action))
    assert to is not None
    clock = clock_after(order, action, at, pack)
    due = due_of(clock, calendar, at)
    return LifeEvent(
        number=order.number,
        seq=order.version + 1,
        at=at,
        actor=actor,
        action=action,
        before=order.state,
        after=to,
        owner=_owner(order, action, to),
        clock=clock,
        due=due.at if due else None,
        is_provisional=bool(due and due.is_provisional),
        previous=order.head,
    ).sealed()


def refusals(
    order: LivingOrder, action: a.Action, actor: Actor, at: datetime, pack: Pack, calendar: WorkCalendar
) -> tuple[Refusal, ...]:
    """Return every reason why not, for a form that shows them all at once."""
    return tuple(_refusals(order, action, actor, max(at, order.updated), pack, calendar))


def _refusals(
    order: LivingOrder, action: a.Action, actor: Actor, at: datetime, pack: Pack, calendar: WorkCalendar
) -> chain[Refusal]:
    move = MOVES.get(type(action))
    if move is None or order.state not in move.sources:
        possible = "、".join(each.title for each in moves_from(order.state)) or "什么也不能做"
        title = move.title if move else "登记"
        refused = Refusal(f"“{STATE_TITLES[order.state]}”的工单不能{title}。", f"现在可以：{possible}。")
        return chain((refused,))
    if order.pack != pack.edition:
        return chain((Refusal(f"这张工单按“{order.pack}”办理，不是“{pack.edition}”。", "用工单自己的政策包。"),))
    if actor.role not in move.roles:
        may = "、".join(ROLE_TITLES[role] for role in Role if role in move.roles)
        return chain((Refusal(f"{ROLE_TITLES[actor.role]}不能{move.title}。", f"由{may}来做。"),))
    return chain(
        unit_refusals(order, action, actor, at, pack, calendar),
        desk_refusals(order, action, actor, pack),
        ladder_refusals(order, action, actor, pack),
        end_refusals(order, action, at, pack),
        _category_refusals(action, pack),
    )


def _category_refusals(action: a.Action, pack: Pack) -> tuple[Refusal, ...]:
    if isinstance(action, a.Accept) and action.category and pack.category(action.category) is None:
        titles = "、".join(each.title for each in pack.categories)
        return (Refusal(f"本市没有“{action.category}”这一类诉求。", f"可以选：{titles}。"),)
    return ()


def _owner(order: LivingOrder, action: a.Action, to: LifeState) -> str:
    """Return the one who holds the order afterwards: the lead unit while it works, else the centre."""
    match action:
        case a.Dispatch(unit=unit) | a.SubDispatch(unit=unit):
            return unit
        case a.DecideLead(lead=lead):
            return lead
        case _:
            return order.lead if to in WITH_UNIT else CENTRE_UNIT
