"""Which days are workdays in China: public holidays (放假) and make-up workdays (调休), year by year, as data.

The State Council publishes each year's arrangement in the autumn before. For a year not published yet only weekends
and the statutory holidays with a fixed date are known, so whatever rests on such a day is provisional (暂定).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType

WEEKDAYS = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"]

_FIXED = MappingProxyType(
    {(1, 1): "元旦", (5, 1): "劳动节", (5, 2): "劳动节", (10, 1): "国庆节", (10, 2): "国庆节", (10, 3): "国庆节"}
)
"""Statutory holidays whose date needs no announcement (全国年节及纪念日放假办法, 2024 revision)."""

_NEW_YEAR_BRIDGE = 25
"""From this day of December on, next year's arrangement may still move days (2022-12-31 was a holiday of 2023)."""


@dataclass(frozen=True, slots=True)
class YearOfDays:
    """One year's published arrangement: holidays by name, make-up workdays, and who says so."""

    year: int
    holidays: Mapping[date, str] = field(default_factory=dict)
    workdays: frozenset[date] = frozenset()
    source: str = ""


@dataclass(frozen=True, slots=True)
class DayKind:
    """What a day is: `reason` is Chinese, `is_provisional` when the year's arrangement is not published."""

    is_workday: bool
    reason: str
    is_provisional: bool = False


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The years that are known. Asking about any other year works, and is answered provisionally."""

    years: Mapping[int, YearOfDays] = field(default_factory=dict)

    def kind(self, day: date) -> DayKind:
        """Return whether `day` is a workday, and why."""
        known = self.years.get(day.year)
        if known is None:
            return _unpublished(day)
        kind = _published(day, known)
        if day.month == 12 and day.day >= _NEW_YEAR_BRIDGE and day.year + 1 not in self.years:
            return DayKind(kind.is_workday, f"{kind.reason}（{day.year + 1} 年元旦安排未公布）", True)
        return kind

    def with_years(self, years: Iterable[YearOfDays]) -> WorkCalendar:
        """Return the calendar with these years put in; a year given replaces the one that was there."""
        return WorkCalendar(MappingProxyType({**self.years, **{each.year: each for each in years}}))


def days_after(day: date) -> Iterator[date]:
    """Yield the days after `day`, without end (until the year 9999)."""
    while True:
        day += timedelta(days=1)
        yield day


def spoken(day: date) -> str:
    """Return `2026-09-24 周四`."""
    return f"{day.isoformat()} {WEEKDAYS[day.weekday()]}"


def _published(day: date, year: YearOfDays) -> DayKind:
    if day in year.workdays:
        return DayKind(True, "调休上班日")
    if day in year.holidays:
        return DayKind(False, f"{year.holidays[day]}放假")
    return DayKind(False, "周末") if day.weekday() >= 5 else DayKind(True, "工作日")


def _unpublished(day: date) -> DayKind:
    unknown = f"{day.year} 年放假安排未公布"
    name = _FIXED.get((day.month, day.day))
    if name is not None:
        return DayKind(False, f"{name}（{unknown}）", True)
    if day.weekday() >= 5:
        return DayKind(False, f"周末（{unknown}）", True)
    return DayKind(True, f"暂按工作日（{unknown}）", True)
