"""A report as a PDF to print and sign: the same figures, tables and charts as the page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from cti.adapters.files.report_html import COLOURS, drawn_rows
from cti.adapters.files.table_files import FONT, printable
from workorder.reports.grid import Grid, Kind, written
from workorder.reports.report import NUMBER_TITLES, Numbers, Part, Report, Words, numbers_as_cells

_WIDTH = A4[0] - 80
_MOST_COLUMNS = 9
_MOST_ROWS = 1000
_TITLE = ParagraphStyle("title", fontName=FONT, fontSize=20, leading=28, alignment=1)
_HEAD = ParagraphStyle("head", fontName=FONT, fontSize=13, leading=20, spaceBefore=12, spaceAfter=4)
_PLAIN = ParagraphStyle("plain", fontName=FONT, fontSize=10.5, leading=17, wordWrap="CJK")
_CELL = ParagraphStyle("cell", fontName=FONT, fontSize=8, leading=11, wordWrap="CJK")
_SMALL = ParagraphStyle("small", fontName=FONT, fontSize=8, leading=12, wordWrap="CJK", textColor="#43474e")
_STYLE = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#b9c0ca")),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e9edf3")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)


def pdf_of_report(report: Report, footer: Sequence[str] = ()) -> bytes:
    """Return the PDF; `footer` says who took it and when."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    story: list[Flowable] = [
        _text(report.title, _TITLE),
        _text(f"{report.city}　{report.period}　依据：{report.clause}", _SMALL),
    ]
    for part in report.parts:
        story += _part(part)
    story.append(Spacer(1, 12))
    story += [_text(each, _SMALL) for each in (*report.notes, *footer, f"核对码 {report.digest[:16]}")]
    out = io.BytesIO()
    page = SimpleDocTemplate(
        out,
        pagesize=A4,
        title=printable(report.title),
        author="hotline12345",
        leftMargin=40,
        rightMargin=40,
        invariant=1,
    )
    page.build(story)
    return out.getvalue()


def _part(part: Part) -> list[Flowable]:
    head = [_text(part.title, _HEAD)] if part.title else []
    match part:
        case Words(text=text):
            return [*head, _text(text, _PLAIN)]
        case Numbers():
            widths = [_WIDTH * share for share in (0.16, 0.1, 0.1, 0.14, 0.36, 0.14)]
            return [*head, _table([NUMBER_TITLES, *numbers_as_cells(part)], widths)]
        case Grid():
            return _grid(part, head)


def _grid(grid: Grid, head: list[Flowable]) -> list[Flowable]:
    if not grid.rows:
        return [*head, _text("期内没有。", _PLAIN)]
    columns = grid.columns
    kept = list(range(len(columns)))
    note = grid.note
    if len(columns) > _MOST_COLUMNS:
        kept = [*kept[: _MOST_COLUMNS - 1], kept[-1]]
        note = f"只印前 {_MOST_COLUMNS - 2} 列和合计，全部请看 Excel。{note}"
    if len(grid.rows) > _MOST_ROWS:
        note = f"只印前 {_MOST_ROWS} 行，全部请看 Excel。{note}"
    rows = [[columns[nth].title for nth in kept]]
    rows += [[written(row[nth], columns[nth].kind) for nth in kept] for row in grid.rows[:_MOST_ROWS]]
    weights = [2.2 if columns[nth].kind is Kind.TEXT else 1.0 for nth in kept]
    widths = [_WIDTH * each / sum(weights) for each in weights]
    chart = _chart(grid) if grid.chart != "none" and grid.drawn else None
    found: list[Flowable] = [KeepTogether([*head, chart])] if chart is not None else head
    found.append(_table(rows, widths))
    return [*found, _text(note, _SMALL)] if note else found


def _chart(grid: Grid) -> Drawing | None:
    rows = drawn_rows(grid)
    rows = rows if grid.chart == "line" else rows[:12]
    if not rows or not any(any(values) for _, values in rows):
        return None
    drawing = Drawing(_WIDTH, 190)
    chart = HorizontalLineChart() if grid.chart == "line" else VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 36, 44, _WIDTH - 56, 116
    chart.data = [tuple(values[nth] for _, values in rows) for nth in range(len(grid.drawn))]
    every = max(1, len(rows) // 12)
    chart.categoryAxis.categoryNames = [
        _short(label) if nth % every == 0 else "" for nth, (label, _) in enumerate(rows)
    ]
    labels = chart.categoryAxis.labels
    labels.fontName, labels.fontSize, labels.angle, labels.boxAnchor, labels.dy = FONT, 7, 25, "ne", -2
    chart.valueAxis.labels.fontName, chart.valueAxis.labels.fontSize = FONT, 7
    chart.valueAxis.valueMin = 0
    for nth in range(len(grid.drawn)):
        colour = colors.HexColor(COLOURS[nth % len(COLOURS)])
        if grid.chart == "line":
            chart.lines[nth].strokeColor = colour
        else:
            chart.bars[nth].fillColor = colour
            chart.bars[nth].strokeColor = None
    legend = Legend()
    legend.x, legend.y, legend.fontName, legend.fontSize, legend.boxAnchor = 36, 184, FONT, 8, "nw"
    legend.columnMaximum, legend.deltax, legend.alignment = 1, 90, "right"
    legend.colorNamePairs = [
        (colors.HexColor(COLOURS[nth % len(COLOURS)]), printable(grid.columns[each].title))
        for nth, each in enumerate(grid.drawn)
    ]
    drawing.add(chart)
    drawing.add(legend)
    return drawing


def _short(label: str) -> str:
    last = label.rpartition("/")[2]
    return printable(last if len(last) <= 9 else f"{last[:8]}…")


def _table(rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Table:
    cells = [[_text(each, _CELL) for each in row] for row in rows]
    return Table(cells, colWidths=list(widths), repeatRows=1, style=_STYLE)


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(printable(text)), style)
