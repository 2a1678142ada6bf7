"""The life of an order as one table: every move, from where to where, and by whom. Everything that moves one is here.

`to` None: the state stays. What else a move needs (a reason, a limit kept, the citizen told) is in `guards.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workorder.life import actions as a
from workorder.life.actors import Role
from workorder.life.states import LIVE, WITH_UNIT, WORKING, LifeState

R, S = Role, LifeState


@dataclass(frozen=True, slots=True)
class Move:
    """One row: who may take an order from these states to that one, and what it is called."""

    action: type[a.Action]
    title: str
    sources: frozenset[LifeState]
    to: LifeState | None
    roles: frozenset[Role]


def _row(
    action: type[a.Action], title: str, sources: Iterable[LifeState], to: LifeState | None, *roles: Role
) -> tuple[type[a.Action], Move]:
    return action, Move(action, title, frozenset(sources), to, frozenset(roles))


_EARLY = (S.DRAFTED, S.ACCEPTED)
_ASKED = (S.TOLD, S.SMS_FOLLOWUP, S.MANUAL_FOLLOWUP)
_DESK = (R.AGENT, R.CENTRE)
_OFFICE = (R.CENTRE, R.HOST)
_APPROVERS = (R.CENTRE, R.HOST, R.GOVERNING)

MOVES: Mapping[type[a.Action], Move] = MappingProxyType(dict([
    _row(a.Accept, "受理", [S.DRAFTED], S.ACCEPTED, *_DESK),
    _row(a.AddNewFacts, "补充新情况", _EARLY, None, *_DESK),
    _row(a.SetMode, "写明办理方式", LIVE, None, *_DESK, R.HOST),
    _row(a.AnswerDirectly, "直接答复", _EARLY, S.ANSWERED, *_DESK),
    _row(a.RefuseRequest, "不予受理", _EARLY, S.NOT_ACCEPTED, *_DESK),
    _row(a.InformRepeat, "告知终结情况", _EARLY, S.INFORMED, *_DESK),
    _row(a.Merge, "并入", (*_EARLY, S.DISPATCHED, S.HANDLING), S.MERGED, *_DESK),
    _row(a.Absorb, "接纳并入", LIVE, None, *_DESK),

    _row(a.SubmitOpinion, "提出初步意见", [S.ACCEPTED], S.PRE_REVIEW, *_DESK),
    _row(a.ApproveOpinion, "同意转办", [S.PRE_REVIEW], S.ACCEPTED, R.HOST),
    _row(a.RejectOpinion, "不同意转办", [S.PRE_REVIEW], S.ACCEPTED, R.HOST),
    _row(a.ReportToLeaders, "专题报告", [S.ACCEPTED], S.AWAITING_INSTRUCTION, R.HOST),
    _row(a.Instruct, "领导批示", [S.AWAITING_INSTRUCTION], S.ACCEPTED, R.LEADER),
    _row(a.WithdrawReport, "撤回报告", [S.AWAITING_INSTRUCTION], S.ACCEPTED, R.HOST),
    _row(a.Coordinate, "提交联席会议", [S.ACCEPTED, S.RETURN_REQUESTED, S.HANDLING], S.COORDINATING, *_OFFICE),
    _row(a.DecideLead, "确定牵头与协办", [S.COORDINATING], S.DISPATCHED, *_OFFICE),
    _row(a.Dispatch, "派单", [S.ACCEPTED], S.DISPATCHED, *_DESK),

    _row(a.SubDispatch, "区县转派", [S.DISPATCHED, S.HANDLING], S.DISPATCHED, R.UNIT),
    _row(a.Sign, "签收", [S.DISPATCHED], S.HANDLING, R.UNIT),
    _row(a.RequestReturn, "申请退单", [S.DISPATCHED, S.HANDLING], S.RETURN_REQUESTED, R.UNIT),
    _row(a.AcceptReturn, "同意退单", [S.RETURN_REQUESTED], S.ACCEPTED, *_OFFICE),
    _row(a.RejectReturn, "不同意退单", [S.RETURN_REQUESTED], S.HANDLING, *_OFFICE),
    _row(a.RequestExtension, "申请延期", [S.HANDLING], S.EXTENSION_REQUESTED, R.UNIT),
    _row(a.ApproveExtension, "批准延期", [S.EXTENSION_REQUESTED], S.EXTENSION_APPROVED, *_APPROVERS),
    _row(a.RefuseExtension, "不批准延期", [S.EXTENSION_REQUESTED], S.HANDLING, *_APPROVERS),
    _row(a.TellExtension, "告知延期理由", [S.EXTENSION_APPROVED], S.HANDLING, *_DESK, R.UNIT),
    _row(a.Defer, "分步推进", [S.HANDLING], S.DEFERRED, *_OFFICE),
    _row(a.ReachMilestone, "完成一步", [S.DEFERRED], None, R.UNIT),
    _row(a.Pause, "暂停计时", [S.HANDLING], S.PAUSED, *_OFFICE),
    _row(a.Resume, "恢复办理", [S.DEFERRED, S.PAUSED], S.HANDLING, *_OFFICE, R.UNIT, R.SYSTEM),
    _row(a.AssistReport, "协办反馈", WITH_UNIT, None, R.UNIT),
    _row(a.Reply, "答复", WORKING, S.REPLIED, R.UNIT),
    _row(a.ReplyUnsolvable, "答复：无法解决", WORKING, S.REPLIED, R.UNIT),

    _row(a.PassReview, "审核通过", [S.REPLIED], S.REVIEWED, R.CENTRE),
    _row(a.FailReview, "审核退回补充", [S.REPLIED], S.HANDLING, R.CENTRE),
    _row(a.AskFieldCheck, "现场核实", [S.REPLIED, S.REVIEWED], S.FIELD_VERIFICATION, R.CENTRE),
    _row(a.PassFieldCheck, "核实属实", [S.FIELD_VERIFICATION], S.REVIEWED, R.COLLECTOR),
    _row(a.FailFieldCheck, "二次抄告", [S.FIELD_VERIFICATION], S.SECOND_NOTICE, R.COLLECTOR),
    _row(a.TellCitizen, "告知结果", [S.REPLIED, S.REVIEWED], S.TOLD, *_DESK),

    _row(a.SendSms, "发回访短信", [S.TOLD], S.SMS_FOLLOWUP, *_DESK, R.SYSTEM),
    _row(a.SmsDissatisfied, "短信不满意", [S.SMS_FOLLOWUP], S.MANUAL_FOLLOWUP, *_DESK, R.SYSTEM),
    _row(a.CallPerson, "人工回访", [S.TOLD], S.MANUAL_FOLLOWUP, *_DESK),
    _row(a.Rectify, "核实整改", [S.MANUAL_FOLLOWUP], S.RECTIFYING, R.CENTRE),
    _row(a.Redo, "重办", [S.MANUAL_FOLLOWUP, S.CLOSED], S.REDO, *_OFFICE),
    _row(a.Close, "办结", _ASKED, S.CLOSED, *_DESK, R.SYSTEM),
    _row(a.ConfirmFinal, "确认办理终结", [S.CLOSED], S.FINAL, R.HOST),
    _row(a.Archive, "归档", [S.CLOSED], S.ARCHIVED, R.CENTRE, R.SYSTEM),

    _row(a.Urge, "催办", WITH_UNIT, None, *_OFFICE, R.AGENT, R.GOVERNING, R.SYSTEM),
    _row(a.Supervise, "督办", LIVE - {S.DRAFTED, S.CLOSED}, None, R.HOST, R.GOVERNING, R.SYSTEM),
    _row(a.LiftSupervision, "督办办结", LIVE, None, R.HOST, R.GOVERNING),
    _row(a.Escalate, "升级处理", LIVE - {S.DRAFTED}, None, R.HOST, R.GOVERNING),
    _row(a.TimerRan, "到点提醒", LIVE, None, R.SYSTEM),
]))  # fmt: skip


def after(state: LifeState, action: type[a.Action]) -> LifeState | None:
    """Return the state that `action` leads to from `state`, or None when the table has no such move."""
    move = MOVES.get(action)
    if move is None or state not in move.sources:
        return None
    return move.to or state


def moves_from(state: LifeState) -> tuple[Move, ...]:
    """Return the moves out of (or within) `state`, in the order of the table."""
    return tuple(move for move in MOVES.values() if state in move.sources)
