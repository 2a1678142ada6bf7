"""Read the years of days from YAML, strictly: all problems at once, with places and remedies."""

from __future__ import annotations

from datetime import date
from types import MappingProxyType

from ivr.flow.hours import parse_dates
from ivr.problems import Problem, has_errors
from ivr.yaml_fields import Fields
from ivr.yaml_source import YamlMap, read_yaml
from workorder.clock.days import YearOfDays


def load_days(text: str | bytes, file: str) -> tuple[tuple[YearOfDays, ...], tuple[Problem, ...]]:
    """Return the years of a calendar file, or none and every problem."""
    tree, found = read_yaml(text, file)
    if tree is None or has_errors(found):
        return (), found
    problems = list(found)
    top = Fields(tree, "放假安排", problems)
    top.integer("calendar", low=1, high=1)
    years = [_year(item, problems) for item in top.each_map("years", required=True)]
    seen: set[int] = set()
    for year in years:
        if year.year in seen:
            top.error(top.place("years"), f"{year.year} 年写了两次。", "合并成一年。")
        seen.add(year.year)
    top.done()
    return (() if has_errors(tuple(problems)) else tuple(years)), tuple(problems)


def _year(tree: YamlMap, problems: list[Problem]) -> YearOfDays:
    fields = Fields(tree, "一年的安排", problems)
    number = fields.integer("year", low=2000, high=2200)
    source = fields.text("source")
    holidays: dict[date, str] = {}
    for item in fields.each_map("holidays"):
        holiday = Fields(item, "节日", problems)
        name = holiday.text("name", longest=20)
        for day in _days(holiday, "days", number):
            holidays[day] = name
        holiday.done()
    workdays = frozenset(_days(fields, "workdays", number)) if fields.has("workdays") else frozenset[date]()
    for day in sorted(workdays & holidays.keys()):
        fields.error(fields.place("workdays"), f"{day} 既放假又上班。", "从其中一处删去。")
    for day in sorted(workdays):
        if day.weekday() < 5:
            fields.error(fields.place("workdays"), f"{day} 本来就是工作日，不是调休。", "只写周末上班的日子。")
    fields.done()
    return YearOfDays(number, MappingProxyType(holidays), workdays, source)


def _days(fields: Fields, key: str, year: int) -> list[date]:
    found: list[date] = []
    for text in fields.texts(key):
        days = parse_dates(text)
        if days is None:
            fields.error(fields.place(key), f"“{text[:40]}”不是日期。", "写成 2026-10-01 或 2026-10-01..2026-10-07。")
            continue
        if any(day.year != year for day in days):
            fields.error(fields.place(key), f"“{text[:40]}”不在 {year} 年。", "把它写到那一年里。")
        found += days
    return found
