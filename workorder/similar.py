"""Open orders like the one being told: the same place or the same caller, and the same matter by its words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ivr.speech.numerals import write_numbers
from workorder.draft import Draft, FieldName
from workorder.order import OrderNumber, WorkOrder
from workorder.search_words import pairs, plain

_NAMED = re.compile(
    r"[\u4e00-\u9fff]{2}(?:大道|路|街|巷|小区|花园|家园|新村|社区|广场|市场|医院|学校|小学|中学|大学|公园|大厦|桥|村|苑|府)"
)
_HEAD = re.compile(r"^(?:[\u4e00-\u9fff]{1,8}?(?<![小社园])[区县])?(?:[\u4e00-\u9fff]{1,6}?(?:街道|镇|乡))?")
"""District and street before a standard name: whole quarters have them in common."""
_ENOUGH = 0.3
_KEYWORDS, _WORDS, _CATEGORY = 0.5, 0.4, 0.3
_SAME_PLACE = 0.5


@dataclass(frozen=True, slots=True)
class Similar:
    """An order that may be about the same thing; `reasons` are `place`, `caller`, `matter`; `likeness` lies in 0..1."""

    number: OrderNumber
    likeness: float
    reasons: tuple[str, ...]


def place_key(place: str) -> str:
    """Return what two ways of saying one place have in common: the end of its first street or estate name."""
    named = _NAMED.search(place)
    return named.group() if named else plain(place).text[:8]


def place_of(draft: Draft) -> str:
    """Return where the matter is: in the gazetteer's names where it knew them, else as said."""
    return _HEAD.sub("", draft.value(FieldName.PLACE_STANDARD)) or draft.value(FieldName.PLACE)


def similar_orders(draft: Draft, others: Iterable[WorkOrder], most: int = 5) -> tuple[Similar, ...]:
    """Return which of `others` tell of the draft's matter at its place or by its caller, most alike first."""
    found = []
    for other in others:
        if other.draft.call == draft.call:
            continue
        reasons = []
        if _same_place(draft, other.draft):
            reasons.append("place")
        if _numbers(draft) & _numbers(other.draft):
            reasons.append("caller")
        matter = matter_likeness(draft, other.draft)
        if reasons and matter >= _ENOUGH:
            found.append(Similar(other.number, round(matter, 3), (*reasons, "matter")))
    return tuple(sorted(found, key=lambda each: (-len(each.reasons), -each.likeness, each.number))[:most])


def matter_likeness(one: Draft, other: Draft) -> float:
    """Return how alike two matters are (0..1): shared keywords, shared words of title and summary, same category."""
    keywords = _share(set(one.value(FieldName.KEYWORDS).split()), set(other.value(FieldName.KEYWORDS).split()))
    words = _share(_pairs_of(one), _pairs_of(other))
    category = float(bool(one.category) and one.category == other.category)
    return min(1.0, _KEYWORDS * keywords + _WORDS * words + _CATEGORY * category)


def _same_place(one: Draft, other: Draft) -> bool:
    here, there = place_of(one), place_of(other)
    if not here or not there or place_key(here) != place_key(there):
        return False
    numbers = [set(re.findall(r"\d+号", write_numbers(place).text)) for place in (here, there)]
    if numbers[0] and numbers[1] and not numbers[0] & numbers[1]:
        return False
    return _share(set(_twos(here)), set(_twos(there))) >= _SAME_PLACE


def _numbers(draft: Draft) -> set[str]:
    return {draft.value(FieldName.CALLER_NUMBER), draft.value(FieldName.PHONE)} - {""}


def _pairs_of(draft: Draft) -> set[str]:
    place = draft.value(FieldName.PLACE)
    text = f"{draft.value(FieldName.TITLE)}。{draft.value(FieldName.SUMMARY)}"
    return set(_twos(text.replace(place, "。") if place else text))


def _twos(text: str) -> Iterable[str]:
    return (pair for pair in pairs(plain(text).text) if len(pair) == 2)


def _share(one: set[str], other: set[str]) -> float:
    """Return the share of the smaller set that the other one has too."""
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0
