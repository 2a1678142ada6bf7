"""Guards of the desk: what must be true before an order is answered, refused, merged or given to a unit."""

from __future__ import annotations

from workorder.cities.pack import Pack
from workorder.life import actions as a
from workorder.life.actors import Actor
from workorder.life.guards_ladder import level_refusals
from workorder.life.handling import HANDLING_TITLES
from workorder.life.living import LivingOrder
from workorder.life.refusal import Refusal, Refusals, lacking

FINAL_REPEAT = "final"
"""The `repeat_kind` of a matter that was closed for good (办理终结)."""

FILING_CHECKLIST = "filing_checklist"
"""The pack's list of what must be checked before a case is filed (立案)."""


def desk_refusals(order: LivingOrder, action: a.Action, actor: Actor, pack: Pack) -> Refusals:
    """Yield every reason why this move of the desk may not be made."""
    match action:
        case a.Accept(checked=checked):
            yield from _filing(checked, pack)
        case a.AddNewFacts(text=text):
            yield from lacking(text, "新情况、新理由")
        case a.SetMode(mode=mode):
            if mode not in HANDLING_TITLES:
                yield Refusal("没有这种办理方式。", f"可以选：{'、'.join(HANDLING_TITLES.values())}。")
        case a.AnswerDirectly(article=article, answer=answer):
            yield from lacking(article, "知识库条目编号")
            yield from lacking(answer, "答复内容")
        case a.RefuseRequest():
            yield from _refusing(order, action, actor, pack)
        case a.InformRepeat(note=note):
            yield from lacking(note, "告知的内容")
            if order.repeat_kind != FINAL_REPEAT or order.new_facts:
                yield Refusal("这不是终结事项的重复，或市民提出了新情况。", "照常受理、派单。")
        case a.Merge(into=into, told=told):
            yield from lacking(told, "怎样告知市民已并单")
            if into == order.number or into in order.absorbed:
                yield Refusal("不能并入自己，也不能并入已并到本单的工单。", "选另一张主单。")
        case a.Absorb(other=other):
            if other == order.number or other in order.absorbed:
                yield Refusal("这张工单已经并进来，或就是本单。", "刷新后再看。")
        case a.SubmitOpinion(opinion=opinion):
            yield from lacking(opinion, "初步意见")
        case a.RejectOpinion(why=why) | a.WithdrawReport(why=why):
            yield from lacking(why, "理由")
        case a.ReportToLeaders(report=report):
            yield from lacking(report, "专题报告")
            if not pack.handling.special_reports:
                yield Refusal("本市规则没有专题报告这一步。", "直接派单，或提交联席会议。")
        case a.Instruct(text=text):
            yield from lacking(text, "批示内容")
        case a.Coordinate(why=why, coordinator=coordinator):
            yield from lacking(why, "提交协调的原因")
            yield from lacking(coordinator, "协调人")
            yield from _may_leave_the_desk(order, pack)
        case a.DecideLead(lead=lead, assistants=assistants):
            yield from lacking(lead, "牵头单位")
            if lead in assistants or len(set(assistants)) < len(assistants) or "" in assistants:
                yield Refusal("牵头单位只能有一个，不能同时是协办，协办也不能重复。", "各单位只写一次。", pack.name)
            yield from _may_leave_the_desk(order, pack)
        case a.Dispatch():
            yield from _dispatching(order, action, pack)
        case _:
            return


def _filing(checked: tuple[str, ...], pack: Pack) -> Refusals:
    wanted = pack.lists.get(FILING_CHECKLIST)
    missing = [item for item in wanted.items if item not in checked] if wanted else []
    if wanted and missing:
        yield Refusal(f"立案前还没有核对：{'、'.join(missing)}。", "逐项核对清楚再立案。", wanted.clause)


def _refusing(order: LivingOrder, action: a.RefuseRequest, actor: Actor, pack: Pack) -> Refusals:
    reason = pack.reason(action.code)
    if reason is None:
        codes = "、".join(each.code for each in pack.not_accept)
        yield Refusal(f"本市没有“{action.code}”这个不予受理的理由。", f"可以用：{codes}。")
        return
    yield from lacking(action.explanation, "首接人对市民的解释")
    if reason.needs_note and not action.note.strip():
        yield Refusal(f"“{reason.title}”必须写明具体情况。", "在备注里写清楚。", reason.clause)
    if reason.needs_approver and action.approver.strip() in ("", actor.name):
        yield Refusal(f"“{reason.title}”要由另一位有权的人批准。", "请班长批准，写上批准人。", reason.clause)
    missing = [item for item in reason.checklist if item not in action.asked]
    if missing:
        yield Refusal(f"还没有问：{'、'.join(missing)}。", "先问清这些，再决定是否受理。", reason.clause)
    if reason.needs_earlier_order and (order.repeat_of is None or order.new_facts):
        yield Refusal("没有关联到先前的工单，或市民提出了新情况。", "关联原工单，或照常受理。", reason.clause)


def _dispatching(order: LivingOrder, action: a.Dispatch, pack: Pack) -> Refusals:
    clauses = pack.handling.clauses
    yield from lacking(action.unit, "承办单位")
    yield from _may_leave_the_desk(order, pack)
    if order.returns > pack.handling.most_returns or action.unit in order.returned_by:
        chain = "→".join((*order.returned_by, action.unit))
        yield Refusal(f"退单来回：{chain}。", "提交联席会议，定出牵头单位。", clauses.get("most_returns", ""))
    yield from level_refusals(order, action.unit, action.level, pack)


def _may_leave_the_desk(order: LivingOrder, pack: Pack) -> Refusals:
    handling = pack.handling
    if order.repeat_kind == FINAL_REPEAT and not order.new_facts and handling.finality:
        yield Refusal(
            "原事项已办理终结，没有新情况不再转办。",
            "告知市民相关情况；确有新情况的先记下来。",
            handling.clauses.get("finality", ""),
        )
    if order.category in handling.pre_review and not order.is_opinion_approved:
        yield Refusal(
            "这类诉求派单前要由主办单位审核。", "先提出初步意见送审。", handling.clauses.get("pre_review", "")
        )
    if order.is_major and handling.special_reports and not order.instruction:
        yield Refusal(
            "重大事项要先有领导批示。", "形成专题报告，等批示后再派。", handling.clauses.get("special_reports", "")
        )
