"""What a report counts: moments of orders and calls, read from their events alone, each with where it belongs.

The same events give the same moments whenever they are read: nothing after the last day is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from workorder.life.states import ENDS, LifeState
from workorder.order import HOTLINE_TIME

ANSWER_SECONDS = 15
"""GB/T 33358-2016: a person answers within so many seconds."""


class What(StrEnum):
    """The things that are counted; figures.yaml names them."""

    OPENED = "opened"
    REPEATED = "repeated"
    ANSWERED_DIRECTLY = "answered_directly"
    NOT_ACCEPTED = "not_accepted"
    MERGED = "merged"
    DISPATCHED = "dispatched"
    RETURNED = "returned"
    EXTENDED = "extended"
    REPLIED_IN_TIME = "replied_in_time"
    REPLIED_LATE = "replied_late"
    UNSOLVABLE = "unsolvable"
    REVIEW_FAILED = "review_failed"
    TOLD = "told"
    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"
    NO_ANSWER = "no_answer"
    NOT_ASKED = "not_asked"
    CLOSED = "closed"
    REDONE = "redone"
    URGED = "urged"
    SUPERVISED = "supervised"
    MANY_UNITS = "many_units"  # 跨部门：联席会议或先后交给不止一个单位
    FROM_ABOVE = "from_above"  # 跨层级：上级交办、领导批示
    OPEN = "open"  # 期末仍在办
    OVERDUE = "overdue"  # 期末已超期
    EMERGENCY = "emergency"
    CALL_OFFERED = "call_offered"
    CALL_ANSWERED = "call_answered"
    CALL_WITHIN = "call_within"
    CALL_ABANDONED = "call_abandoned"


class Step(NamedTuple):  # a year has millions of these and of moments: a tuple is made in a third of the time
    """One event of an order as a report needs it: `action` is its name (Open, Reply…), `said` what it says."""

    at: datetime
    action: str
    said: Mapping[str, Any]
    actor_unit: str
    owner: str
    after: LifeState
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Content:
    """What the order itself says of where it belongs; the events tell everything else."""

    place: str = ""
    place_key: str = ""
    topic: str = ""
    request_type: str = ""
    text: str = ""
    emergency: datetime | None = None


class QueuedCall(Protocol):
    """What is counted of a call: when it began to wait and was answered, and how it ended."""

    @property
    def queued(self) -> datetime | None: ...
    @property
    def answered(self) -> datetime | None: ...
    @property
    def outcome(self) -> str: ...


class Moment(NamedTuple):
    """One thing that happened, with every dimension by which it may be counted; its time tells the others."""

    what: What
    at: datetime
    area: str = ""
    unit: str = ""
    type: str = ""
    category: str = ""
    topic: str = ""
    channel: str = ""


_AREA = re.compile(r"[\u4e00-\u9fff]{1,7}?(?:街道|[区县镇乡])")
_NO_AREA = ("小区", "社区", "校区", "园区", "景区", "厂区", "片区", "新区", "地区", "库区", "市区", "郊区", "城区")
_SIMPLE: Mapping[str, What] = MappingProxyType(
    {
        "AnswerDirectly": What.ANSWERED_DIRECTLY,
        "RefuseRequest": What.NOT_ACCEPTED,
        "Merge": What.MERGED,
        "Dispatch": What.DISPATCHED,
        "DecideLead": What.DISPATCHED,
        "AcceptReturn": What.RETURNED,
        "ApproveExtension": What.EXTENDED,
        "FailReview": What.REVIEW_FAILED,
        "TellCitizen": What.TOLD,
        "Close": What.CLOSED,
        "Redo": What.REDONE,
        "Urge": What.URGED,
        "Supervise": What.SUPERVISED,
    }
)
_ANSWERS: Mapping[str, What] = MappingProxyType(
    {each.value: each for each in (What.SATISFIED, What.DISSATISFIED, What.NO_ANSWER, What.NOT_ASKED)}
)
_STATES: Mapping[str, LifeState] = MappingProxyType({each.value: each for each in LifeState})
_HOURS_OF_A_YEAR = 366 * 24


def step_of(plain: Mapping[str, Any]) -> Step:
    """Return a step of a stored event; reading it whole would take fifteen times as long."""
    action, due = plain["action"], plain.get("due")
    return Step(
        datetime.fromisoformat(plain["at"]),
        action["is"],
        action,
        plain["actor"].get("unit", ""),
        plain["owner"],
        _STATES[plain["after"]],
        datetime.fromisoformat(due) if due else None,
    )


def area_of(place: str, key: str) -> str:
    """Return the district, town or street office that a place names; without one the street itself."""
    for found in _AREA.finditer(place):
        if len(found.group()) > 2 and not found.group().endswith(_NO_AREA):
            return found.group()
    return key


def moments_of_order(steps: Sequence[Step], content: Content, begin: datetime, end: datetime) -> Iterator[Moment]:
    """Yield what happened to one order from `begin` up to `end`, and how it stood at `end`.

    A reply belongs to the unit that gave it, what the citizen said of it too; all else to the unit that leads at the
    end. Of the citizen's answers the first counts (首次满意率), one for each order.
    """
    steps = [each for each in steps if each.at < end]
    if not steps or steps[0].action != "Open":
        return
    opening, last = steps[0].said, steps[-1]
    lead = next((unit for each in reversed(steps) if (unit := _unit_of(each))), "")
    here = partial(
        Moment,
        area=area_of(content.place, content.place_key),
        type=opening.get("request_type", "") or content.request_type,
        category=_category(steps),
        topic=content.topic,
        channel=opening.get("channel", "call"),
    )
    for moment in _happened(steps, lead, here):
        if moment.at >= begin:
            yield moment
    if content.emergency is not None and begin <= content.emergency < end:
        yield here(What.EMERGENCY, content.emergency, unit=lead)
    if last.after not in ENDS and last.after is not LifeState.CLOSED:
        at = end - timedelta(microseconds=1)
        yield here(What.OPEN, at, unit=lead)
        if last.due is not None and last.due < end:
            yield here(What.OVERDUE, at, unit=lead)


def moments_of_call(call: QueuedCall, begin: datetime, end: datetime) -> Iterator[Moment]:
    """Yield what is counted of one call: it counts when it began to wait for a person."""
    if call.queued is None or not begin <= call.queued < end:
        return
    yield Moment(What.CALL_OFFERED, call.queued)
    if call.answered is not None:
        yield Moment(What.CALL_ANSWERED, call.queued)
        if (call.answered - call.queued).total_seconds() <= ANSWER_SECONDS:
            yield Moment(What.CALL_WITHIN, call.queued)
    elif call.outcome == "abandoned":
        yield Moment(What.CALL_ABANDONED, call.queued)


def times_of(at: datetime) -> tuple[str, str, str, str]:
    """Return the day, week, month and hour of an instant, as China's clocks and calendars have them."""
    return _times_of_hour(int(at.timestamp() // 3600))


@lru_cache(_HOURS_OF_A_YEAR)
def _times_of_hour(hour: int) -> tuple[str, str, str, str]:
    at = datetime.fromtimestamp(3600 * hour, HOTLINE_TIME)
    year, week, _ = at.isocalendar()
    return at.date().isoformat(), f"{year}-W{week:02d}", f"{at:%Y-%m}", f"{at.hour:02d} 时"


def _happened(steps: Sequence[Step], lead: str, here: Callable[..., Moment]) -> Iterator[Moment]:
    due: datetime | None = None
    replied_by, dispatched_to = "", set[str]()
    is_rated = is_repeat = is_many = False
    for each in steps:
        action, said, at, unit = each.action, each.said, each.at, replied_by or lead
        if action == "Open":
            yield here(What.OPENED, at, unit=unit)
            if said.get("is_leader_assigned") or said.get("upstream_id"):
                yield here(What.FROM_ABOVE, at, unit=unit)
        if not is_repeat and (said.get("repeat_of") or action in ("Merge", "InformRepeat")):
            is_repeat = True
            yield here(What.REPEATED, at, unit=unit)
        if action in ("Reply", "ReplyUnsolvable"):
            replied_by = each.actor_unit or each.owner
            on_time = due is None or at <= due
            yield here(What.REPLIED_IN_TIME if on_time else What.REPLIED_LATE, at, unit=replied_by)
            if action == "ReplyUnsolvable":
                yield here(What.UNSOLVABLE, at, unit=replied_by)
        if action in _SIMPLE:
            yield here(_SIMPLE[action], at, unit=unit)
        if action in ("Dispatch", "DecideLead"):
            dispatched_to |= {_unit_of(each), *said.get("assistants", ())}
            if len(dispatched_to) > 1 and not is_many:
                is_many = True
                yield here(What.MANY_UNITS, at, unit=unit)
        answer = _answer(each)
        if answer is not None and not is_rated:
            is_rated = answer in (What.SATISFIED, What.DISSATISFIED)
            yield here(answer, at, unit=unit)
        due = each.due


def _category(steps: Sequence[Step]) -> str:
    """Return the category of the city's rules as it was last said."""
    said = [each.said.get("category", "") for each in steps if each.action in ("Open", "Accept")]
    return next((each for each in reversed(said) if each), "")


def _unit_of(step: Step) -> str:
    """Return to whom a step gives the order; empty when it gives it to nobody."""
    match step.action:
        case "Dispatch":
            return str(step.said.get("unit", ""))
        case "DecideLead":
            return str(step.said.get("lead", ""))
        case _:
            return ""


def _answer(step: Step) -> What | None:
    match step.action:
        case "SmsDissatisfied" | "Rectify":
            return What.DISSATISFIED
        case "Close":
            return _ANSWERS.get(step.said.get("satisfaction", "not_asked"))
        case _:
            return None
