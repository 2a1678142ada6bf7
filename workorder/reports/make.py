"""A template and counts make a report. Pure: the same counts make the same report, whoever asks and whenever."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from workorder.reports.figures import Figure
from workorder.reports.grid import Cell, Column, Grid, Kind, written
from workorder.reports.moments import What
from workorder.reports.periods import DAY
from workorder.reports.report import Number, Numbers, Part, Report, Words
from workorder.reports.tally import DIMENSIONS, TIME, Counts, Tally
from workorder.reports.template import (
    PLACEHOLDER,
    AlertSection,
    FigureSection,
    InformationSection,
    PivotSection,
    Section,
    SpreadSection,
    TableSection,
    Template,
    TextSection,
)

UNFILLED, OTHER, TOTAL = "（未填）", "其他", "合计"
NOTHING = "期内没有登记工单，也没有人工来电。"


@dataclass(frozen=True, slots=True)
class Alerted:
    """One alert of the period: what kind, which words, how many orders."""

    kind: str
    title: str
    at: date
    orders: int
    is_acknowledged: bool


@dataclass(frozen=True, slots=True)
class Occasion:
    """Of which days and which city a report is, and what is known besides counts.

    `titles` gives the Chinese names of keys by dimension; `about` narrows a report to one matter.
    """

    city: str
    since: date
    until: date
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    alerts: Sequence[Alerted] = ()
    information: Grid | None = None
    about: str = ""


def make_report(
    template: Template, figures: Mapping[str, Figure], now: Tally, earlier: Tally, occasion: Occasion
) -> Report:
    """Return the report; `now` and `earlier` hold the template's cuts."""
    maker = _Maker(template, figures, now, earlier, occasion)
    is_empty = not any(count for what, count in now.whole.items() if what not in (What.OPEN, What.OVERDUE))
    parts: list[Part] = [Words("", NOTHING)] if is_empty else []
    parts += [maker.part(each) for each in template.sections]
    notes = ["统计只数事件：工单的每一步和通话的时刻；日期按北京时间，两端都含。"]
    if template.is_public:
        notes.append(
            f"公开的报表：不含任何人的姓名、电话、地址和诉求内容；少于 {template.least} 件的并入“{OTHER}”或不显示；"
            "受保护的、涉及国家安全、民族、政治敏感和个人隐私的不计入。"
        )
    if occasion.about:
        notes.append(f"只数标题、内容或分类里有“{occasion.about}”的工单；通话没有内容，不在内。")
    title = f"{template.title}（{occasion.about}）" if occasion.about else template.title
    return Report(
        template.name, title, occasion.city, occasion.since, occasion.until, template.clause, template.is_public,
        tuple(parts), tuple(notes), is_empty,
    )  # fmt: skip


class _Maker:
    def __init__(
        self, template: Template, figures: Mapping[str, Figure], now: Tally, earlier: Tally, occasion: Occasion
    ) -> None:
        self._least = template.least
        self._figures = figures
        self._now = now
        self._earlier = earlier
        self._occasion = occasion

    def part(self, section: Section) -> Part:
        match section:
            case TextSection(title=title, text=text):
                return Words(title, PLACEHOLDER.sub(lambda found: self._word(found.group(1)), text))
            case FigureSection(title=title, figures=names):
                return Numbers(title, tuple(self._number(self._figures[name]) for name in names))
            case TableSection():
                return self._table(section)
            case PivotSection():
                return self._pivot(section)
            case SpreadSection():
                return self._spread(section)
            case AlertSection():
                return self._alerts(section)
            case InformationSection(title=title):
                owed = self._occasion.information
                return (
                    Grid(title, owed.columns, owed.rows, owed.chart, owed.note) if owed else Words(title, "没有规定。")
                )

    def _word(self, name: str) -> str:
        match name:
            case "since" | "until":
                return str(getattr(self._occasion, name))
            case "city":
                return self._occasion.city
            case "top_topic" | "top_unit" | "top_area":
                return self._most(name.removeprefix("top_"))
        figure = self._figures[name.removesuffix("_change")]
        number = self._number(figure)
        if name.endswith("_change"):
            return f"比上期 {number.change}" if number.change else "上期无可比"
        return number.note or written(number.value, number.kind)

    def _most(self, dimension: str) -> str:
        counted = [
            (counts[What.OPENED], self._key(dimension, key)) for (key,), counts in self._now[(dimension,)].items()
        ]
        best = sorted(((-count, key) for count, key in counted if count >= max(1, self._least) and key != UNFILLED))
        return "、".join(f"{key}（{-count} 件）" for count, key in best[:3]) or "—"

    def _number(self, figure: Figure) -> Number:
        if figure.is_of_calls and self._occasion.about:
            return Number(figure.title, figure.kind, None, None, figure.formula, figure.clause, "不适用")
        value, note = self._shown(figure, self._now.whole)
        before, _ = self._shown(figure, self._earlier.whole)
        formula = f"{figure.formula}；{figure.excluded}" if figure.excluded else figure.formula
        return Number(figure.title, figure.kind, value, before, formula, figure.clause, note)

    def _shown(self, figure: Figure, counts: Counts) -> tuple[Cell, str]:
        return (None, f"少于 {self._least}") if is_small(figure, counts, self._least) else (figure.value(counts), "")

    def _key(self, dimension: str, key: str) -> str:
        return self._occasion.titles.get(dimension, {}).get(key, key) or UNFILLED

    def _table(self, section: TableSection) -> Grid:
        figures = [self._figures[name] for name in section.figures]
        found = {self._key(section.by, key): counts for (key,), counts in self._now[(section.by,)].items()}
        found = {key: counts for key, counts in found.items() if any(each.value(counts) for each in figures)}
        first, is_time = figures[0], section.by in TIME
        if section.by == "day" and found:
            days = (self._occasion.until - self._occasion.since).days + 1
            found = {str(self._occasion.since + nth * DAY): Counter() for nth in range(days)} | found
        if self._least and not is_time:
            found = merged(found, self._least)
        ordered = sorted(found, key=lambda key: (key == OTHER, 0 if is_time else -(first.value(found[key]) or 0), key))
        shown, rest = (ordered, []) if is_time else (ordered[: section.top], ordered[section.top :])
        groups = [(key, found[key]) for key in shown]
        if rest:
            groups.append((f"另 {len(rest)} 项", sum((found[key] for key in rest), Counter())))
        columns = [
            Column(each.name, each.title, each.kind, nth == 0 or (each.kind is first.kind and nth < 3))
            for nth, each in enumerate(figures)
        ]
        cells = [[self._shown(figure, counts)[0] for _, counts in groups] for figure in figures]
        for nth, figure in enumerate(figures):
            cells[nth] = _hide_second(cells[nth], [figure.value(counts) for _, counts in groups], self._least)
        rows: list[tuple[Cell, ...]] = [
            (key, *(column[nth] for column in cells)) for nth, (key, _) in enumerate(groups)
        ]
        if rows:
            total = sum(found.values(), Counter())
            rows.append((TOTAL, *(self._shown(figure, total)[0] for figure in figures)))
        formulas = "；".join(f"{each.title} = {each.formula}" for each in figures if each.whole)
        name = Column(section.by, DIMENSIONS[section.by], Kind.TEXT)
        return Grid(section.title, (name, *columns), tuple(rows), section.chart, formulas)

    def _pivot(self, section: PivotSection) -> Grid:
        found = self._now[(section.rows, section.columns)]
        return pivot(
            section.title, section.rows, section.columns, self._figures[section.count], found, self._key, section.top
        )

    def _spread(self, section: SpreadSection) -> Grid:
        areas: dict[str, set[str]] = defaultdict(set)
        units: dict[str, set[str]] = defaultdict(set)
        count = Counter[str]()
        for (topic, area), counts in self._now[("topic", "area")].items():
            if counts[What.OPENED] and topic:
                areas[topic] |= {area} - {""}
                count[topic] += counts[What.OPENED]
        for (topic, unit), counts in self._now[("topic", "unit")].items():
            if counts[What.OPENED]:
                units[topic] |= {unit} - {""}
        wide = [each for each in count if len(areas[each]) > 1 or len(units[each]) > 1]
        rows = [
            (topic, count[topic], len(areas[topic]), len(units[topic]), "、".join(sorted(units[topic])[:6]))
            for topic in sorted(wide, key=lambda each: (-count[each], each))[: section.top]
        ]
        columns = (
            Column("topic", DIMENSIONS["topic"], Kind.TEXT),
            Column("opened", "受理工单", in_chart=True),
            Column("areas", "涉及区域"),
            Column("units", "涉及单位"),
            Column("names", "单位", Kind.TEXT),
        )
        return Grid(section.title, columns, tuple(rows), "bar", "来自不止一个区域，或交给不止一个单位的同类诉求。")

    def _alerts(self, section: AlertSection) -> Part:
        kinds = self._occasion.titles.get("alert", {})
        rows = [
            (kinds.get(each.kind, each.kind), each.title, each.at.isoformat(), each.orders,
             "已确认" if each.is_acknowledged else "未确认")
            for each in self._occasion.alerts
            if each.kind in section.kinds
        ]  # fmt: skip
        if not rows:
            return Words(section.title, "期内没有这类预警。")
        columns = (
            Column("kind", "类别", Kind.TEXT),
            Column("title", "事项", Kind.TEXT),
            Column("at", "日期", Kind.TEXT),
            Column("orders", "工单"),
            Column("state", "确认", Kind.TEXT),
        )
        return Grid(section.title, columns, tuple(rows))


def pivot(
    title: str,
    rows: str,
    columns: str,
    figure: Figure,
    found: Mapping[tuple[str, ...], Counts],
    key: Callable[[str, str], str] = lambda _dimension, key: key or UNFILLED,
    top: int = 500,
) -> Grid:
    """Return one figure by two dimensions, with totals; what stands beyond `top` rows is added up in one."""
    cells: dict[str, dict[str, Counts]] = defaultdict(lambda: defaultdict(Counter))
    for (row, column), counts in found.items():
        if any(counts[each] for each in (*figure.part, *figure.whole)):
            cells[key(rows, row)][key(columns, column)].update(counts)
    across = _ordered(columns, {name: _sum(row.get(name) for row in cells.values()) for name in _names(cells)}, figure)
    down = _ordered(rows, {name: _sum(row.values()) for name, row in cells.items()}, figure)
    lines = [(name, cells[name]) for name in down[:top]]
    if down[top:]:
        rest = {name: _sum(cells[each].get(name) for each in down[top:]) for name in across}
        lines.append((f"另 {len(down) - top} 项", defaultdict(Counter, rest)))
    made: list[tuple[Cell, ...]] = [
        (name, *(figure.value(row.get(each, Counter())) for each in across), figure.value(_sum(row.values())))
        for name, row in lines
    ]
    if made:
        totals = [figure.value(_sum(row.get(each) for row in cells.values())) for each in across]
        whole = figure.value(_sum(each for row in cells.values() for each in row.values()))
        made.append((TOTAL, *totals, whole))
    heads = (
        Column(rows, f"{DIMENSIONS[rows]} \\ {DIMENSIONS[columns]}", Kind.TEXT),
        *(Column(f"c{nth}", each, figure.kind) for nth, each in enumerate(across)),
        Column("total", TOTAL, figure.kind),
    )
    return Grid(title, heads, tuple(made), "none", f"{figure.title} = {figure.formula}")


def merged(found: Mapping[str, Counts], least: int) -> dict[str, Counts]:
    """Put groups with fewer than `least` orders together, until what they make is not small itself."""
    small = {key for key, counts in found.items() if counts[What.OPENED] < least or key == OTHER}
    big = sorted(found.keys() - small, key=lambda key: (found[key][What.OPENED], key))
    while small and big and sum(found[key][What.OPENED] for key in small) < least:
        small.add(big.pop(0))
    kept = {key: found[key] for key in big}
    return kept | {OTHER: _sum(found[key] for key in small)} if small else kept


def is_small(figure: Figure, counts: Counts, least: int) -> bool:
    """Whether a figure would tell of fewer than `least` people: of those counted, or of those left out."""
    part = sum(counts[each] for each in figure.part)
    left = sum(counts[each] for each in figure.whole) - part if figure.whole else 0
    return 0 < part < least or 0 < left < least


def _hide_second(shown: Sequence[Cell], values: Sequence[Cell], least: int) -> list[Cell]:
    """Return the column with a second cell hidden where one alone is: else the total would tell it."""
    hidden = [nth for nth, cell in enumerate(shown) if cell is None and values[nth] is not None]
    if not least or len(hidden) != 1:
        return list(shown)
    others = [(value, nth) for nth, value in enumerate(shown) if isinstance(value, int | float) and value]
    also = {min(others)[1]} if others else set()
    return [None if nth in also else cell for nth, cell in enumerate(shown)]


def _ordered(dimension: str, groups: Mapping[str, Counts], figure: Figure) -> list[str]:
    if dimension in TIME:
        return sorted(groups)
    return sorted(groups, key=lambda key: (-sum(groups[key][each] for each in figure.part), key))


def _names(cells: Mapping[str, Mapping[str, Counts]]) -> set[str]:
    return {name for row in cells.values() for name in row}


def _sum(counted: Iterable[Counts | None]) -> Counts:
    total: Counts = Counter()
    for each in counted:
        if each:
            total.update(each)
    return total
