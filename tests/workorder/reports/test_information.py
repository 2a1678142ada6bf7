"""Information that units owe: on the last minute in time, a minute later late, never sent missing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

import workorder.reports
from workorder.order import HOTLINE_TIME
from workorder.reports.information import (
    Duties,
    Duty,
    Sent,
    Stands,
    due_of,
    information_grid,
    owed_by,
    periods_between,
    read_duties,
)

MONTHLY, WEEKLY = Duty("work", "工作信息", "month", 5), Duty("brief", "简讯", "week", 1)
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))
DUE = datetime(2026, 11, 6, tzinfo=HOTLINE_TIME)


def sent(unit: str, at: datetime) -> Sent:
    return Sent(unit, "work", "2026-10", "十月", "……", "老李", at)


def test_the_duties_that_ship_are_sound() -> None:
    file = Path(workorder.reports.__file__).parent / "information.yaml"
    duties, problems = read_duties(file.read_bytes(), file.name)
    assert not problems
    assert duties is not None
    assert duties.duty("work") is not None
    _, problems = read_duties(
        "information: 1\nclause: L-27\nduties:\n - {name: a, title: 甲, every: year, days: 5}\n", "x"
    )
    assert "month" in str(problems[0])


def test_each_unit_stands_as_it_sent() -> None:
    units = ("准时局", "迟到局", "没报局")
    have = [sent("准时局", DUE - timedelta(minutes=1)), sent("迟到局", DUE)]
    owed = owed_by(Duties("L-27", (MONTHLY,)), units, have, *OCTOBER, DUE + timedelta(days=1))
    assert [each.stands for each in owed] == [Stands.IN_TIME, Stands.LATE, Stands.MISSING]
    early = owed_by(Duties("L-27", (MONTHLY,)), units, [], *OCTOBER, DUE - timedelta(minutes=1))
    assert {each.stands for each in early} == {Stands.WAITING}
    grid = information_grid(owed, "L-27")
    assert [row[0] for row in grid.rows] == ["没报局", "迟到局", "准时局"], "the worst first"
    assert "2026-10 漏报" in str(grid.rows[0][6])


def test_a_period_is_owed_when_it_ends_within_the_days() -> None:
    assert periods_between("month", *OCTOBER) == ("2026-10",)
    assert periods_between("month", date(2026, 10, 1), date(2026, 10, 30)) == ()
    assert periods_between("week", date(2026, 12, 28), date(2027, 1, 3)) == ("2026-W53",)


@pytest.mark.parametrize(
    ("duty", "period", "due"),
    [
        (MONTHLY, "2026-12", datetime(2027, 1, 6, tzinfo=HOTLINE_TIME)),
        (WEEKLY, "2026-W53", datetime(2027, 1, 5, tzinfo=HOTLINE_TIME)),
    ],
)
def test_the_limit_runs_across_new_year(duty: Duty, period: str, due: datetime) -> None:
    assert due_of(duty, period) == due


@pytest.mark.parametrize(
    ("duty", "period"), [(MONTHLY, "2026-13"), (MONTHLY, "2026-1"), (WEEKLY, "2026-W54"), (WEEKLY, "x")]
)
def test_what_is_no_period_is_refused(duty: Duty, period: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        due_of(duty, period)
