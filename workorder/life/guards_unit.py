"""Guards of the unit: signing, returning, asking for time, replying — and only the unit that holds the order."""

from __future__ import annotations

from datetime import datetime

from workorder.cities.pack import LimitKind, Pack
from workorder.clock.days import WorkCalendar
from workorder.clock.due import due_after, is_late, spoken_instant
from workorder.life import actions as a
from workorder.life.actors import ROLE_TITLES, Actor, Role
from workorder.life.living import LivingOrder
from workorder.life.refusal import Refusal, Refusals, lacking
from workorder.order import order_day


def unit_refusals(
    order: LivingOrder, action: a.Action, actor: Actor, at: datetime, pack: Pack, calendar: WorkCalendar
) -> Refusals:
    """Yield every reason why this move of a unit (or about one) may not be made."""
    if actor.role is Role.UNIT:
        mine = order.assistants if isinstance(action, a.AssistReport) else (order.owner,)
        if isinstance(action, a.SubDispatch) and order.district:
            mine = (*mine, order.district)  # who dispatched it further may take it back
        if not actor.unit or actor.unit not in mine:
            yield Refusal("这张工单不在你单位手里。", f"现在由{order.owner}负责。")
    match action:
        case a.Sign(handler=handler):
            yield from lacking(handler, "经办人")
        case a.RequestReturn():
            yield from _returning(order, action, at, pack, calendar)
        case a.RejectReturn(why=why) | a.Resume(why=why) | a.Urge(why=why):
            yield from lacking(why, "理由")
        case a.RequestExtension():
            yield from _extending(order, action, at, pack)
        case a.ApproveExtension():
            yield from _approver(actor, pack)
        case a.RefuseExtension(why=why):
            yield from _approver(actor, pack)
            yield from lacking(why, "不批准的理由")
        case a.TellExtension(how=how, contact=contact):
            yield from lacking(how, "怎样告知市民延期理由")
            yield from lacking(contact, "告知的时间或记录")
        case a.Defer(why=why, milestones=milestones):
            yield from lacking(why, "暂时不能解决的原因")
            days = [day for day, _ in milestones]
            if not days or days != sorted(days) or days[0] <= order_day(at) or any(not text for _, text in milestones):
                yield Refusal("分步推进至少要有一步，每步有内容和今后的日期，并按先后写。", "补上步骤和日期。")
        case a.ReachMilestone(nth=nth):
            if not 0 <= nth < len(order.milestones) or order.milestones[nth].is_done:
                yield Refusal("没有这一步，或这一步已经完成。", "刷新后再看。")
        case a.Pause(why=why, law=law):
            yield from lacking(why, "暂停的原因")
            yield from lacking(law, "准许暂停的依据")
        case a.AssistReport(text=text):
            yield from lacking(text, "协办情况")
        case a.Reply(text=text, asks_recheck=asks):
            yield from lacking(text, "答复内容")
            yield from _recheck(asks, pack)
        case a.ReplyUnsolvable(explanation=explanation, contact=contact, asks_recheck=asks):
            yield from lacking(explanation, "向市民所作的解释")
            yield from lacking(contact, "何时、怎样同市民说的")
            yield from _recheck(asks, pack)
        case _:
            return


def _returning(
    order: LivingOrder, action: a.RequestReturn, at: datetime, pack: Pack, calendar: WorkCalendar
) -> Refusals:
    yield from lacking(action.basis, "退单的依据")
    yield from lacking(action.suggestion, "办理建议")
    if order.is_coordinated:
        yield Refusal("牵头单位由联席会议确定，不能再退。", "办理；确有困难的请主办单位再次协调。")
    rule = pack.limit(LimitKind.RETURN, order.category)
    if rule is not None and order.dispatched is not None:
        latest = due_after(order.dispatched, [rule.limit], calendar).at
        if is_late(latest, at):
            what = f"退单要在派单后 {rule.limit} 之内申请，到 {spoken_instant(latest)} 为止。"
            yield Refusal(what, "办理；职责有争议的请主办单位协调。", rule.clause)


def _extending(order: LivingOrder, action: a.RequestExtension, at: datetime, pack: Pack) -> Refusals:
    rule = pack.extension
    yield from lacking(action.why, "延期的理由")
    if order.extensions >= rule.times:
        yield Refusal(f"只能延期 {rule.times} 次，已经延过。", "尽快办结，或请主办单位协调。", rule.clause)
    if order.due is None or is_late(order.due, at):
        yield Refusal("时限已过，不能再申请延期。", "尽快办结并说明原因。", rule.clause)
    if action.by.unit is not rule.longest.unit or action.by.amount > rule.longest.amount:
        yield Refusal(f"延期最长 {rule.longest}，申请的是 {action.by}。", f"改为不超过 {rule.longest}。", rule.clause)


def _approver(actor: Actor, pack: Pack) -> Refusals:
    rule = pack.extension
    if actor.role is not rule.approver:
        yield Refusal(f"延期由{ROLE_TITLES[rule.approver]}批准。", f"请{ROLE_TITLES[rule.approver]}处理。", rule.clause)


def _recheck(asks: bool, pack: Pack) -> Refusals:
    if pack.handling.field_check and not asks:
        clause = pack.handling.clauses.get("field_check", "")
        yield Refusal("反馈时要同时请求复核。", "勾选“请求现场复核”。", clause)
