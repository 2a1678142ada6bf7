"""Which days are workdays, against the published arrangements as the chinesecalendar package knows them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

import workorder.clock
from workorder.clock.days import WorkCalendar
from workorder.clock.days_file import load_days

FILE = Path(workorder.clock.__file__).with_name("calendar.yaml")


def shipped() -> WorkCalendar:
    years, problems = load_days(FILE.read_bytes(), FILE.name)
    assert not problems
    return WorkCalendar().with_years(years)


def test_every_day_of_the_shipped_years_is_what_was_published() -> None:
    calendar = shipped()
    for year in calendar.years:
        day = date(year, 1, 1)
        while day.year == year:
            assert calendar.kind(day).is_workday == chinese_calendar.is_workday(day), day
            day += timedelta(days=1)


def test_a_year_without_a_published_arrangement_is_answered_provisionally() -> None:
    calendar = shipped()
    kinds = {day: calendar.kind(day) for day in (date(2031, 1, 1), date(2031, 1, 2), date(2031, 1, 4))}
    assert all(kind.is_provisional and "未公布" in kind.reason for kind in kinds.values())
    assert [kind.is_workday for kind in kinds.values()] == [False, True, False]


def test_the_last_days_of_the_last_published_year_may_still_move() -> None:
    calendar = shipped()
    last = max(calendar.years)
    assert calendar.kind(date(last, 12, 31)).is_provisional
    assert not calendar.kind(date(last, 12, 24)).is_provisional
    assert not calendar.kind(date(last - 1, 12, 31)).is_provisional


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("calendar: 1\nyears:\n  - {year: 2027, source: x, workdays: [2027-01-04]}\n", "本来就是工作日"),
        ("calendar: 1\nyears:\n  - {year: 2027, source: x, workdays: [2026-01-04]}\n", "不在 2027 年"),
        ("calendar: 1\nyears:\n  - {year: 2027, source: x, workdays: [一月四日]}\n", "不是日期"),
        ("calendar: 1\nyears:\n  - {year: 2027, source: x}\n  - {year: 2027, source: x}\n", "写了两次"),
        ("calendar: 1\nyears:\n  - {year: 2027, source: x, workday: []}\n", "没有“workday”这一项"),
        (
            "calendar: 1\nyears:\n  - {year: 2027, source: x, workdays: [2027-01-03],"
            " holidays: [{name: 元旦, days: 2027-01-01..2027-01-03}]}\n",
            "既放假又上班",
        ),
    ],
)
def test_a_bad_calendar_file_is_refused_with_words(text: str, told: str) -> None:
    years, problems = load_days(text, "c.yaml")
    assert years == ()
    assert any(told in str(problem) for problem in problems)
