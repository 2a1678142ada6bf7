"""Guards of districts and of the ladder: who dispatches further and to whom, and what a step up (约谈、通报…) needs."""

from __future__ import annotations

from workorder.cities.pack import Pack, RepeatPolicy
from workorder.cities.pack_units import LADDER_TITLES, LadderStep, LadderWhen
from workorder.life import actions as a
from workorder.life.actors import Actor, Role
from workorder.life.living import LivingOrder
from workorder.life.refusal import Refusal, Refusals, lacking

HEAD = "head"
"""The level of dispatch at which a unit's main leader handles the order."""
DISTRICT_LEADER = "district_leader"
"""The level at which the leader in charge of a county or district follows the order."""


def ladder_refusals(order: LivingOrder, action: a.Action, actor: Actor, pack: Pack) -> Refusals:
    """Yield every reason why an order may not be dispatched further, or not be taken a step up."""
    match action:
        case a.SubDispatch():
            yield from _further(order, action, actor, pack)
        case a.Escalate(step=step, why=why):
            yield from lacking(why, "升级的理由")
            wanted = next_step(order, pack)
            if wanted is None:
                yield Refusal("本市规则没有再往上的一步。", "照常督办。")
            elif step != wanted.name:
                yield Refusal(f"没有这一步，或还没轮到：下一步是“{wanted.title}”。", "一步一步来。", wanted.clause)
            elif not is_reached(order, wanted):
                yield Refusal(
                    f"“{wanted.title}”要{condition_of(wanted)}，现在还没有到。",
                    "先督办、重办，仍不落实的再升级。",
                    wanted.clause,
                )
        case _:
            return


def level_refusals(order: LivingOrder, unit: str, level: str, pack: Pack) -> Refusals:
    """Yield why a repeat may not go to this unit at this level: its jurisdiction says who must follow it."""
    if pack.repeat is not RepeatPolicy.LEADER_HANDLES or not order.repeat_kind:
        return
    district = pack.district_of(unit)
    if district is not None and level != DISTRICT_LEADER:
        what = f"{district.name}的重复投诉要由{district.leader}直接跟进。"
        yield Refusal(what, "派单时选“县（区）分管领导”。", pack.repeat_clause)
    elif district is None and level != HEAD:
        what = "重复投诉要由主要负责人或分管领导直接办理。"
        yield Refusal(what, "派单时选“主要负责人”。", pack.repeat_clause)


def next_step(order: LivingOrder, pack: Pack) -> LadderStep | None:
    """Return the step of the ladder that comes next for an order; None at its end."""
    return next((each for each in pack.ladder if each.name not in order.ladder), None)


def is_reached(order: LivingOrder, step: LadderStep) -> bool:
    """Whether the order has been through what the step is counted by."""
    counts = {
        LadderWhen.SUPERVISIONS: order.supervisions,
        LadderWhen.OVERDUES: order.overdues,
        LadderWhen.REDOS: order.redos,
        LadderWhen.POOR_QUALITY: order.returns + order.review_fails,
        LadderWhen.STEP_BEFORE: int(bool(order.ladder) and order.closed is None),
    }
    return counts[step.when] >= step.at_least


def condition_of(step: LadderStep) -> str:
    """Return when a step is taken, in words."""
    if step.when is LadderWhen.STEP_BEFORE:
        return "上一步之后仍未办结"
    return f"{LADDER_TITLES[step.when]}满 {step.at_least} 次"


def _further(order: LivingOrder, action: a.SubDispatch, actor: Actor, pack: Pack) -> Refusals:
    yield from lacking(action.unit, "转派给哪个单位")
    district = next((each for each in pack.districts if each.department == actor.unit), None)
    if actor.role is not Role.UNIT or district is None:
        yield Refusal("只有县（区）的转派部门可以再转派。", "办理；不归本单位的申请退单。")
    elif district.units and not district.holds(action.unit):
        yield Refusal(
            f"“{action.unit}”不归{district.name}。", f"可以转给：{'、'.join(district.units)}。", district.clause
        )
    if action.unit == order.lead:
        yield Refusal("已经在这个单位手里。", "转给另一个单位。")
    if action.unit in order.assistants:
        yield Refusal("协办单位不能同时是主办。", "转给另一个单位，或请热线中心另定牵头。")
