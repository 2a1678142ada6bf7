"""The city's gazetteer (地名库): streets with their communities, roads and landmarks, read from strict YAML.

It finds the deployer's own names in speech and writes a place as said in its standard form:
西客站对面的公厕 is in 七里河区西站街道, standard 兰州西站.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ivr.problems import Place, Problem
from ivr.yaml_fields import remedy_for_unknown
from ivr.yaml_source import YamlList, YamlMap, YamlScalar, YamlValue, read_yaml, shorten
from routing.classify.matcher import Matcher, MatcherMaker, PlainMatcher

_KEYS = frozenset(["gazetteer", "city", "district", "streets", "shared"])
_LONGEST_NAME = 20
_MOST_NAMES = 100_000
_NAME = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]{2,20}")


@dataclass(frozen=True, slots=True)
class Named:
    """One place: its standard name, and the street it lies in (empty when several share it)."""

    name: str
    street: str


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """The names of one city; `said` maps every way to say a place to it, `matcher` finds `ways` in their order."""

    city: str
    district: str
    said: Mapping[str, Named]
    ways: tuple[str, ...]
    matcher: Matcher

    def street_of(self, place: str) -> str:
        """Return the street that the names in `place` lie in; empty when none is known, or they disagree."""
        streets = {named.street for named in self._names_in(place) if named.street}
        return streets.pop() if len(streets) == 1 else ""

    def standard(self, place: str) -> str:
        """Return `place` in standard names after district and street; empty when no name of it is known."""
        spans = self._spans_in(place)
        if not spans:
            return ""
        written, at = "", 0
        for begin, end in spans:
            written += place[at:begin] + self.said[place[begin:end]].name
            at = end
        written += place[at:]
        street = self.street_of(place)
        head = "".join(part for part in (self.district, street) if part and part not in written)
        return head + written

    def _names_in(self, place: str) -> list[Named]:
        return [self.said[place[begin:end]] for begin, end in self._spans_in(place)]

    def _spans_in(self, place: str) -> list[tuple[int, int]]:
        """Return where names stand, the longest first taken, none inside another."""
        taken: list[tuple[int, int]] = []
        for hit in sorted(self.matcher.find(place), key=lambda hit: (hit.begin - hit.end, hit.begin)):
            if all(hit.end <= begin or hit.begin >= end for begin, end in taken):
                taken.append((hit.begin, hit.end))
        return sorted(taken)


def read_gazetteer(
    text: str, file: str, make_matcher: MatcherMaker = PlainMatcher
) -> tuple[Gazetteer | None, tuple[Problem, ...]]:
    """Read a gazetteer; None when it cannot be used. Problems hold every finding, with places."""
    tree, problems = read_yaml(text, file)
    if tree is None or any(problem.is_error for problem in problems):
        return None, problems
    reader = _Reader(list(problems))
    for key, at in tree.keys.items():
        if key not in _KEYS:
            reader.error(at, f"地名库没有“{shorten(key)}”这一项。", remedy_for_unknown(key, _KEYS))
    version = tree.entries.get("gazetteer")
    if not isinstance(version, YamlScalar) or version.value != 1:
        reader.error(tree.place, "缺少地名库格式版本。", "在文件开头写 gazetteer: 1。")
    streets = tree.entries.get("streets")
    if not isinstance(streets, YamlMap):
        reader.error(tree.place, "没有街道。", "在 streets 下按街道写地名，例如 西园街道: [上西园]。")
    else:
        for street, names in streets.entries.items():
            at = streets.keys.get(street, streets.place)
            reader.add(street, Named(street, street), at)
            reader.take(names, street)
    reader.take(tree.entries.get("shared"), "")
    if any(problem.is_error for problem in reader.found):
        return None, tuple(reader.found)
    ways = tuple(sorted(reader.said))
    city, district = (_plain(tree.entries.get(key)) for key in ("city", "district"))
    said = MappingProxyType(dict(reader.said))
    return Gazetteer(city, district, said, ways, make_matcher(ways)), tuple(reader.found)


class _Reader:
    """Collects names and problems."""

    def __init__(self, found: list[Problem]) -> None:
        self.found = found
        self.said: dict[str, Named] = {}

    def take(self, value: YamlValue | None, street: str) -> None:
        """Read a list of names; `名=别名/别名` gives a name and other ways to say it."""
        if value is None:
            return
        if not isinstance(value, YamlList):
            self.error(value.place, "地名应写成列表。", "写成 [甲, 乙=别名]。")
            return
        for item in value.items:
            name, _, others = (item.raw if isinstance(item, YamlScalar) else "").partition("=")
            named = Named(name.strip(), street)
            for way in (name, *filter(None, others.split("/"))):
                self.add(way.strip(), named, item.place)

    def add(self, way: str, named: Named, at: Place) -> None:
        """Add one way to say a place."""
        if not _NAME.fullmatch(way):
            self.error(at, f"“{shorten(way)}”不能作地名。", f"写 2 到 {_LONGEST_NAME} 个汉字、字母或数字。")
        elif way in self.said and self.said[way] != named:
            self.error(at, f"“{way}”写了两次，指向不同的地方。", "只留一处，或写到 shared 下。")
        elif len(self.said) >= _MOST_NAMES:
            self.error(at, f"地名超过 {_MOST_NAMES} 个。", "分成几个文件，或删去用不到的。")
        else:
            self.said[way] = named

    def error(self, at: Place, what: str, remedy: str) -> None:
        self.found.append(Problem(at, what, remedy))


def _plain(value: YamlValue | None) -> str:
    return value.raw.strip() if isinstance(value, YamlScalar) else ""
