"""A report as an Excel workbook: figures on the first sheet, a sheet per table with its own chart, never a formula."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.cell.cell import Cell as SheetCell
from openpyxl.chart import BarChart, LineChart, Reference
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from cti.adapters.files.report_html import MOST_BARS
from cti.adapters.files.table_files import harmless, printable
from workorder.reports.grid import Cell, Grid, Kind
from workorder.reports.report import NUMBER_TITLES, Numbers, Report, Words

_FORMATS = {Kind.SHARE: "0.0%", Kind.COUNT: "0", Kind.SECONDS: "0"}


def excel_of_report(report: Report, footer: Sequence[str] = ()) -> bytes:
    """Return the workbook; `footer` says who took it and when."""
    book = Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    first.title = "概况"
    _put(first, 1, 1, report.title, bold=True)
    _put(first, 2, 1, f"{report.city}　{report.period}　依据：{report.clause}")
    row = 4
    grids: list[Grid] = []
    for part in report.parts:
        if isinstance(part, Grid):
            grids.append(part)
            continue
        if part.title:
            _put(first, row, 1, part.title, bold=True)
            row += 1
        row = _words(first, row, part) if isinstance(part, Words) else _numbers(first, row, part)
    for note in (*report.notes, *footer, f"核对码 {report.digest[:16]}"):
        _put(first, row, 1, note)
        row += 1
    for column, width in zip("ABCDEF", (24, 14, 14, 22, 52, 20), strict=True):
        first.column_dimensions[column].width = width
    for grid in grids:
        _sheet(book, grid)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _words(sheet: Worksheet, row: int, part: Words) -> int:
    _put(sheet, row, 1, part.text)
    sheet.merge_cells(start_row=row, end_row=row, start_column=1, end_column=6)
    sheet.row_dimensions[row].height = 16 * (1 + len(part.text) // 60)
    return row + 2


def _numbers(sheet: Worksheet, row: int, part: Numbers) -> int:
    for nth, title in enumerate(NUMBER_TITLES, 1):
        _put(sheet, row, nth, title, bold=True)
    for each in part.rows:
        row += 1
        told = each.note if each.value is None and each.note else each.value
        _put(sheet, row, 1, each.title)
        _put(sheet, row, 2, told, each.kind)
        _put(sheet, row, 3, each.before, each.kind)
        for nth, text in enumerate((each.change or "—", each.formula, each.clause), 4):
            _put(sheet, row, nth, text)
    return row + 2


def _sheet(book: Workbook, grid: Grid) -> None:
    taken = {name.casefold() for name in book.sheetnames}
    plain = re.sub(r"[\[\]:*?/\\']", "", printable(grid.title))[:25] or "表"
    name = next(
        each for nth in range(1, 1000) if (each := plain if nth == 1 else f"{plain} {nth}").casefold() not in taken
    )
    sheet = book.create_sheet(name)
    for nth, column in enumerate(grid.columns, 1):
        _put(sheet, 1, nth, column.title, bold=True)
        sheet.column_dimensions[get_column_letter(nth)].width = 30 if column.kind is Kind.TEXT else 14
    for row, values in enumerate(grid.rows, 2):
        for nth, (value, column) in enumerate(zip(values, grid.columns, strict=True), 1):
            _put(sheet, row, nth, value, column.kind)
    sheet.freeze_panes = "B2"
    if not grid.rows:
        _put(sheet, 2, 1, "期内没有。")
    if grid.note:
        _put(sheet, len(grid.rows) + 3, 1, grid.note)
    if grid.chart != "none" and grid.drawn and grid.rows:
        _chart(sheet, grid)


def _chart(sheet: Worksheet, grid: Grid) -> None:
    shown = sum(row[0] != "合计" and not str(row[0]).startswith("另 ") for row in grid.rows)
    last = 1 + (shown if grid.chart == "line" else min(shown, MOST_BARS))
    if last < 2:
        return
    chart = LineChart() if grid.chart == "line" else BarChart()
    chart.title, chart.height, chart.width = printable(grid.title), 9, 20
    for nth in grid.drawn:
        chart.add_data(Reference(sheet, min_col=nth + 1, min_row=1, max_row=last), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=last))
    chart.x_axis.delete = chart.y_axis.delete = False
    sheet.add_chart(chart, f"{get_column_letter(len(grid.columns) + 2)}2")


def _put(
    sheet: Worksheet, row: int, column: int, value: Cell, kind: Kind = Kind.TEXT, *, bold: bool = False
) -> SheetCell:
    cell = sheet.cell(row, column)
    assert isinstance(cell, SheetCell)
    if isinstance(value, int | float) and kind is not Kind.TEXT:
        cell.value, cell.number_format = value, _FORMATS[kind]
    elif value is not None:
        cell.value = harmless(str(value))
        cell.data_type = "s"
    cell.alignment = Alignment(vertical="top", wrap_text=kind is Kind.TEXT)
    if bold:
        cell.font = Font(bold=True)
    return cell
