"""Begin an emergency call, and go on to the next route when one failed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from routing.emergency import spoken
from routing.emergency.attempts import TITLES, TRUNK_DOWN, Route, next_route
from routing.emergency.policy import Mode
from routing.emergency.threeway_people import close, to_a_human
from routing.emergency.threeway_state import GRACE_SECONDS, Calling, Case, Closed, Step, Unreached
from routing.emergency.threeway_words import (
    Mark,
    MarkForSupervisor,
    NotifyUnit,
    Originate,
    StartTimer,
    TellAgent,
    TellCaller,
    ThreeWayCommand,
    WriteMark,
)


def go(case: Case, at: datetime) -> Step:
    """Begin what the plan says, at once."""
    plan = case.raised.plan
    notices = tuple(NotifyUnit(case.call, target) for target in plan.notify)
    told = tuple(WriteMark(case.call, Mark.NOTIFIED, at, target.name) for target in plan.notify)
    if plan.mode is Mode.GUIDE:
        mark = WriteMark(case.call, Mark.GUIDED, at, plan.kind.value)
        closed = WriteMark(case.call, Mark.CLOSED, at, "guided")
        tell: tuple[ThreeWayCommand, ...] = (TellCaller(case.call, plan.guide),)
        if case.agent is not None:
            tell = (TellAgent(case.call, f"请告诉市民：{plan.guide}"),)
        return Closed(case, "guided"), (*notices, *told, *tell, mark, closed)
    if not case.left:
        return _unreached(case, at, "没有可以呼叫的号码")
    state, commands = _dial(case, case.left[0])
    waiting, brought = to_a_human(state.case) if case.agent is None else (state.case, ())
    words = TellCaller(case.call, plan.guide or spoken.calling(plan.kind))
    return replace(state, case=waiting), (*commands, *notices, *told, *brought, words)


def _dial(case: Case, route: Route) -> tuple[Calling, tuple[ThreeWayCommand, ...]]:
    number = case.attempts + 1
    channel_id = f"em-{case.raised.case}-{number}"
    after = replace(case, attempts=number, left=tuple(each for each in case.left if each != route))
    state = Calling(after, route, channel_id)
    return state, (originate(state), timer(state, "ring", route.target.ring_seconds + GRACE_SECONDS))


def originate(state: Calling) -> Originate:
    into = state.case.caller or state.case.raised.caller
    route = state.route
    seconds = route.target.ring_seconds
    return Originate(state.case.call, state.channel_id, route.target, route.number, route.trunk, into, seconds)


def timer(state: Calling, name: str, seconds: float) -> StartTimer:
    return StartTimer(state.case.call, f"{name}:{state.channel_id}", seconds)


def verify_timer(case: Case, channel_id: str) -> StartTimer:
    return StartTimer(case.call, f"verify:{channel_id}", case.raised.plan.verify_seconds)


def _unreached(case: Case, at: datetime, reason: str) -> Step:
    plan = case.raised.plan
    kind = plan.kind.value
    commands: list[ThreeWayCommand] = [
        WriteMark(case.call, Mark.UNREACHED, at, reason),
        MarkForSupervisor(case.call, f"{kind} 没有接通：{reason}"),
    ]
    if case.agent is not None:
        words = f"{kind} 没有接通（{reason}）。您和市民仍在通话，请安抚市民，可请班长协助。"
        commands += [TellAgent(case.call, words), TellCaller(case.call, spoken.unreached_beside_agent(plan.kind))]
        return Unreached(case), tuple(commands)
    if case.caller is None:
        return close(case, at, "nobody_left", tuple(commands))
    waiting, brought = to_a_human(case)
    return Unreached(waiting), (*commands, *brought, TellCaller(case.call, spoken.unreached(plan.kind)))


def failed(state: Calling, why: str, at: datetime) -> Step:
    """This attempt is over: the next route, or nobody is left to call."""
    case = state.case
    detail = f"{state.route.target.name} {state.route.trunk} {why}"
    mark = WriteMark(case.call, Mark.ATTEMPT_FAILED, at, detail)
    if why == TRUNK_DOWN and state.route.trunk not in case.down:
        case = replace(case, down=(*case.down, state.route.trunk))
    route = next_route(state.route, case.left, why, case.down)
    if route is None:
        after, commands = _unreached(case, at, TITLES[why])
        return after, (mark, *commands)
    following, commands = _dial(case, route)
    tell: ThreeWayCommand = TellAgent(case.call, f"{state.route.target.title}{TITLES[why]}，正在换线路再呼")
    if case.agent is None:
        tell = TellCaller(case.call, spoken.trying_again(case.raised.plan.kind))
    return following, (mark, *commands, tell)
