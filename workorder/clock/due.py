"""Due dates: from a start, limits, pauses and a calendar to an instant, with one line for every day that was looked at.

Rules (民法典 200 to 203): hours run from the instant itself, day and night; of days the day of the start never counts,
and the last one ends at 24:00. A day touched by a pause does not count. An extension begins where the limit before it
ends; in days after a limit in hours it keeps the time of day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from workorder.clock.days import WorkCalendar, days_after, spoken
from workorder.order import HOTLINE_TIME

MOST_DAYS = 3660
"""A limit longer than ten years is a slip of the pen."""


class TimeUnit(StrEnum):
    """In what a limit is counted."""

    HOURS = "hours"
    WORKDAYS = "workdays"
    DAYS = "days"


UNIT_TITLES = {TimeUnit.HOURS: "小时", TimeUnit.WORKDAYS: "个工作日", TimeUnit.DAYS: "天（自然日）"}


@dataclass(frozen=True, slots=True)
class Limit:
    """A stretch of time, at least one of its unit; ValueError when it is not."""

    amount: int
    unit: TimeUnit

    def __post_init__(self) -> None:
        longest = MOST_DAYS * (24 if self.unit is TimeUnit.HOURS else 1)
        if not 1 <= self.amount <= longest:
            raise ValueError(f"a limit of {self.amount} {self.unit} makes no sense")

    def __str__(self) -> str:
        return f"{self.amount} {UNIT_TITLES[self.unit]}"


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stood from `begun` until `ended`; a pause that still lasts is given with the instant of asking."""

    begun: datetime
    ended: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """When it is due (aware, UTC), whether that may still change with an unpublished year, and the reckoning."""

    at: datetime
    is_provisional: bool
    lines: tuple[str, ...]

    @property
    def spoken(self) -> str:
        """Return `2026-10-09 24:00`, in Chinese time; midnight belongs to the day that it ends."""
        text = spoken_instant(self.at)
        return f"{text}（暂定）" if self.is_provisional else text


def spoken_instant(at: datetime) -> str:
    """Return an instant in Chinese time to the minute; midnight belongs to the day that it ends."""
    local = at.astimezone(HOTLINE_TIME)
    if local.time() == time():
        return f"{spoken(local.date() - timedelta(days=1))} 24:00"
    return f"{spoken(local.date())} {local:%H:%M}" + (f":{local:%S}" if local.second else "")


def due_after(start: datetime, limits: Sequence[Limit], calendar: WorkCalendar, pauses: Sequence[Pause] = ()) -> Due:
    """Return when the limits, one after another, have run out since the aware instant `start`."""
    stretches = _merged(pauses)
    lines = [f"{spoken_instant(start)} 起算"]
    at, ends_with_day, provisional = start.astimezone(HOTLINE_TIME), True, False
    for nth, limit in enumerate(limits):
        lines.append(f"{'时限' if nth == 0 else '延长'} {limit}")
        if limit.unit is TimeUnit.HOURS:
            at = _add_hours(at, limit.amount, stretches, calendar, lines)
            ends_with_day = False
            continue
        day = at.date()
        if nth and ends_with_day:
            day -= timedelta(days=1)  # 24:00 of a day is the next one's midnight
        day, unsure = _add_days(day, limit, stretches, calendar, lines)
        provisional = provisional or unsure
        if ends_with_day:
            at = datetime.combine(day + timedelta(days=1), time(), HOTLINE_TIME)
        else:
            at = datetime.combine(day, at.time(), HOTLINE_TIME)
    due = Due(at.astimezone(UTC), provisional, ())
    ending = "（有年份的放假安排未公布，公布后重新计算）" if provisional else ""
    return Due(due.at, provisional, (*lines, f"到期：{due.spoken}{ending}"))


def is_late(due: datetime | None, at: datetime) -> bool:
    """Whether `at` lies after the due instant; what happens at that very instant is in time."""
    return due is not None and at > due


def _add_days(
    day: date, limit: Limit, pauses: Sequence[Pause], calendar: WorkCalendar, lines: list[str]
) -> tuple[date, bool]:
    counted, unsure = 0, False
    for each in days_after(day):
        kind = calendar.kind(each)
        paused = next((pause for pause in pauses if _touches(pause, each)), None)
        if limit.unit is TimeUnit.WORKDAYS:
            unsure = unsure or kind.is_provisional
        if paused is not None:
            lines.append(f"{spoken(each)}　不计：暂停（{paused.why or '未写原因'}）")
        elif limit.unit is TimeUnit.WORKDAYS and not kind.is_workday:
            lines.append(f"{spoken(each)}　不计：{kind.reason}")
        else:
            counted += 1
            reason = kind.reason if limit.unit is TimeUnit.WORKDAYS else "自然日"
            lines.append(f"{spoken(each)}　第 {counted} 日：{reason}")
            if counted == limit.amount:
                return each, unsure
    raise AssertionError("days_after never ends")


def _add_hours(at: datetime, hours: int, pauses: Sequence[Pause], calendar: WorkCalendar, lines: list[str]) -> datetime:
    begun, left = at, timedelta(hours=hours)
    for pause in pauses:
        if pause.ended <= at:
            continue
        gap = max(timedelta(), pause.begun - at)
        if left <= gap:
            break
        left -= gap
        stretch = f"{spoken_instant(max(at, pause.begun))} 至 {spoken_instant(pause.ended)}"
        lines.append(f"{stretch}　不计：暂停（{pause.why or '未写原因'}）")
        at = pause.ended
    end = (at + left).astimezone(HOTLINE_TIME)
    for day in days_after(begun.astimezone(HOTLINE_TIME).date() - timedelta(days=1)):
        if day > end.date():
            break
        kind = calendar.kind(day)
        if not kind.is_workday:
            lines.append(f"{spoken(day)}　照计：{kind.reason}，按小时的时限昼夜不停")
    return end


def _touches(pause: Pause, day: date) -> bool:
    begin = datetime.combine(day, time(), HOTLINE_TIME)
    return pause.begun < begin + timedelta(days=1) and pause.ended > begin


def _merged(pauses: Sequence[Pause]) -> tuple[Pause, ...]:
    """Return the pauses in order, those that overlap made one; empty ones are left out."""
    merged: list[Pause] = []
    for pause in sorted(pauses, key=lambda each: each.begun):
        if pause.ended <= pause.begun:
            continue
        if merged and pause.begun <= merged[-1].ended:
            last = merged.pop()
            why = last.why if pause.why in last.why else f"{last.why}；{pause.why}"
            pause = Pause(last.begun, max(last.ended, pause.ended), why)
        merged.append(pause)
    return tuple(merged)
