"""Which rows of the three-way machine's table a journal shows: the machine is played again from what it heard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ivr.call import Leg
from ivr.events import BridgeEntered, LegDown, LegUp, OriginateEnded
from routing.emergency.attempts import BUSY, HUNG_UP, NO_ANSWER, REFUSED, TRUNK_DOWN, why_failed
from routing.emergency.threeway import advance, begin
from routing.emergency.threeway_journal import our_leg, told_by
from routing.emergency.threeway_state import Calling, Joined, Raise, Suggested, ThreeWay, Unreached
from routing.emergency.threeway_table import outcome
from routing.emergency.threeway_words import (
    AgentJoined,
    AgentLeaves,
    Confirmed,
    Dismissed,
    EmergencyRang,
    Mark,
    OriginateRefused,
    OriginateSent,
    RaisedAgain,
    Resynced,
    ThreeWayEvent,
    TimerExpired,
    TurnsHeard,
    UnitNews,
    VerifiedByClick,
)

Row = tuple[str, str, str, str]
"""State, event, state after, what is to be done: as the table prints them."""

_PLAIN: Mapping[type, str] = {
    Confirmed: "坐席确认",
    Dismissed: "坐席否定",
    RaisedAgain: "再次触发（点击）",
    OriginateSent: "呼叫已发出",
    OriginateRefused: "交换机拒绝呼叫",
    EmergencyRang: "对方振铃",
    AgentJoined: "坐席加入",
    TurnsHeard: "听到双方对话",
    VerifiedByClick: "坐席点“已确认”",
}
_ENDS = {
    BUSY: "对方占线（486）",
    NO_ANSWER: "对方无人接听（480）",
    REFUSED: "对方拒接（603）",
    TRUNK_DOWN: "中继不通（503）",
    HUNG_UP: "对方挂断",
}
_TIMERS = {"ring": "振铃超时", "join": "应答后未进入通话", "gone": "挂断后腿未消失", "verify": "一分钟未确认"}


def story(lines: Iterable[Mapping[str, object]]) -> tuple[list[Row], ThreeWay | None]:
    """Return every row that the journal of a call shows, in order, and the state of its last case."""
    cases: dict[str, ThreeWay] = {}
    rows: list[Row] = []
    last = ""
    for line in lines:
        told, case = told_by(line), str(line.get("case", ""))
        if isinstance(told, Raise):
            cases[case] = begin(told)[0]
            last = case
        elif told is not None and case in cases:
            before = cases[case]
            cases[case], commands = advance(before, told)
            rows.append((state_name(before), event_name(before, told), *outcome(cases[case], commands)))
    return rows, cases.get(last)


def state_name(state: ThreeWay) -> str:
    """Return the state's name in the table."""
    match state:
        case Suggested():
            return "已提示"
        case Unreached():
            return "未接通"
        case Calling(is_sent=False):
            return "呼叫中（未发出）"
        case Calling(case=case) if case.agent is None:
            return "呼叫中（无坐席）"
        case Calling(case=case):
            return "呼叫中" if case.left else "呼叫中（最后一路）"
        case Joined(is_verified=True):
            return "已确认"
        case Joined(case=case):
            return "已加入" if case.agent is not None else "已加入（无坐席）"
        case _:
            return ""


def event_name(state: ThreeWay, event: ThreeWayEvent) -> str:
    """Return the event's name in the table, as this state hears it; empty for what the table leaves out."""
    match event:
        case LegDown(unique_id=leg) if leg == our_leg(state):
            return _ENDS.get(why_failed(event.cause, event.tech_cause), "")
        case LegDown(channel=channel) if channel == state.case.caller:
            return "市民断线"
        case LegDown(channel=channel) if channel == state.case.agent:
            return "坐席断线"
        case LegUp(leg=Leg.EMERGENCY):
            return "紧急一方的腿出现"
        case OriginateEnded(succeeded=succeeded):
            return "对方应答" if succeeded else "交换机报告呼叫失败"
        case BridgeEntered(unique_id=leg) if leg == our_leg(state):
            return "对方进入通话"
        case AgentLeaves(insists=insists):
            return "坐席坚持退出" if insists else "坐席要退出"
        case TimerExpired(name=name):
            return _TIMERS.get(name.partition(":")[0], "")
        case UnitNews(mark=Mark.UNIT_MISSED):
            return "单位值班电话没有打通"
        case Resynced(emergency=None):
            return "重启后：腿不在"
        case Resynced(is_joined=is_joined):
            return "重启后：腿在通话中" if is_joined else "重启后：腿在，未进入"
        case _:
            return _PLAIN.get(type(event), "")
