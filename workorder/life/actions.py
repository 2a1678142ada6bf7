"""What may be asked of an order: one frozen dataclass per move, a closed union. Texts are written by people.

A closed union stays in one module, however long: whoever adds a move sees all the others. When each may be made is in
table.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias, get_args

from workorder.clock.due import Limit
from workorder.order import OrderNumber


@dataclass(frozen=True, slots=True)
class Open:
    """受理登记. `repeat_of` and `repeat_kind` (final, window, unsolved, plain) when it repeats another."""

    pack: str
    category: str
    channel: str = "call"
    request_type: str = ""
    calls: tuple[str, ...] = ()
    first_receiver: str = ""
    repeat_of: OrderNumber | None = None
    repeat_kind: str = ""
    subject_unit: str = ""
    consents: bool = False  # 同意向承办单位公开姓名和电话
    is_major: bool = False
    is_anonymous: bool = False
    is_leader_assigned: bool = False
    upstream_id: str = ""
    upstream_due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accept:
    """受理（立案）; `checked` are the items of the pack's filing checklist that were answered."""

    category: str = ""
    checked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddNewFacts:
    """补充新情况: the only thing that lets a repeat of a final matter be dispatched."""

    text: str


@dataclass(frozen=True, slots=True)
class SetMode:
    """写明办理方式: one of `handling.Handling`; without it the answer or the dispatch says which it was."""

    mode: str


@dataclass(frozen=True, slots=True)
class AnswerDirectly:
    """直接答复 from the knowledge base."""

    article: str
    answer: str


@dataclass(frozen=True, slots=True)
class RefuseRequest:
    """不予受理 with a reason of the pack; `asked` are the items of its checklist that were asked."""

    code: str
    explanation: str
    note: str = ""
    approver: str = ""
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InformRepeat:
    """终结事项重复：告知相关情况，不再转办."""

    note: str


@dataclass(frozen=True, slots=True)
class Merge:
    """并入 another order; `told` says how the citizen learnt of it."""

    into: OrderNumber
    told: str


@dataclass(frozen=True, slots=True)
class Absorb:
    """另一工单并入本单; its calls stay linked."""

    other: OrderNumber
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubmitOpinion:
    """提出初步意见，送主办单位审核."""

    opinion: str


@dataclass(frozen=True, slots=True)
class ApproveOpinion:
    """同意转办."""


@dataclass(frozen=True, slots=True)
class RejectOpinion:
    """不同意初步意见."""

    why: str


@dataclass(frozen=True, slots=True)
class ReportToLeaders:
    """形成专题报告."""

    report: str
    linked: tuple[OrderNumber, ...] = ()


@dataclass(frozen=True, slots=True)
class Instruct:
    """领导批示."""

    text: str


@dataclass(frozen=True, slots=True)
class WithdrawReport:
    """撤回专题报告."""

    why: str


@dataclass(frozen=True, slots=True)
class Coordinate:
    """提交联席会议: duties overlap, are unclear, or nobody's (`has_no_owner`)."""

    why: str
    coordinator: str
    has_no_owner: bool = False


@dataclass(frozen=True, slots=True)
class DecideLead:
    """联席会议确定牵头和协办单位."""

    lead: str
    assistants: tuple[str, ...] = ()
    minutes: str = ""
    duty: str = ""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """派单. `level` is who must follow it: handler, or for a repeat head (主要负责人、分管领导) or district_leader.

    `duty` is whom to call off hours; the service fills it in from the unit's roster.
    """

    unit: str
    level: str = "handler"
    route: str = ""
    duty: str = ""


@dataclass(frozen=True, slots=True)
class SubDispatch:
    """区县转派: the department of a district gives the order on to a unit there, or takes it back."""

    unit: str
    note: str = ""
    duty: str = ""


@dataclass(frozen=True, slots=True)
class Sign:
    """签收."""

    handler: str


@dataclass(frozen=True, slots=True)
class RequestReturn:
    """申请退单."""

    basis: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class AcceptReturn:
    """同意退单."""


@dataclass(frozen=True, slots=True)
class RejectReturn:
    """不同意退单."""

    why: str


@dataclass(frozen=True, slots=True)
class RequestExtension:
    """申请延期."""

    by: Limit
    why: str


@dataclass(frozen=True, slots=True)
class ApproveExtension:
    """批准延期; the extension begins to count when the citizen was told."""


@dataclass(frozen=True, slots=True)
class RefuseExtension:
    """不批准延期."""

    why: str


@dataclass(frozen=True, slots=True)
class TellExtension:
    """把延期理由告知市民."""

    how: str
    contact: str


@dataclass(frozen=True, slots=True)
class Defer:
    """分步推进 with dated milestones."""

    why: str
    milestones: tuple[tuple[date, str], ...]


@dataclass(frozen=True, slots=True)
class ReachMilestone:
    """一步已完成 (`nth` from 0)."""

    nth: int
    note: str


@dataclass(frozen=True, slots=True)
class Pause:
    """暂停计时, with the law or rule that allows it."""

    why: str
    law: str


@dataclass(frozen=True, slots=True)
class Resume:
    """恢复办理."""

    why: str


@dataclass(frozen=True, slots=True)
class AssistReport:
    """协办单位反馈."""

    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """答复."""

    text: str
    asks_recheck: bool = False
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplyUnsolvable:
    """无法解决，已作解释: the explanation, and when and how the citizen was spoken to."""

    explanation: str
    contact: str
    asks_recheck: bool = False


@dataclass(frozen=True, slots=True)
class PassReview:
    """规范性审核通过."""


@dataclass(frozen=True, slots=True)
class FailReview:
    """规范性审核退回补充: which of standard, specific, complete it is not."""

    lacking: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class AskFieldCheck:
    """派采集员现场核实."""

    collector: str


@dataclass(frozen=True, slots=True)
class PassFieldCheck:
    """现场核实属实."""

    photo: str
    place: str
    seen: datetime


@dataclass(frozen=True, slots=True)
class FailFieldCheck:
    """现场核实未解决，二次抄告."""

    photo: str
    place: str
    seen: datetime
    why: str


@dataclass(frozen=True, slots=True)
class TellCitizen:
    """把结果告知市民."""

    how: str
    contact: str
    text: str


@dataclass(frozen=True, slots=True)
class SendSms:
    """短信回访."""


@dataclass(frozen=True, slots=True)
class SmsDissatisfied:
    """短信回访不满意."""

    answer: str = ""


@dataclass(frozen=True, slots=True)
class CallPerson:
    """直接人工回访."""


@dataclass(frozen=True, slots=True)
class Rectify:
    """首次人工回访不满意，核实整改."""

    why: str


@dataclass(frozen=True, slots=True)
class Redo:
    """重办: the citizen's reason, and what the centre found when it verified it."""

    reason: str
    finding: str


@dataclass(frozen=True, slots=True)
class Close:
    """办结. `satisfaction`: satisfied, dissatisfied, no_answer, not_asked."""

    satisfaction: str = "not_asked"


@dataclass(frozen=True, slots=True)
class ConfirmFinal:
    """核实后确认办理终结."""

    finding: str


@dataclass(frozen=True, slots=True)
class Archive:
    """归档."""


@dataclass(frozen=True, slots=True)
class Urge:
    """催办."""

    why: str


@dataclass(frozen=True, slots=True)
class Supervise:
    """督办; `trigger` is one of the pack's."""

    trigger: str
    opinion: str


@dataclass(frozen=True, slots=True)
class LiftSupervision:
    """督办办结."""

    finding: str


@dataclass(frozen=True, slots=True)
class Escalate:
    """升级处理: one step of the city's ladder, talk, criticism, report, discipline (约谈、通报、信息专报、推送)."""

    step: str
    why: str


@dataclass(frozen=True, slots=True)
class TimerRan:
    """到点提醒: which timer, and whom it told."""

    timer: str
    told: str
    was_late: bool = False


Action: TypeAlias = (
    Open
    | Accept
    | AddNewFacts
    | SetMode
    | AnswerDirectly
    | RefuseRequest
    | InformRepeat
    | Merge
    | Absorb
    | SubmitOpinion
    | ApproveOpinion
    | RejectOpinion
    | ReportToLeaders
    | Instruct
    | WithdrawReport
    | Coordinate
    | DecideLead
    | Dispatch
    | SubDispatch
    | Sign
    | RequestReturn
    | AcceptReturn
    | RejectReturn
    | RequestExtension
    | ApproveExtension
    | RefuseExtension
    | TellExtension
    | Defer
    | ReachMilestone
    | Pause
    | Resume
    | AssistReport
    | Reply
    | ReplyUnsolvable
    | PassReview
    | FailReview
    | AskFieldCheck
    | PassFieldCheck
    | FailFieldCheck
    | TellCitizen
    | SendSms
    | SmsDissatisfied
    | CallPerson
    | Rectify
    | Redo
    | Close
    | ConfirmFinal
    | Archive
    | Urge
    | Supervise
    | LiftSupervision
    | Escalate
    | TimerRan
)

ACTIONS: tuple[type[Action], ...] = get_args(Action)
