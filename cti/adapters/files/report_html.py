"""A report as one HTML page that needs nothing else: figures with formulas, tables, charts as SVG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from workorder.reports.grid import Grid, Kind, written
from workorder.reports.report import NUMBER_TITLES, Numbers, Part, Report, Words, numbers_as_cells

_WIDTH, _LABELS, _ROW, _HEIGHT = 720, 190, 24, 220
MOST_BARS = 24
COLOURS = ("#1f5fa8", "#c2571a", "#3b7d3b")
_STYLE = """
body{font:16px/1.7 "Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:#1c2430;max-width:60rem;margin:2rem auto;
padding:0 1rem}h1{font-size:1.7rem;margin-bottom:0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
.period{color:#43474e;margin:0 0 1.5rem}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;
font-size:.92rem}th,td{border-bottom:1px solid #d5dae2;padding:.35rem .6rem;text-align:left;vertical-align:top}
th{background:#eef2f7}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}tr.sum{font-weight:600}
.note,footer{color:#43474e;font-size:.85rem}svg{max-width:100%;height:auto;margin:.5rem 0}
@media print{h2{break-after:avoid}table,svg{break-inside:avoid}}
"""


def html_of(report: Report, footer: Sequence[str] = ()) -> bytes:
    """Return the page; `footer` says who took it and when."""
    parts = "\n".join(_part(each) for each in report.parts)
    notes = "\n".join(f"<p>{escape(each)}</p>" for each in (*report.notes, *footer))
    page = f"""<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{escape(report.title)} {escape(report.period)}</title><style>{_STYLE}</style></head>
<body><h1>{escape(report.title)}</h1>
<p class="period">{escape(report.city)}　{escape(report.period)}　依据：{escape(report.clause)}</p>
{parts}
<footer>{notes}<p>核对码 {report.digest[:16]}：同一模板、同样的事件，重做一遍得到同一个码。</p></footer></body></html>
"""
    return page.encode("utf-8", "replace")


def drawn_rows(grid: Grid) -> list[tuple[str, list[float]]]:
    """Return what a chart shows: without sums, at most MOST_BARS of a bar chart, shares as percent."""
    rows = [row for row in grid.rows if row[0] != "合计" and not str(row[0]).startswith("另 ")]
    rows = rows if grid.chart == "line" else rows[:MOST_BARS]
    found = []
    for row in rows:
        values = []
        for nth in grid.drawn:
            value = row[nth]
            number = float(value) if isinstance(value, int | float) else 0.0
            values.append(round(100 * number, 2) if grid.columns[nth].kind is Kind.SHARE else number)
        found.append((str(row[0]), values))
    return found


def _part(part: Part) -> str:
    head = f"<h2>{escape(part.title)}</h2>" if part.title else ""
    match part:
        case Words(text=text):
            return f"{head}<p>{escape(text)}</p>"
        case Numbers():
            heads = "".join(f"<th scope='col'>{escape(each)}</th>" for each in NUMBER_TITLES)
            rows = "".join(
                f"<tr><th scope='row'>{escape(row[0])}</th>"
                + "".join(f"<td class='n'>{escape(each)}</td>" for each in row[1:4])
                + "".join(f"<td>{escape(each)}</td>" for each in row[4:])
                + "</tr>"
                for row in numbers_as_cells(part)
            )
            return f"{head}<div class='scroll'><table><tr>{heads}</tr>{rows}</table></div>"
        case Grid():
            return head + _grid(part)


def _grid(grid: Grid) -> str:
    if not grid.rows:
        return "<p>期内没有。</p>"
    classes = ["" if each.kind is Kind.TEXT else " class='n'" for each in grid.columns]
    heads = "".join(
        f"<th scope='col'{css}>{escape(each.title)}</th>" for each, css in zip(grid.columns, classes, strict=True)
    )
    rows = []
    for row in grid.rows:
        cells = "".join(
            f"<td{css}>{escape(written(value, column.kind))}</td>"
            for value, column, css in zip(row, grid.columns, classes, strict=True)
        )
        rows.append(f"<tr class='sum'>{cells}</tr>" if row[0] == "合计" else f"<tr>{cells}</tr>")
    note = f"<p class='note'>{escape(grid.note)}</p>" if grid.note else ""
    chart = _chart(grid) if grid.chart != "none" and grid.drawn else ""
    return f"{chart}<div class='scroll'><table><tr>{heads}</tr>{''.join(rows)}</table></div>{note}"


def _chart(grid: Grid) -> str:
    rows = drawn_rows(grid)
    if not rows or not any(any(values) for _, values in rows):
        return ""
    names = [grid.columns[nth].title for nth in grid.drawn]
    told = f"{grid.title}：{'、'.join(names)}"
    body, height = _lines(rows, names) if grid.chart == "line" else _bars(rows, names)
    return (
        f"<svg viewBox='0 0 {_WIDTH} {height}' width='{_WIDTH}' height='{height}' role='img' "
        f"aria-label='{escape(told, quote=True)}' font-size='12' fill='#1c2430'><title>{escape(told)}</title>"
        f"{_legend(names)}{body}</svg>"
    )


def _legend(names: Sequence[str]) -> str:
    found, x = [], 0
    for nth, name in enumerate(names):
        colour = COLOURS[nth % len(COLOURS)]
        found.append(f"<rect x='{x}' y='2' width='10' height='10' fill='{colour}'/>")
        found.append(f"<text x='{x + 14}' y='12'>{escape(name)}</text>")
        x += 34 + 13 * len(name)
    return "".join(found)


def _bars(rows: Sequence[tuple[str, list[float]]], names: Sequence[str]) -> tuple[str, int]:
    most = max(max(values) for _, values in rows) or 1.0
    thick = (_ROW - 6) / len(names)
    found = []
    for nth, (label, values) in enumerate(rows):
        y = 22 + nth * _ROW
        short = label if len(label) <= 15 else f"…{label[-14:]}"
        found.append(f"<text x='{_LABELS - 6}' y='{y + 13}' text-anchor='end'>{escape(short)}</text>")
        for series, value in enumerate(values):
            width = (_WIDTH - _LABELS - 60) * max(0.0, value) / most
            colour = COLOURS[series % len(COLOURS)]
            top = y + series * thick
            found.append(
                f"<rect x='{_LABELS}' y='{top:.1f}' width='{width:.1f}' height='{thick:.1f}' fill='{colour}'/>"
            )
            if len(names) == 1:
                found.append(f"<text x='{_LABELS + width + 5:.1f}' y='{y + 13}'>{value:g}</text>")
    return "".join(found), 28 + len(rows) * _ROW


def _lines(rows: Sequence[tuple[str, list[float]]], names: Sequence[str]) -> tuple[str, int]:
    most = _round_up(max(max(values) for _, values in rows))
    left, bottom, wide, high = 46, _HEIGHT - 24, _WIDTH - 60, _HEIGHT - 60
    gap = wide / max(1, len(rows) - 1)
    found = []
    for part in (0, 0.5, 1):
        y = bottom - high * part
        found.append(f"<line x1='{left}' x2='{left + wide}' y1='{y:.1f}' y2='{y:.1f}' stroke='#d5dae2'/>")
        found.append(f"<text x='{left - 6}' y='{y + 4:.1f}' text-anchor='end'>{most * part:g}</text>")
    every = max(1, math.ceil(len(rows) / 8))
    for nth, (label, _) in enumerate(rows):
        if nth % every == 0:
            x = left + nth * gap
            found.append(f"<text x='{x:.1f}' y='{_HEIGHT - 6}' text-anchor='middle'>{escape(label[-5:])}</text>")
    for series in range(len(names)):
        colour = COLOURS[series % len(COLOURS)]
        points = [(left + nth * gap, bottom - high * max(0.0, v[series]) / most) for nth, (_, v) in enumerate(rows)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        found.append(f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>")
        found += [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2.5' fill='{colour}'/>" for x, y in points]
    return "".join(found), _HEIGHT


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, 50 …"""
    if value <= 1:
        return 1.0
    size = 10.0 ** math.floor(math.log10(value))
    return next(float(size * step) for step in (1, 2, 5, 10) if size * step >= value)
