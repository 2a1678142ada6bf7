"""What stands in a report, as data: a template that a city changes without a program.

report: 1
title: 热线周报
period: week            # day, week, month, quarter: which days it is of when nobody says
sections:
  - {title: 概况, text: "{since} 至 {until} 受理 {opened} 件（{opened_change}）。"}
  - {title: 指标, figures: [opened, on_time_rate]}
  - {title: 各单位, by: unit, figures: [opened, on_time_rate], chart: bar, top: 20}
  - {title: 区域与类型, rows: area, columns: type, count: opened}
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from ivr.problems import Problem
from ivr.yaml_fields import Fields, remedy_for_unknown
from ivr.yaml_source import YamlMap, read_yaml
from workorder.reports.tally import DIMENSIONS, Cut

PERIODS = ("day", "week", "month", "quarter")
CHARTS = ("none", "bar", "line")
ALERTS = ("hot", "concentrated", "lasting", "critical")
WORDS = ("since", "until", "city", "top_topic", "top_unit", "top_area")
"""What a text may name besides the figures and their changes (`opened_change`)."""
PLACEHOLDER = re.compile(r"\{([a-z0-9_]*)\}")
DEFAULT_TOP = 20


@dataclass(frozen=True, slots=True)
class TextSection:
    """A paragraph with figures in it."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class FigureSection:
    """Figures with formula and change."""

    title: str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableSection:
    """A row for each value of one dimension; the first figure orders the rows, and is drawn."""

    title: str
    by: str
    figures: tuple[str, ...]
    chart: str
    top: int


@dataclass(frozen=True, slots=True)
class PivotSection:
    """One figure by two dimensions."""

    title: str
    rows: str
    columns: str
    count: str
    top: int


@dataclass(frozen=True, slots=True)
class SpreadSection:
    """Matters that came from several areas, or lie with several units."""

    title: str
    top: int


@dataclass(frozen=True, slots=True)
class AlertSection:
    """What was raised as hot, concentrated, lasting or critical."""

    title: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InformationSection:
    """Which unit sent in the information it owes: in time, late, or not at all."""

    title: str


Section: TypeAlias = (
    TextSection | FigureSection | TableSection | PivotSection | SpreadSection | AlertSection | InformationSection
)


@dataclass(frozen=True, slots=True)
class Template:
    """One report. `is_drafted`: made by itself when its period is over. Of a public one nothing below `least` shows."""

    name: str
    title: str
    period: str
    is_drafted: bool
    is_public: bool
    least: int
    clause: str
    sections: tuple[Section, ...]

    @property
    def cuts(self) -> frozenset[Cut]:
        """Return by what must be counted."""
        found: set[Cut] = {("topic",), ("unit",), ("area",)}
        for each in self.sections:
            match each:
                case TableSection(by=by):
                    found.add((by,))
                case PivotSection(rows=rows, columns=columns):
                    found.add((rows, columns))
                case SpreadSection():
                    found |= {("topic", "area"), ("topic", "unit")}
                case _:
                    pass
        return frozenset(found)


def read_template(
    text: str | bytes, file: str, name: str, figures: Collection[str]
) -> tuple[Template | None, tuple[Problem, ...]]:
    """Read one template; None when there are errors. `figures` are the names that may stand in it."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return None, tuple(problems)
    fields = Fields(tree, "报表模板", problems)
    fields.integer("report", 1, 1, 1)
    is_public = fields.choice("audience", ("internal", "public"), "internal") == "public"
    template = Template(
        name,
        fields.text("title"),
        fields.choice("period", PERIODS),
        fields.boolean("drafted", False),
        is_public,
        fields.integer("least", 5, 1, 100) if is_public else 0,
        fields.text("clause"),
        tuple(_sections(fields, problems, frozenset(figures), is_public)),
    )
    fields.done()
    if not template.sections:
        fields.error(tree.place, "报表里一节也没有。", "在 sections 下写至少一节。")
    return (None if any(each.is_error for each in problems) else template), tuple(problems)


def _sections(fields: Fields, problems: list[Problem], figures: frozenset[str], is_public: bool) -> list[Section]:
    found = []
    for tree in fields.each_map("sections", required=True):
        one = Fields(tree, "节", problems)
        section = _section(one, tree, figures, is_public)
        one.done()
        if section is not None:
            found.append(section)
    return found


def _section(one: Fields, tree: YamlMap, figures: frozenset[str], is_public: bool) -> Section | None:
    title = one.text("title")
    inner = {"rows", "spread", "alerts", "information"} & tree.entries.keys()
    if is_public and inner:
        one.error(tree.place, f"公开的报表里不能有“{inner.pop()}”。", "公开的只用 text、figures 和 by。")
        return None
    if one.has("text"):
        text = one.text("text")
        for word in PLACEHOLDER.findall(text):
            if word not in WORDS:
                _known(one, "text", word.removesuffix("_change"), figures)
        return TextSection(title, text)
    if one.has("by"):
        by = one.choice("by", DIMENSIONS)
        chart, top = one.choice("chart", CHARTS, "none"), one.integer("top", DEFAULT_TOP, 1, 500)
        return TableSection(title, by, _figures(one, figures), chart, top)
    if one.has("figures"):
        return FigureSection(title, _figures(one, figures))
    if one.has("rows"):
        rows, columns = one.choice("rows", DIMENSIONS), one.choice("columns", DIMENSIONS)
        count, top = one.text("count", "opened"), one.integer("top", DEFAULT_TOP, 1, 500)
        return PivotSection(title, rows, columns, _known(one, "count", count, figures), top)
    if one.has("spread"):
        return SpreadSection(title, one.integer("spread", DEFAULT_TOP, 1, 500))
    if one.has("alerts"):
        kinds = one.texts("alerts")
        for kind in kinds:
            if kind not in ALERTS:
                one.error(one.place("alerts"), f"没有“{kind}”这种预警。", remedy_for_unknown(kind, ALERTS))
        return AlertSection(title, kinds)
    if one.has("information"):
        one.boolean("information")
        return InformationSection(title)
    remedy = "写 text、figures、by、rows、spread、alerts 或 information 之一。"
    one.error(tree.place, f"“{title}”这一节没有内容。", remedy)
    return None


def _figures(one: Fields, figures: frozenset[str]) -> tuple[str, ...]:
    return tuple(_known(one, "figures", each, figures) for each in one.texts("figures"))


def _known(one: Fields, key: str, name: str, figures: frozenset[str]) -> str:
    if name not in figures:
        one.error(one.place(key), f"没有指标“{name}”。", remedy_for_unknown(name, figures))
    return name
