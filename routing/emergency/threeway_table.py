"""Print the three-way machine's table from the machine itself: each state, each event, what follows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ivr.call import CallId, ChannelName, Leg, PhoneNumber, SeatId
from ivr.events import BridgeEntered, LegDown, LegUp, OriginateEnded
from routing.emergency.kinds import Kind
from routing.emergency.policy import Mode, Plan, Source, Start, Target
from routing.emergency.threeway import advance, begin
from routing.emergency.threeway_state import Calling, Joined, Raise, Suggested, ThreeWay, Unreached
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
    ThreeWayCommand,
    ThreeWayEvent,
    TimerExpired,
    TurnsHeard,
    UnitNews,
    VerifiedByClick,
    Where,
    WriteMark,
)  # fmt: skip

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_CALL = CallId("hl-1.1")
_CALLER, _AGENT, _OURS = ChannelName("PJSIP/trunk-1"), ChannelName("PJSIP/801-2"), ChannelName("PJSIP/emergency-3")
_ID = "em-c1-1"
_TARGET = Target("fire", "119 消防", ("119", "110"), ("emergency", "main"))


def _raised(where: Where, start: Start) -> Raise:
    plan = Plan(Kind.FIRE, Mode.THREE_WAY, start, (_TARGET,), (), "", "")
    has_agent = where is Where.TALK
    agent, seat = (_AGENT, SeatId("801")) if has_agent else (None, None)
    return Raise(_CALL, "c1", plan, Source.CLICK, "801", where, _CALLER, _AT, agent, seat)


def _down(channel: ChannelName, cause: int, tech: str, unique_id: str = "") -> LegDown:
    return LegDown(_CALL, channel, cause, tech, _AT, unique_id)


def _events(agent: ChannelName | None) -> tuple[tuple[str, ThreeWayEvent], ...]:
    seat = SeatId("801") if agent is not None else None
    return (
        ("坐席确认", Confirmed("801", _AT)),
        ("坐席否定", Dismissed("801", "", _AT)),
        ("再次触发（点击）", RaisedAgain(Source.CLICK, "801", _AT)),
        ("呼叫已发出", OriginateSent(_ID, _AT)),
        ("交换机拒绝呼叫", OriginateRefused(_ID, _AT)),
        ("紧急一方的腿出现", LegUp(_CALL, Leg.EMERGENCY, _OURS, PhoneNumber("119"), _AT, unique_id=_ID)),
        ("对方振铃", EmergencyRang(_ID, _AT)),
        ("对方应答", OriginateEnded("", _ID, True, 4, _AT)),
        ("交换机报告呼叫失败", OriginateEnded("", _ID, False, 0, _AT)),
        ("对方进入通话", BridgeEntered(_CALL, _OURS, _ID, "b", 3, _AT)),
        ("对方占线（486）", _down(_OURS, 17, "486", _ID)),
        ("对方无人接听（480）", _down(_OURS, 19, "480", _ID)),
        ("对方拒接（603）", _down(_OURS, 21, "603", _ID)),
        ("中继不通（503）", _down(_OURS, 34, "503", _ID)),
        ("对方挂断", _down(_OURS, 16, "", _ID)),
        ("市民断线", _down(_CALLER, 16, "")),
        ("坐席断线", _down(_AGENT, 16, "")),
        ("坐席加入", AgentJoined(SeatId("801"), _AGENT, _AT)),
        ("坐席要退出", AgentLeaves(_AT)),
        ("坐席坚持退出", AgentLeaves(_AT, insists=True)),
        ("听到双方对话", TurnsHeard((Leg.EMERGENCY, Leg.CALLER), _AT)),
        ("坐席点“已确认”", VerifiedByClick("801", _AT)),
        ("振铃超时", TimerExpired(f"ring:{_ID}", _AT)),
        ("应答后未进入通话", TimerExpired(f"join:{_ID}", _AT)),
        ("挂断后腿未消失", TimerExpired(f"gone:{_ID}", _AT)),
        ("一分钟未确认", TimerExpired(f"verify:{_ID}", _AT)),
        ("单位值班电话没有打通", UnitNews("rescue", Mark.UNIT_MISSED, "", _AT)),
        ("重启后：腿在，未进入", Resynced(True, agent, seat, _OURS, _ID, False, _AT)),
        ("重启后：腿在通话中", Resynced(True, agent, seat, _OURS, _ID, True, _AT)),
        ("重启后：腿不在", Resynced(True, agent, seat, None, "", False, _AT)),
    )


def _states() -> Iterator[tuple[str, ThreeWay]]:
    asked, _ = begin(_raised(Where.TALK, Start.SUGGEST))
    calling, _ = begin(_raised(Where.TALK, Start.GO))
    waiting, _ = begin(_raised(Where.QUEUE, Start.GO))
    assert isinstance(asked, Suggested)
    assert isinstance(calling, Calling)
    assert isinstance(waiting, Calling)
    sent, sent_waiting = (replace(each, is_sent=True, channel=_OURS) for each in (calling, waiting))
    last = replace(sent, case=replace(sent.case, left=()))
    yield "已提示", asked
    yield "呼叫中（未发出）", calling
    yield "呼叫中", sent
    yield "呼叫中（最后一路）", last
    yield "呼叫中（无坐席）", sent_waiting
    joined, _ = advance(sent, BridgeEntered(_CALL, _OURS, _ID, "b", 3, _AT))
    alone, _ = advance(sent_waiting, BridgeEntered(_CALL, _OURS, _ID, "b", 2, _AT))
    assert isinstance(joined, Joined)
    yield "已加入", joined
    yield "已加入（无坐席）", alone
    yield "已确认", replace(joined, is_verified=True)
    yield "未接通", Unreached(last.case)


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield state, event, next state and commands, for every pair that changes something."""
    for name, state in _states():
        for told, event in _events(state.case.agent):
            after, commands = advance(state, event)
            if after != state or commands:
                yield name, told, *outcome(after, commands)


def outcome(after: ThreeWay, commands: Sequence[ThreeWayCommand]) -> tuple[str, str]:
    """Return a row's last two cells: the state after, and what is to be done."""
    return _name(after), "、".join(_short(command) for command in commands) or "—"


def _name(state: ThreeWay) -> str:
    match state:
        case Joined(is_verified=True):
            return "Joined（已确认）"
        case _:
            return type(state).__name__


def _short(command: ThreeWayCommand) -> str:
    return f"记 {command.mark.value}" if isinstance(command, WriteMark) else type(command).__name__


def table() -> str:
    """Return the table in Markdown."""
    lines = ["| 状态 | 事件 | 之后 | 要做的事 |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows())])
