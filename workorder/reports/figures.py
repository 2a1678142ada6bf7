"""The figures (指标) as data: each a count or a rate of things counted, with its formula in words and its clause."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ivr.problems import Problem
from ivr.yaml_fields import Fields, remedy_for_unknown
from ivr.yaml_source import read_yaml
from workorder.reports.grid import Kind
from workorder.reports.moments import What
from workorder.reports.tally import OF_CALLS, Counts


@dataclass(frozen=True, slots=True)
class Figure:
    """`part` added up; a rate when there is a `whole` to divide it by. `excluded` says who is not counted."""

    name: str
    title: str
    part: tuple[What, ...]
    whole: tuple[What, ...]
    formula: str
    clause: str
    excluded: str = ""

    @property
    def kind(self) -> Kind:
        return Kind.SHARE if self.whole else Kind.COUNT

    @property
    def is_of_calls(self) -> bool:
        """Whether it is about calls, which have no area, unit or matter."""
        return not OF_CALLS.isdisjoint((*self.part, *self.whole))

    def value(self, counts: Counts) -> int | float | None:
        """Return the count, or the rate to 0.0001; None where there is nothing to divide by."""
        part = sum(counts[each] for each in self.part)
        if not self.whole:
            return part
        whole = sum(counts[each] for each in self.whole)
        return round(part / whole, 4) if whole else None


def read_figures(text: str | bytes, file: str) -> tuple[Mapping[str, Figure], tuple[Problem, ...]]:
    """Read the figures by name; none when there are errors."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return MappingProxyType({}), tuple(problems)
    fields = Fields(tree, "指标文件", problems)
    fields.integer("figures", 1, 1, 1)
    figures: dict[str, Figure] = {}
    listed = fields.map("list")
    if listed is not None:
        inner = Fields(listed, "指标", problems)
        for name in listed.entries:
            entry = inner.map(name)
            if entry is not None:
                figures[name] = _figure(name, Fields(entry, name, problems))
        inner.done()
    fields.done()
    return MappingProxyType({} if any(each.is_error for each in problems) else figures), tuple(problems)


def _figure(name: str, one: Fields) -> Figure:
    figure = Figure(
        name,
        one.text("title"),
        _counted(one, "part"),
        _counted(one, "whole"),
        one.text("formula"),
        one.text("clause"),
        one.text("excluded", ""),
    )
    if not figure.part:
        one.error(one.tree.place, f"“{name}”没有写数什么。", f"part 里写：{'、'.join(What)}。")
    one.done()
    return figure


def _counted(one: Fields, key: str) -> tuple[What, ...]:
    found = []
    for word in one.texts(key, ()):
        if word in set(What):
            found.append(What(word))
        else:
            one.error(one.place(key), f"不会数“{word}”。", remedy_for_unknown(word, [str(each) for each in What]))
    return tuple(found)
