"""Opening hours: how they are written (周一至周五: 08:30-12:00 14:00-17:30) and whether an instant is within them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone

LOCAL = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China keeps one time without summer time since 1991."""

Spans = tuple[tuple[int, int], ...]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CHINESE_DAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")
_MOST_DAYS = 400


def parse_spans(text: str) -> Spans | None:
    """Read `08:30-12:00 14:00-17:30`; None when it is not that. Minutes of the day; the end may be 24:00."""
    if text in ("closed", "休息"):
        return ()
    spans = []
    for piece in re.split(r"[,，、\s]+(?=[0-9]{1,2}:[0-9]{2}\s*-)", text.strip()):
        found = _SPAN.fullmatch(piece.strip())
        if not found:
            return None
        begin_hour, begin_minute, end_hour, end_minute = map(int, found.groups())
        begin, end = begin_hour * 60 + begin_minute, end_hour * 60 + end_minute
        if begin_minute > 59 or end_minute > 59 or end > 24 * 60 or begin >= end:
            return None
        spans.append((begin, end))
    return tuple(spans)


def parse_days(text: str) -> tuple[int, ...] | None:
    """Read `mon`, `mon-fri`, `周一至周五`, `周六`, `每天`; Monday is 0. None when it is not that."""
    if text in ("daily", "每天"):
        return tuple(range(7))
    ends = [_day(piece.strip()) for piece in re.split(r"[-至到~]", text)]
    if any(day is None for day in ends) or len(ends) > 2:
        return None
    first, last = ends[0], ends[-1]
    if first is None or last is None or first > last:
        return None
    return tuple(range(first, last + 1))


def _day(text: str) -> int | None:
    for names in (DAYS, _CHINESE_DAYS):
        if text in names:
            return names.index(text)
    return 6 if text in ("周天", "星期日") else None


def parse_dates(text: str) -> tuple[date, ...] | None:
    """Read `2026-10-01` or `2026-10-01..2026-10-07`; None when it is not that."""
    pieces = text.split("..")
    try:
        ends = [date.fromisoformat(piece.strip()) for piece in pieces]
    except ValueError:
        return None
    if len(ends) > 2 or ends[0] > ends[-1] or (ends[-1] - ends[0]).days > _MOST_DAYS:
        return None
    return tuple(_each_day(ends[0], ends[-1]))


def _each_day(first: date, last: date) -> Iterator[date]:
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def is_within(spans: Spans, minute: int) -> bool:
    """Whether a minute of the day lies in one of the spans; the end itself does not."""
    return any(begin <= minute < end for begin, end in spans)


def local_minute(at: datetime) -> tuple[date, int]:
    """Return the local date and minute of the day of an aware instant."""
    local = at.astimezone(LOCAL)
    return local.date(), local.hour * 60 + local.minute


def is_open(weekly: tuple[Spans, ...], holidays: frozenset[date], workdays: frozenset[date], at: datetime) -> bool:
    """Whether `at` is within the hours; a make-up workday has Monday's hours, a holiday none."""
    day, minute = local_minute(at)
    if day in workdays:
        return is_within(weekly[0], minute)
    return day not in holidays and is_within(weekly[day.weekday()], minute)
