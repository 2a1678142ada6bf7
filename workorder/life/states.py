"""Where an order stands, for all five cities; and who holds it there."""

from __future__ import annotations

from enum import StrEnum


class LifeState(StrEnum):
    """The states of an order, in the order in which it meets them."""

    DRAFTED = "drafted"
    ACCEPTED = "accepted"
    PRE_REVIEW = "pre_review"
    AWAITING_INSTRUCTION = "awaiting_instruction"
    COORDINATING = "coordinating"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    RETURN_REQUESTED = "return_requested"
    EXTENSION_REQUESTED = "extension_requested"
    EXTENSION_APPROVED = "extension_approved"
    DEFERRED = "deferred"
    PAUSED = "paused"
    REPLIED = "replied"
    FIELD_VERIFICATION = "field_verification"
    SECOND_NOTICE = "second_notice"
    REVIEWED = "reviewed"
    TOLD = "told"
    SMS_FOLLOWUP = "sms_followup"
    MANUAL_FOLLOWUP = "manual_followup"
    RECTIFYING = "rectifying"
    REDO = "redo"
    CLOSED = "closed"
    FINAL = "final"
    ARCHIVED = "archived"
    ANSWERED = "answered"
    NOT_ACCEPTED = "not_accepted"
    INFORMED = "informed"
    MERGED = "merged"


S = LifeState

STATE_TITLES = {
    S.DRAFTED: "预填",
    S.ACCEPTED: "已受理（立案）",
    S.PRE_REVIEW: "派前审核",
    S.AWAITING_INSTRUCTION: "待领导批示",
    S.COORDINATING: "协调（联席会议）",
    S.DISPATCHED: "已派单",
    S.HANDLING: "办理中",
    S.RETURN_REQUESTED: "退单待审",
    S.EXTENSION_REQUESTED: "延期待批",
    S.EXTENSION_APPROVED: "延期待告知",
    S.DEFERRED: "分步推进",
    S.PAUSED: "暂停计时",
    S.REPLIED: "已答复",
    S.FIELD_VERIFICATION: "现场核实",
    S.SECOND_NOTICE: "二次抄告",
    S.REVIEWED: "审核通过",
    S.TOLD: "已告知市民",
    S.SMS_FOLLOWUP: "短信回访",
    S.MANUAL_FOLLOWUP: "人工回访",
    S.RECTIFYING: "整改",
    S.REDO: "重办",
    S.CLOSED: "办结",
    S.FINAL: "办理终结",
    S.ARCHIVED: "归档",
    S.ANSWERED: "直接答复",
    S.NOT_ACCEPTED: "不予受理",
    S.INFORMED: "已告知（终结事项重复）",
    S.MERGED: "已并入",
}

ENDS = frozenset({S.FINAL, S.ARCHIVED, S.ANSWERED, S.NOT_ACCEPTED, S.INFORMED, S.MERGED})
"""Nothing moves an order any more."""

WITH_UNIT = frozenset(
    {
        S.DISPATCHED,
        S.HANDLING,
        S.RETURN_REQUESTED,
        S.EXTENSION_REQUESTED,
        S.EXTENSION_APPROVED,
        S.DEFERRED,
        S.PAUSED,
        S.SECOND_NOTICE,
        S.RECTIFYING,
        S.REDO,
    }
)
"""The lead unit holds the order; everywhere else the hotline's centre does."""

WORKING = frozenset({S.HANDLING, S.SECOND_NOTICE, S.RECTIFYING, S.REDO})
"""The unit works, and may reply."""

LIVE = frozenset(S) - ENDS
