"""How a city marks: its dimensions and weights, what is counted and what people mark, its grades and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import pairwise

from workorder.assessment.counts import UnitCounts
from workorder.cities.pack import Pack
from workorder.life.refusal import Refusal

DEFAULT_CUTS = (Decimal(90), Decimal(60))
"""From how many points on the first grade is given, and below how many the last; those between share evenly.

The municipal texts name grades and no figures; a pack may set others (`lists: grade_cuts`).
"""

DEFAULT_WORKDAYS = 10
"""How long a unit has for its written report of improvement; a pack may set another (`lists: improve_workdays`)."""

_CENT = Decimal("0.01")


class Measure(StrEnum):
    """What the system itself can count; other dimensions are marked by hand."""

    IN_TIME = "in_time"  # 按时办结率
    QUALITY = "quality"  # 规范性审核一次通过率
    SATISFACTION = "satisfaction"  # 满意率，只算作了评价的
    WORKLOAD = "workload"  # 与办件最多的单位相比
    CONNECTION = "connection"  # 单位系统对接：心跳在线率；没有对接的由人评分


@dataclass(frozen=True, slots=True)
class Dimension:
    """One part of the score card; without a measure people mark it."""

    name: str
    weight: int
    clause: str
    measure: Measure | None = None

    @property
    def is_by_hand(self) -> bool:
        """Whether people may mark it: what is not counted, and the connection of units that have none."""
        return self.measure in (None, Measure.CONNECTION)


@dataclass(frozen=True, slots=True)
class Scheme:
    """A city's scheme. `grades` from best to worst, each from so many points on; `follows` says what a grade brings.

    `deduction`: points off the month's score for each supervision that the unit brought upon itself.
    """

    edition: str
    dimensions: tuple[Dimension, ...]
    grades: tuple[tuple[str, Decimal], ...]
    follows: Mapping[str, str]
    improve_workdays: int
    deduction: Decimal = Decimal(0)

    def grade_of(self, score: Decimal) -> str:
        return next(name for name, least in self.grades if score >= least)


def scheme_of(pack: Pack) -> Scheme | Refusal:
    """Return the scheme of a pack; refused when what it says of the assessment does not fit together."""
    measures: dict[str, Measure] = {}
    for name, measure in _pairs(pack, "assessment_measures").items():
        if name not in {each.name for each in pack.dimensions} or measure not in set(Measure):
            known = "、".join(Measure)
            return Refusal(f"考核的测量“{name}：{measure}”不能用。", f"写成“考核项目：测量”，测量可用 {known}。")
        measures[name] = Measure(measure)
    dimensions = tuple(
        Dimension(each.name, each.weight, each.clause, measures.get(each.name)) for each in pack.dimensions
    )
    cuts = _numbers(pack, "grade_cuts") or _even(pack)
    if len(cuts) != len(pack.grades.items) - 1 or any(low >= high for high, low in pairwise(cuts)):
        return Refusal("考核档次的分数线不对。", "grade_cuts 从高到低写，比档次少一个。")
    grades = tuple(zip(pack.grades.items, (*cuts, Decimal(0)), strict=True))
    days = _numbers(pack, "improve_workdays") or [Decimal(DEFAULT_WORKDAYS)]
    off = _numbers(pack, "assessment_deduction") or [Decimal(0)]
    return Scheme(pack.edition, dimensions, grades, _pairs(pack, "assessment_consequences"), int(days[0]), off[0])


def marks_of(
    scheme: Scheme, counts: UnitCounts, most: int, by_hand: Mapping[str, Decimal]
) -> dict[str, Decimal | None]:
    """Return the mark (0 to 100) of each dimension; None where nothing was there to judge.

    `most` is how many replies the busiest unit gave. A mark by hand stands for a dimension without a measure only.
    """
    return {
        each.name: _measured(each.measure, counts, most)
        if each.measure is not None and (counts.slots or not each.is_by_hand)
        else by_hand.get(each.name)
        for each in scheme.dimensions
    }


def score_of(scheme: Scheme, marks: Mapping[str, Decimal | None]) -> Decimal | None:
    """Return the weighted mean of what was judged, to 0.01; None when nothing was."""
    judged = [(each.weight, mark) for each in scheme.dimensions if (mark := marks.get(each.name)) is not None]
    weights = sum(weight for weight, _ in judged)
    if not weights:
        return None
    return rounded(sum((weight * mark for weight, mark in judged), Decimal(0)) / weights)


def after_deduction(scheme: Scheme, score: Decimal | None, blamed: int) -> Decimal | None:
    """Return the score less what supervision costs; a unit with nothing else to judge starts from 100."""
    if not blamed or not scheme.deduction:
        return score
    whole = Decimal(100) if score is None else score
    return rounded(max(Decimal(0), whole - scheme.deduction * blamed))


def rounded(value: Decimal) -> Decimal:
    """Return the value to 0.01, halves up: two machines must come to the same points."""
    return value.quantize(_CENT, ROUND_HALF_UP)


def _measured(measure: Measure, counts: UnitCounts, most: int) -> Decimal | None:
    part, whole = {
        Measure.IN_TIME: (counts.in_time, counts.replied),
        Measure.QUALITY: (counts.passed, counts.reviewed),
        Measure.SATISFACTION: (counts.satisfied, counts.rated),
        Measure.WORKLOAD: (counts.replied, most),
        Measure.CONNECTION: (counts.slots_up, counts.slots),
    }[measure]
    return rounded(Decimal(100 * part) / whole) if whole else None


def _even(pack: Pack) -> list[Decimal]:
    first, last = DEFAULT_CUTS
    between = len(pack.grades.items) - 2
    return [first - (first - last) * nth / between for nth in range(between)] + [last] if between else [last]


def _numbers(pack: Pack, name: str) -> list[Decimal]:
    items = pack.lists[name].items if name in pack.lists else ()
    return [Decimal(item) for item in items if item.isascii() and item.isdigit()]


def _pairs(pack: Pack, name: str) -> dict[str, str]:
    items = pack.lists[name].items if name in pack.lists else ()
    return {key: value for key, colon, value in (item.partition("：") for item in items) if colon}
