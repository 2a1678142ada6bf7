"""Where an order stands, in words for the citizen who asked: no office's terms, no names, no content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workorder.life.actions import Open
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder
from workorder.life.states import LifeState
from workorder.order import OrderNumber

S = LifeState
_WORDS = {
    S.DRAFTED: "已收到，正在登记。",
    S.ACCEPTED: "已受理，正在确定由哪个单位办理。",
    S.PRE_REVIEW: "已受理，正在审核由哪个单位办理。",
    S.AWAITING_INSTRUCTION: "已受理，正在等待批示。",
    S.COORDINATING: "涉及几个单位，正在协调由谁牵头办理。",
    S.DISPATCHED: "已交给承办单位，等待签收。",
    S.HANDLING: "承办单位正在办理。",
    S.RETURN_REQUESTED: "正在核对由哪个单位办理。",
    S.EXTENSION_REQUESTED: "承办单位正在办理，并申请了延长时间。",
    S.EXTENSION_APPROVED: "承办单位正在办理，时间已批准延长，理由会告知您。",
    S.DEFERRED: "暂时不能一次解决，承办单位正在分步推进。",
    S.PAUSED: "承办单位正在办理，依规定暂停计时。",
    S.REPLIED: "承办单位已有答复，热线中心正在审核。",
    S.FIELD_VERIFICATION: "承办单位已有答复，正在现场核实。",
    S.SECOND_NOTICE: "现场核实还没有解决，已要求承办单位继续办理。",
    S.REVIEWED: "答复已审核通过，很快会告知您。",
    S.TOLD: "结果已告知您。",
    S.SMS_FOLLOWUP: "结果已告知您，并发了短信征求意见。",
    S.MANUAL_FOLLOWUP: "结果已告知您，热线中心会电话回访。",
    S.RECTIFYING: "您对结果不满意，承办单位正在核实整改。",
    S.REDO: "已要求承办单位重新办理。",
    S.CLOSED: "已办结。",
    S.FINAL: "已办理终结。",
    S.ARCHIVED: "已办结。",
    S.ANSWERED: "已直接答复您。",
    S.NOT_ACCEPTED: "不属于热线受理范围，理由和去处已告知您。",
    S.INFORMED: "这件事以前已办理终结，情况已告知您。",
    S.MERGED: "已与同一件事的另一张工单合并办理。",
}
_STEPS = {
    S.DRAFTED: "收到",
    S.ACCEPTED: "受理",
    S.DISPATCHED: "交给承办单位",
    S.HANDLING: "承办单位签收、办理",
    S.COORDINATING: "协调",
    S.REPLIED: "承办单位答复",
    S.FIELD_VERIFICATION: "现场核实",
    S.SECOND_NOTICE: "要求继续办理",
    S.REVIEWED: "审核通过",
    S.TOLD: "告知结果",
    S.SMS_FOLLOWUP: "短信回访",
    S.MANUAL_FOLLOWUP: "电话回访",
    S.RECTIFYING: "整改",
    S.REDO: "重新办理",
    S.CLOSED: "办结",
    S.FINAL: "办理终结",
    S.ANSWERED: "直接答复",
    S.NOT_ACCEPTED: "不予受理",
    S.INFORMED: "告知",
    S.MERGED: "合并办理",
}
_WITH_DUE = frozenset({S.DISPATCHED, S.HANDLING, S.SECOND_NOTICE, S.RECTIFYING, S.REDO, S.DEFERRED})


@dataclass(frozen=True, slots=True)
class Standing:
    """What a citizen is told: one sentence, when it should be done, and the steps so far with their days."""

    number: OrderNumber
    words: str
    received: datetime
    due: datetime | None
    is_provisional: bool
    steps: tuple[tuple[datetime, str], ...]


def standing_of(order: LivingOrder, history: Sequence[LifeEvent]) -> Standing:
    """Return where an order stands, for the citizen."""
    steps: list[tuple[datetime, str]] = []
    for event in history:
        word = _STEPS.get(event.after, "")
        moved = isinstance(event.action, Open) or event.before is not event.after
        if word and moved and (not steps or steps[-1][1] != word):
            steps.append((event.at, word))
    return Standing(
        number=order.number,
        words=_WORDS[order.state],
        received=order.opened,
        due=order.due if order.state in _WITH_DUE else None,
        is_provisional=order.is_provisional,
        steps=tuple(steps),
    )
