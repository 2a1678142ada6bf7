"""What a city's pack says of its units: districts that dispatch further, duty rosters off hours, the ladder (升级)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from ivr.yaml_fields import Fields
from workorder.clock.days import WorkCalendar
from workorder.order import HOTLINE_TIME

_STEPS_OF_ONE_DAY = 8


@dataclass(frozen=True, slots=True)
class District:
    """A county or district (县区): its `department` takes orders from the centre and dispatches them to `units`.

    `units` empty: to whichever. `leader` is who follows a repeat there (分管领导).
    """

    name: str
    department: str
    leader: str
    units: tuple[str, ...]
    clause: str

    def holds(self, unit: str) -> bool:
        """Whether the unit is of this district."""
        return unit in (self.name, self.department, *self.units)


@dataclass(frozen=True, slots=True)
class DutyHours:
    """When units work, as spans of one day; outside of them whoever stands in the roster (值班表) is on duty."""

    spans: tuple[tuple[time, time], ...]
    clause: str

    def are_over(self, at: datetime, calendar: WorkCalendar) -> bool:
        """Whether an instant lies outside the working hours of a workday."""
        local = at.astimezone(HOTLINE_TIME)
        is_workday = calendar.kind(local.date()).is_workday
        return not (is_workday and any(begin <= local.time() < end for begin, end in self.spans))


class LadderWhen(StrEnum):
    """What a step of the ladder is counted by."""

    SUPERVISIONS = "supervisions"  # 督办次数
    OVERDUES = "overdues"  # 超期次数
    REDOS = "redos"  # 重办次数
    POOR_QUALITY = "poor_quality"  # 退单与审核退回合计
    STEP_BEFORE = "step_before"  # 上一步之后仍未办结


LADDER_TITLES = {
    LadderWhen.SUPERVISIONS: "督办",
    LadderWhen.OVERDUES: "超期",
    LadderWhen.REDOS: "重办",
    LadderWhen.POOR_QUALITY: "退单和审核退回",
    LadderWhen.STEP_BEFORE: "上一步",
}


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One step (约谈、通报、信息专报…), taken when the order has been through `at_least` of what it is counted by.

    `sends_evidence`: the step hands the matter to another body, with a bundle of evidence.
    """

    name: str
    title: str
    when: LadderWhen
    at_least: int
    clause: str
    sends_evidence: bool = False


def read_district(fields: Fields, clause: str) -> District:
    """Read one district."""
    return District(
        fields.text("name", longest=60),
        fields.text("department", longest=120),
        fields.text("leader", longest=120),
        fields.texts("units", default=()),
        clause,
    )


def read_duty(fields: Fields, clause: str) -> DutyHours:
    """Read `workday: ["08:30-12:00", "14:30-18:00"]`; the roster itself stands in the dispatch catalogue."""
    spans = []
    for text in fields.texts("workday")[:_STEPS_OF_ONE_DAY]:
        begin, _, end = text.partition("-")
        try:
            span = time.fromisoformat(begin.strip()), time.fromisoformat(end.strip())
        except ValueError:
            fields.error(fields.place("workday"), f"“{text[:20]}”不是工作时间。", '写成 "08:30-12:00"。')
            continue
        if span[0] >= span[1]:
            fields.error(fields.place("workday"), f"“{text}”的开始不早于结束。", '写成 "08:30-12:00"。')
        spans.append(span)
    return DutyHours(tuple(spans), clause)


def read_ladder_step(fields: Fields, clause: str) -> LadderStep:
    """Read one step of the ladder."""
    return LadderStep(
        fields.text("name", longest=40),
        fields.text("title", longest=60),
        LadderWhen(fields.choice("when", [each.value for each in LadderWhen])),
        fields.integer("at_least", default=1, low=1, high=1000),
        clause,
        fields.boolean("sends_evidence", default=False),
    )


def unit_findings(districts: Iterable[District], ladder: Iterable[LadderStep]) -> Iterable[tuple[str, str, str]]:
    """Yield what does not add up: the key, what is wrong, the remedy."""
    held = Counter(
        unit for each in districts for unit in dict.fromkeys((each.name, each.department, *each.units)) if unit
    )
    for unit, count in held.items():
        if count > 1:
            yield "districts", f"“{unit}”写在 {count} 个县区里。", "一个单位只归一个县区。"
    steps = list(ladder)
    for name, count in Counter(each.name for each in steps).items():
        if count > 1:
            yield "ladder", f"升级的“{name}”写了两次。", "合并成一步。"
    if steps and steps[0].when is LadderWhen.STEP_BEFORE:
        yield "ladder", "升级的第一步没有“上一步”。", "第一步写督办、超期、重办或质量的次数。"


def shift_day(at: datetime, hours: DutyHours) -> datetime:
    """Return the local day whose roster holds at an instant: the small hours belong to the night before."""
    local = at.astimezone(HOTLINE_TIME)
    begins = min((begin for begin, _ in hours.spans), default=time(8, 0))
    return local - timedelta(days=1) if local.time() < begins else local
