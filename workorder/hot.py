"""Hot matters found by themselves: bursts, concentrations and lasting matters among orders, and critical words in one.

热点 hot: many people of the whole city with the same matter within hours.
集中 concentrated: several at one place within a day.
持续 lasting: one matter at one place on several days within the city's own window, from the FIRST complaint on.
紧急 critical: one order is enough.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from ivr.problems import Problem
from ivr.speech.numerals import write_numbers
from ivr.yaml_fields import Fields
from ivr.yaml_source import read_yaml
from workorder.cities.pack import Pack
from workorder.clock.due import TimeUnit
from workorder.order import OrderNumber, order_day
from workorder.search_words import pairs, plain

_ALIKE = 0.5
_DEFAULT_LASTING_DAYS = 30
_NOT = ("没有", "不是", "并非", "没发生", "假的", "演练")
_NEAR = 4
"""A word that is denied within so many characters before it is no alarm."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a detector sees of an order: where, what about, in which words."""

    number: OrderNumber
    at: datetime
    place: str
    category: str
    text: str


@dataclass(frozen=True, slots=True)
class Windows:
    """How many, within what time, make an alert."""

    hot_count: int = 10
    hot_within: timedelta = timedelta(hours=2)
    place_count: int = 4
    place_within: timedelta = timedelta(hours=24)
    lasting_days: int = 3
    lasting_within: timedelta = timedelta(days=_DEFAULT_LASTING_DAYS)

    @property
    def longest(self) -> timedelta:
        return max(self.hot_within, self.place_within, self.lasting_within)


@dataclass(frozen=True, slots=True)
class Hot:
    """One alert; `id` stays the same while it grows: for a day, a lasting matter for a week. `numbers` oldest first."""

    id: str
    kind: str  # hot | concentrated | lasting | critical
    title: str
    numbers: tuple[OrderNumber, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class CriticalClass:
    """One class of critical information, and the words that tell of it."""

    name: str
    title: str
    words: tuple[str, ...]


KIND_TITLES: Mapping[str, str] = MappingProxyType(
    {"hot": "热点", "concentrated": "集中", "lasting": "持续", "critical": "紧急信息", "access": "异常访问"}
)


def spot_of(place: str, key: str) -> str:
    """Return the one place: a street's or an estate's name, with the house number where one was said."""
    house = re.search(r"\d+号", write_numbers(place).text)
    return f"{key}{house.group()}" if house and key and house.group() not in key else key


def windows_of(pack: Pack) -> Windows:
    """Return the windows of a city: lasting matters are counted within its own repeat window."""
    days = [each.limit.amount for each in pack.repeat_windows if each.limit.unit is not TimeUnit.HOURS]
    return Windows(lasting_within=timedelta(days=max(days, default=_DEFAULT_LASTING_DAYS)))


def hot_matters(told: Sequence[Told], windows: Windows) -> tuple[Hot, ...]:
    """Return what is hot among orders, given oldest first: each matter under one id, its strongest sign first."""
    found: list[Hot] = []
    for group in _matters(told):
        last = group[-1].at
        recent = [each for each in group if last - each.at <= windows.hot_within]
        if len(recent) >= windows.hot_count:
            found.append(_hot("hot", recent, ""))
        by_place: dict[str, list[Told]] = defaultdict(list)
        for each in group:
            if each.place:
                by_place[each.place].append(each)
        for place, here in by_place.items():
            near = [each for each in here if here[-1].at - each.at <= windows.place_within]
            if len(near) >= windows.place_count:
                found.append(_hot("concentrated", near, place))
            first = [each for each in here if here[-1].at - each.at <= windows.lasting_within]
            if len({order_day(each.at) for each in first}) >= windows.lasting_days:
                found.append(_hot("lasting", first, place))
    return tuple(found)


def critical_of(told: Told, classes: Iterable[CriticalClass]) -> tuple[Hot, ...]:
    """Return the critical classes that one order tells of."""
    text = plain(told.text).text
    found = []
    for each in classes:
        word = next((word for word in each.words if _says(text, word)), "")
        if word:
            title = f"{each.title}：{word}"
            found.append(Hot(f"critical:{each.name}:{told.number}", "critical", title, (told.number,), told.at))
    return tuple(found)


def read_critical(text: str | bytes, file: str) -> tuple[tuple[CriticalClass, ...], tuple[Problem, ...]]:
    """Read the critical classes; no classes when there are errors."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return (), tuple(problems)
    fields = Fields(tree, "紧急信息", problems)
    fields.integer("critical", 1, 1, 1)
    classes = []
    listed = fields.map("classes")
    if listed is not None:
        inner = Fields(listed, "类别", problems)
        for name in listed.entries:
            entry = inner.map(name)
            if entry is not None:
                one = Fields(entry, name, problems)
                classes.append(CriticalClass(name, one.text("title"), one.texts("words", ())))
                one.done()
        inner.done()
    fields.done()
    return (() if any(problem.is_error for problem in problems) else tuple(classes)), tuple(problems)


def _matters(told: Sequence[Told]) -> list[list[Told]]:
    """Put orders about the same matter together: the same category, or most of the shorter one's words."""
    groups: list[tuple[list[Told], frozenset[str], str]] = []
    by_category: dict[str, int] = {}
    for each in told:
        words = frozenset(_twos(each.text.replace(each.place, "") if each.place else each.text))
        at = by_category.get(each.category, -1) if each.category else -1
        if at < 0 and not each.category:
            at = next((nth for nth, (_, common, _) in enumerate(groups) if _alike(words, common)), -1)
        if at < 0:
            groups.append(([], words, each.category))
            at = len(groups) - 1
            if each.category:
                by_category[each.category] = at
        groups[at][0].append(each)
    return [group for group, _, _ in groups]


def _hot(kind: str, group: Sequence[Told], place: str) -> Hot:
    first = group[0]
    about = first.category.rpartition("/")[2] or first.text[:20]
    where = f"{place}　" if place else ""
    matter = hashlib.sha256(f"{first.category or first.text}|{place}".encode("utf-8", "replace")).hexdigest()[:16]
    last = order_day(group[-1].at)
    year, week, _ = last.isocalendar()
    id = f"{kind}:{matter}:{f'{year}-{week:02d}' if kind == 'lasting' else last.isoformat()}"
    span = f"{len(group)} 件" if kind != "lasting" else f"{len(group)} 件，持续 {(group[-1].at - first.at).days + 1} 天"
    return Hot(id, kind, f"{where}{about}（{span}）", tuple(each.number for each in group), first.at)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and len(one & other) / min(len(one), len(other)) >= _ALIKE


def _twos(text: str) -> Iterable[str]:
    return (pair for pair in pairs(plain(text).text) if len(pair) == 2)


def _says(text: str, word: str) -> bool:
    at = text.find(word)
    while at >= 0:
        before = text[max(0, at - _NEAR) : at]
        if not any(each in before for each in _NOT):
            return True
        at = text.find(word, at + 1)
    return False
