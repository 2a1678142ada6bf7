"""What units must send in (资料信息报送), by when, and who did: in time, late, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from ivr.problems import Problem
from ivr.yaml_fields import Fields
from ivr.yaml_source import read_yaml
from workorder.order import HOTLINE_TIME
from workorder.reports.grid import Cell, Column, Grid, Kind


class Stands(StrEnum):
    """How a unit stands with one thing that it owes."""

    IN_TIME = "in_time"
    LATE = "late"
    MISSING = "missing"
    WAITING = "waiting"  # 还没有到期


STANDS_TITLES = {Stands.IN_TIME: "按时", Stands.LATE: "迟报", Stands.MISSING: "漏报", Stands.WAITING: "未到期"}


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to send in for each month or week, within so many days after it is over."""

    name: str
    title: str
    every: str  # month | week
    days: int


@dataclass(frozen=True, slots=True)
class Duties:
    """What every unit owes, and the clause that says so."""

    clause: str = ""
    owed: tuple[Duty, ...] = ()

    def duty(self, name: str) -> Duty | None:
        return next((each for each in self.owed if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a unit sent in for a period (2026-10, 2026-W43): the first sending, and who sent it when."""

    unit: str
    duty: str
    period: str
    title: str
    text: str
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing that one unit owes for one period, and how it stands."""

    unit: str
    duty: Duty
    period: str
    due: datetime
    stands: Stands
    sent: Sent | None = None


def read_duties(text: str | bytes, file: str) -> tuple[Duties | None, tuple[Problem, ...]]:
    """Read what units owe; None when there are errors."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return None, tuple(problems)
    fields = Fields(tree, "报送文件", problems)
    fields.integer("information", 1, 1, 1)
    clause = fields.text("clause")
    owed: list[Duty] = []
    for each in fields.each_map("duties"):
        one = Fields(each, "报送事项", problems)
        duty = Duty(
            one.text("name", longest=40), one.text("title"), one.choice("every", ("month", "week")),
            one.integer("days", low=1, high=28),
        )  # fmt: skip
        one.done()
        if any(known.name == duty.name for known in owed):
            one.error(each.place, f"“{duty.name}”写了两次。", "删去一个。")
        owed.append(duty)
    fields.done()
    return (None if any(each.is_error for each in problems) else Duties(clause, tuple(owed))), tuple(problems)


def periods_between(every: str, since: date, until: date) -> tuple[str, ...]:
    """Return the months or weeks that end within these days."""
    days = (since + timedelta(days=nth) for nth in range((until - since).days + 1))
    return tuple(_period(every, day) for day in days if _period(every, day) != _period(every, day + timedelta(days=1)))


def due_of(duty: Duty, period: str) -> datetime:
    """Return until when a duty's period must be in; ValueError for what is no period of it."""
    try:
        if duty.every == "week":
            over = datetime.strptime(f"{period}-7", "%G-W%V-%u").date() + timedelta(days=1)
        else:
            first = datetime.strptime(period, "%Y-%m").date()
            over = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    except (ValueError, OverflowError):
        over = date.min + timedelta(days=1)
    if _period(duty.every, over - timedelta(days=1)) != period:
        raise ValueError(f"{period} is no {duty.every}")
    return datetime.combine(over + timedelta(days=duty.days), time(), HOTLINE_TIME)


def owed_by(
    duties: Duties, units: Iterable[str], sent: Iterable[Sent], since: date, until: date, now: datetime
) -> tuple[Owed, ...]:
    """Return every unit's every duty whose period ends within these days, units in their order."""
    known: Mapping[tuple[str, str, str], Sent] = {(each.unit, each.duty, each.period): each for each in sent}
    found = []
    for unit in units:
        for duty in duties.owed:
            for period in periods_between(duty.every, since, until):
                one, due = known.get((unit, duty.name, period)), due_of(duty, period)
                found.append(Owed(unit, duty, period, due, _stands(one, due, now), one))
    return tuple(found)


def information_grid(owed: Sequence[Owed], clause: str) -> Grid:
    """Return a row per unit: how much it owed, and how it stood; the worst first."""
    rows: list[tuple[Cell, ...]] = []
    for unit in dict.fromkeys(each.unit for each in owed):
        mine = [each for each in owed if each.unit == unit]
        count = {stands: sum(each.stands is stands for each in mine) for stands in Stands}
        bad = [each for each in mine if each.stands in (Stands.LATE, Stands.MISSING)]
        told = "；".join(f"{each.duty.title} {each.period} {STANDS_TITLES[each.stands]}" for each in bad[:6])
        rows.append(
            (unit, len(mine), count[Stands.IN_TIME], count[Stands.LATE], count[Stands.MISSING],
             count[Stands.WAITING], told)
        )  # fmt: skip
    rows.sort(key=lambda row: (-int(row[4] or 0), -int(row[3] or 0), str(row[0])))
    columns = (
        Column("unit", "承办单位", Kind.TEXT),
        Column("owed", "应报"),
        Column("in_time", "按时"),
        Column("late", "迟报", in_chart=True),
        Column("missing", "漏报", in_chart=True),
        Column("waiting", "未到期"),
        Column("what", "迟报和漏报的", Kind.TEXT),
    )
    note = f"应报：期间内结束的每个周期、每项各一份；迟报：到期后才报；漏报：到期而没有报。依据：{clause}"
    return Grid("资料信息报送", columns, tuple(rows), "none", note)


def _stands(sent: Sent | None, due: datetime, now: datetime) -> Stands:
    if sent is not None:
        return Stands.IN_TIME if sent.at < due else Stands.LATE
    return Stands.MISSING if now >= due else Stands.WAITING


def _period(every: str, day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}" if every == "week" else f"{day:%Y-%m}"
