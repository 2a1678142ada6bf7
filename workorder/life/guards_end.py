"""Guards of the end: review, field check, telling the citizen, follow-up, supervision, closing and finality."""

from __future__ import annotations

from datetime import datetime

from workorder.cities.pack import FollowUp, Pack
from workorder.life import actions as a
from workorder.life.living import LivingOrder
from workorder.life.refusal import Refusal, Refusals, lacking
from workorder.life.states import LifeState

REVIEWED_FOR = ("standard", "specific", "complete")
SATISFACTIONS = ("satisfied", "dissatisfied", "no_answer", "not_asked")


def end_refusals(order: LivingOrder, action: a.Action, at: datetime, pack: Pack) -> Refusals:
    """Yield every reason why this move towards the end may not be made."""
    clauses = pack.handling.clauses
    match action:
        case a.FailReview(lacking=missing, why=why):
            yield from lacking(why, "退回补充的原因")
            if not missing or any(each not in REVIEWED_FOR for each in missing):
                yield Refusal("没有指明是不规范、不具体还是不完整。", "从规范、具体、完整中选。")
        case a.AskFieldCheck(collector=collector):
            yield from lacking(collector, "采集员")
            yield from _reviewed(order, pack)
            if order.is_seen:
                yield Refusal("已经现场核实过。", "告知市民结果。")
        case a.PassFieldCheck(photo=photo, place=place, seen=seen):
            yield from _seen(order, photo, place, seen, at)
        case a.FailFieldCheck(photo=photo, place=place, seen=seen, why=why):
            yield from _seen(order, photo, place, seen, at)
            yield from lacking(why, "没有解决的情况")
        case a.TellCitizen(how=how, contact=contact, text=text):
            for what, written in (("告知的方式", how), ("告知的时间或记录", contact), ("告知的内容", text)):
                yield from lacking(written, what)
            yield from _reviewed(order, pack)
            if pack.handling.field_check and not order.is_seen:
                yield Refusal("还没有现场核实。", "先派采集员核实。", clauses.get("field_check", ""))
        case a.SendSms():
            if FollowUp.SMS not in pack.handling.follow_up:
                yield Refusal("本市规则没有短信回访。", "人工回访，或办结。", clauses.get("follow_up", ""))
        case a.CallPerson():
            if pack.handling.follow_up[:1] == (FollowUp.SMS,):
                yield Refusal("本市规则先短信回访。", "先发短信，不满意的再人工回访。", clauses.get("follow_up", ""))
        case a.Rectify(why=why):
            yield from lacking(why, "市民不满意的原因")
            if order.rectifications:
                yield Refusal("已经整改过一次。", "核实后重办，或说明后办结。", clauses.get("follow_up", ""))
        case a.Redo(reason=reason, finding=finding):
            yield from lacking(reason, "市民要求重办的理由")
            yield from lacking(finding, "热线中心核实的情况")
        case a.Close():
            yield from _closing(order, action, pack)
        case a.ConfirmFinal(finding=finding):
            yield from lacking(finding, "核实的情况")
            if not pack.handling.finality:
                yield Refusal("本市规则没有办理终结。", "归档。", clauses.get("finality", ""))
            if not (order.redos or order.supervisions):
                yield Refusal("没有督办或重办过的，不能认定办理终结。", "归档。", clauses.get("finality", ""))
        case a.Supervise(trigger=trigger, opinion=opinion):
            yield from lacking(opinion, "督办意见")
            if trigger not in [each.when.value for each in pack.triggers]:
                titles = "、".join(each.title for each in pack.triggers)
                yield Refusal("不是本市规定的督办情形。", f"本市的情形：{titles}。")
            if order.is_supervised:
                yield Refusal("已经在督办中。", "需要时催办。")
        case a.LiftSupervision(finding=finding):
            yield from lacking(finding, "督办办理的情况")
            if not order.is_supervised:
                yield Refusal("现在没有督办。", "刷新后再看。")
        case _:
            return


def _reviewed(order: LivingOrder, pack: Pack) -> Refusals:
    if pack.handling.conformity_review and not order.is_reviewed:
        clause = pack.handling.clauses.get("conformity_review", "")
        yield Refusal("答复还没有通过规范性审核。", "先审核是否规范、具体、完整。", clause)


def _seen(order: LivingOrder, photo: str, place: str, seen: datetime, at: datetime) -> Refusals:
    yield from lacking(photo, "现场照片")
    yield from lacking(place, "现场位置")
    if seen > at or (order.replied is not None and seen < order.replied):
        yield Refusal("核实的时间不在单位答复之后，或晚于现在。", "用现场拍照的时间。")


def _closing(order: LivingOrder, action: a.Close, pack: Pack) -> Refusals:
    clauses = pack.handling.clauses
    if action.satisfaction not in SATISFACTIONS:
        yield Refusal("满意度没有这一项。", f"可以写：{'、'.join(SATISFACTIONS)}。")
    if order.told is None or (order.replied is not None and order.told < order.replied):
        yield Refusal("还没有把结果告知市民。", "先告知市民。")
    if pack.handling.field_check and not order.is_seen:
        yield Refusal("还没有现场核实。", "先派采集员核实。", clauses.get("field_check", ""))
    if order.is_supervised:
        yield Refusal("督办还没有办结。", "先核实督办意见的落实，办结督办。")
    if pack.handling.follow_up and not order.followed:
        yield Refusal("还没有回访。", "先按本市规则回访。", clauses.get("follow_up", ""))
    if action.satisfaction == "dissatisfied":
        if order.state is LifeState.SMS_FOLLOWUP:
            yield Refusal("短信回访不满意的，要人工回访。", "转人工回访。", clauses.get("follow_up", ""))
        elif order.state is LifeState.MANUAL_FOLLOWUP and not order.rectifications:
            yield Refusal("首次人工回访不满意的，单位要核实整改。", "转整改。", clauses.get("follow_up", ""))
