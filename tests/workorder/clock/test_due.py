"""Due dates: cases by hand, and properties against a slow, obvious reference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workorder.clock.test_days import shipped
from workorder.clock.due import Due, Limit, Pause, TimeUnit, due_after, is_late, spoken_instant
from workorder.order import HOTLINE_TIME

CALENDAR = shipped()
H, W, D = TimeUnit.HOURS, TimeUnit.WORKDAYS, TimeUnit.DAYS


def china(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HOTLINE_TIME)


@pytest.mark.requirement("J-09", "J-10", "Y-36", "Y-39", "Y-40", "Y-43", "S-23", "S-25", "S-26")
@pytest.mark.parametrize(
    ("start", "limits", "due"),
    [
        # Jinan: five workdays, across two holidays; then five more, with a make-up Saturday
        ("2026-09-24 10:00", [(5, W)], "2026-10-09 周五 24:00"),
        ("2026-09-24 10:00", [(5, W), (5, W)], "2026-10-15 周四 24:00"),
        # Yangling: two, three and five workdays
        ("2026-11-20 09:00", [(2, W)], "2026-11-24 周二 24:00"),
        ("2026-11-20 09:00", [(3, W)], "2026-11-25 周三 24:00"),
        ("2026-11-20 09:00", [(5, W)], "2026-11-27 周五 24:00"),
        ("2026-11-20 09:00", [(5, W), (5, W)], "2026-12-04 周五 24:00"),
        # a workday limit that begins on a holiday, in the night, on a make-up workday
        ("2026-10-03 03:00", [(1, W)], "2026-10-08 周四 24:00"),
        ("2026-11-20 23:59", [(1, W)], "2026-11-23 周一 24:00"),
        ("2026-10-10 09:00", [(1, W)], "2026-10-12 周一 24:00"),
        # Suqian: hours run through midnight and holidays
        ("2026-09-30 22:30", [(4, H)], "2026-10-01 周四 02:30"),
        ("2026-09-30 20:00", [(12, H)], "2026-10-01 周四 08:00"),
        ("2026-09-30 20:00", [(12, H), (6, D)], "2026-10-07 周三 08:00"),
        ("2026-11-22 12:00", [(12, H)], "2026-11-22 周日 24:00"),
        # leap day, New Year
        ("2024-02-28 10:00", [(1, D)], "2024-02-29 周四 24:00"),
        ("2024-02-28 10:00", [(1, W)], "2024-02-29 周四 24:00"),
        ("2023-02-28 10:00", [(24, H)], "2023-03-01 周三 10:00"),
        ("2025-12-31 10:00", [(1, W)], "2026-01-04 周日 24:00"),
        ("2024-12-31 10:00", [(5, W)], "2025-01-08 周三 24:00"),
    ],
)
def test_the_cities_limits_end_where_their_rules_say(start: str, limits: list[tuple[int, TimeUnit]], due: str) -> None:
    found = due_after(china(start), [Limit(amount, unit) for amount, unit in limits], CALENDAR)
    assert found.spoken == due
    assert not found.is_provisional
    assert found.lines[0].startswith(spoken_instant(china(start)))
    assert due in found.lines[-1]


def test_a_december_order_gets_a_provisional_due_date_and_does_not_crash() -> None:
    found = due_after(china("2026-12-30 10:00"), [Limit(5, W)], CALENDAR)
    assert found.is_provisional
    assert found.spoken == "2027-01-07 周四 24:00（暂定）"
    assert any("2027 年放假安排未公布" in line for line in found.lines)
    assert "重新计算" in found.lines[-1]
    assert not due_after(china("2026-12-30 10:00"), [Limit(48, H)], CALENDAR).is_provisional


def test_the_instant_of_the_due_date_itself_is_in_time_and_a_second_later_is_not() -> None:
    due = due_after(china("2026-11-20 08:00"), [Limit(12, H)], CALENDAR).at
    assert not is_late(due, due)
    assert is_late(due, due + timedelta(seconds=1))
    assert not is_late(None, due)


def test_a_pause_in_hours_moves_the_end_by_its_length_and_in_days_spares_the_days_it_touches() -> None:
    pause = Pause(china("2026-11-20 10:00"), china("2026-11-20 13:00"), "等待鉴定")
    found = due_after(china("2026-11-20 08:00"), [Limit(12, H)], CALENDAR, [pause])
    assert found.spoken == "2026-11-20 周五 23:00"
    assert any("等待鉴定" in line for line in found.lines)
    pause = Pause(china("2026-11-24 10:00"), china("2026-11-25 09:00"), "等待鉴定")
    found = due_after(china("2026-11-20 08:00"), [Limit(2, W)], CALENDAR, [pause])
    assert found.spoken == "2026-11-26 周四 24:00"


def test_a_limit_that_makes_no_sense_is_refused() -> None:
    for amount in (0, -1, 10**9):
        with pytest.raises(ValueError, match="makes no sense"):
            Limit(amount, W)


INSTANTS = st.datetimes(datetime(2022, 1, 1), datetime(2026, 9, 1)).map(
    lambda at: at.replace(microsecond=0, second=0, tzinfo=HOTLINE_TIME)
)
PAUSES = st.lists(
    st.tuples(INSTANTS, st.integers(0, 60 * 24 * 12)).map(lambda p: Pause(p[0], p[0] + timedelta(minutes=p[1]))),
    max_size=4,
)


def close_pauses(start: datetime, offsets: list[tuple[int, int]]) -> list[Pause]:
    return [
        Pause(start + timedelta(minutes=begin), start + timedelta(minutes=begin + length)) for begin, length in offsets
    ]


OFFSETS = st.lists(st.tuples(st.integers(-2000, 6000), st.integers(0, 3000)), max_size=4)


def slow_hours(start: datetime, hours: int, pauses: list[Pause]) -> datetime:
    """Minute by minute."""
    at, left = start, hours * 60
    while left:
        if not any(pause.begun <= at < pause.ended for pause in pauses):
            left -= 1
        at += timedelta(minutes=1)
    return at


def slow_days(start: datetime, amount: int, is_counted: object, pauses: list[Pause]) -> datetime:
    """Day by day; a day is spared when any of its minutes is paused."""
    day = start.replace(hour=0, minute=0)
    while amount:
        day += timedelta(days=1)
        minutes = [day + timedelta(minutes=m) for m in range(24 * 60)]
        paused = any(pause.begun <= minute < pause.ended for pause in pauses for minute in minutes)
        if is_counted(day.date()) and not paused:  # type: ignore[operator]
            amount -= 1
    return day + timedelta(days=1)


@given(INSTANTS, st.integers(1, 80), OFFSETS)
@settings(max_examples=60, deadline=None)
def test_hours_are_what_a_minute_counter_says(start: datetime, hours: int, offsets: list[tuple[int, int]]) -> None:
    pauses = close_pauses(start, offsets)
    assert due_after(start, [Limit(hours, H)], CALENDAR, pauses).at == slow_hours(start, hours, pauses)


@given(INSTANTS, st.integers(1, 12), OFFSETS, st.sampled_from([W, D]))
@settings(max_examples=60, deadline=None)
def test_days_are_what_a_day_counter_says(
    start: datetime, amount: int, offsets: list[tuple[int, int]], unit: TimeUnit
) -> None:
    import chinese_calendar

    pauses = close_pauses(start, offsets)
    is_counted = chinese_calendar.is_workday if unit is W else (lambda _: True)
    found = due_after(start, [Limit(amount, unit)], CALENDAR, pauses)
    assert found.at == slow_days(start, amount, is_counted, pauses)
    counted = [line for line in found.lines if "　第 " in line]
    assert len(counted) == amount
    days = (found.at.astimezone(HOTLINE_TIME).date() - start.date()).days
    assert sum("　" in line for line in found.lines) == days - 1  # one line for each day that was looked at


@given(INSTANTS, st.integers(1, 200), st.integers(1, 30), st.sampled_from(list(TimeUnit)), PAUSES)
@settings(max_examples=80, deadline=None)
def test_more_time_or_more_pause_never_makes_it_due_earlier(
    start: datetime, amount: int, more: int, unit: TimeUnit, pauses: list[Pause]
) -> None:
    def due(limit: int, stops: list[Pause]) -> Due:
        return due_after(start, [Limit(limit, unit)], CALENDAR, stops)

    assert start < due(amount, []).at <= due(amount, pauses).at < due(amount + more, pauses).at
    assert due(amount, pauses).at.tzinfo is UTC
    in_two = due_after(start, [Limit(amount, unit), Limit(more, unit)], CALENDAR, pauses)
    assert in_two.at == due(amount + more, pauses).at
