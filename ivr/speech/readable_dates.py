"""Days said relative to the call (昨天, 上周三, 本月5号) as days of the calendar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

_DAYS = {"大前天": -3, "前天": -2, "昨天": -1, "昨晚": -1, "昨日": -1, "今天": 0, "今早": 0, "今晚": 0, "今日": 0,
         "明天": 1, "明日": 1, "后天": 2, "大后天": 3}  # fmt: skip
_WEEKDAYS = (
    {char: number for number, char in enumerate("一二三四五六日")} | {"天": 6} | {str(n): n - 1 for n in range(1, 8)}
)
_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1}
_RELATIVE = re.compile("|".join(sorted(_DAYS, key=len, reverse=True)))
_WEEK = re.compile(r"(上上|上|这|本|下)个?(?:周|星期|礼拜)([一二三四五六日天1-7])")
_DAY = re.compile(
    r"(?:(上个?|这个?|本|下个?)月|(?<!\d)(1[0-2]|[1-9])月)(?:份)?的?(3[01]|[12]\d|[1-9])[号日](?!楼|线|院|门|店|桌|库)"
)


def find_dates(text: str, day: date) -> Iterator[tuple[int, int, date]]:
    """Yield where a day is named in `text` (numbers in digits) and which day it is, seen from `day`.

    A month that is named without a year is the nearest one: in January, 12月 is the one just over.
    """
    for match in _RELATIVE.finditer(text):
        yield *match.span(), day + timedelta(days=_DAYS[match.group()])
    for match in _WEEK.finditer(text):
        monday = day - timedelta(days=day.weekday())
        yield *match.span(), monday + timedelta(days=7 * _WEEKS[match.group(1)] + _WEEKDAYS[match.group(2)])
    for match in _DAY.finditer(text):
        found = _in_month(match, day)
        if found is not None:
            yield *match.span(), found


def _in_month(match: re.Match[str], day: date) -> date | None:
    relative, month, number = match.groups()
    if month is not None:
        near = [
            found for year in (day.year - 1, day.year, day.year + 1) if (found := _date(year, int(month), int(number)))
        ]
        return min(near, key=lambda each: abs((each - day).days), default=None)
    months = day.year * 12 + day.month - 1 + {"上": -1, "这": 0, "本": 0, "下": 1}[relative[0]]
    return _date(months // 12, months % 12 + 1, int(number))


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None  # such as 2月30号
