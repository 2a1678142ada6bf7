"""A table as an Excel workbook or a PDF page for people; what stands in a cell is never a formula.

A caller can say anything, and a spreadsheet runs a cell that begins with `=`: such text is written as text, with an
apostrophe before it, and openpyxl is told that it is a string.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from cti.report_tables import ReportTable
from workorder.reports.grid import Cell, Kind, written

_FORMULA = re.compile(r"^[\s\x00-\x1f]*[=+\-@\t\r\n|%]")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
FONT = "STSong-Light"
"""A font that every PDF reader has for Chinese: nothing is embedded."""
LONGEST_CELL = 2000
MOST_PDF_ROWS = 5000


def harmless(text: str) -> str:
    """Return the text as no spreadsheet takes it for a formula, without characters that no file can hold."""
    clean = printable(text)
    return f"'{clean}" if _FORMULA.match(clean) else clean


def excel_of(table: ReportTable, footer: Sequence[str] = ()) -> bytes:
    """Return the workbook; `footer` says who took it and when."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title=re.sub(r"[\[\]:*?/\\]", "", table.title)[:31] or "报表")
    sheet.freeze_panes = "A4"
    for nth, column in enumerate(table.columns):
        sheet.column_dimensions["ABCDEFGHIJKLMNOPQRSTUVWXYZ"[nth % 26]].width = 22 if column.kind is Kind.TEXT else 16

    def cell(value: Cell, kind: Kind = Kind.TEXT, *, bold: bool = False) -> WriteOnlyCell:
        is_number = isinstance(value, int | float) and kind is not Kind.TEXT
        made = WriteOnlyCell(sheet, value if is_number else harmless("" if value is None else str(value)))
        if not is_number:
            made.data_type = "s"
        elif kind is Kind.SHARE:
            made.number_format = "0.0%"
        if bold:
            made.font = Font(bold=True)
        made.alignment = Alignment(vertical="top", wrap_text=kind is Kind.TEXT)
        return made

    sheet.append([cell(f"{table.title}　{_period(table)}", bold=True)])
    sheet.append([])
    sheet.append([cell(each.title, bold=True) for each in table.columns])
    for row in table.rows:
        sheet.append([cell(value, column.kind) for value, column in zip(row, table.columns, strict=True)])
    sheet.append([])
    for note in (*table.notes, *footer):
        sheet.append([cell(note)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pdf_of(table: ReportTable, footer: Sequence[str] = ()) -> bytes:
    """Return the PDF; of a very long table its first part, which it then says."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    title = ParagraphStyle("title", fontName=FONT, fontSize=16, leading=22)
    plain = ParagraphStyle("plain", fontName=FONT, fontSize=9, leading=13, wordWrap="CJK")
    small = ParagraphStyle("small", parent=plain, fontSize=8, textColor=colors.HexColor("#43474e"))
    heads = [Paragraph(_marked(each.title), plain) for each in table.columns]
    rows = [
        [
            Paragraph(_marked(written(value, column.kind)), plain)
            for value, column in zip(row, table.columns, strict=True)
        ]
        for row in table.rows[:MOST_PDF_ROWS]
    ]
    width = landscape(A4)[0] - 72
    grid = Table([heads, *rows], colWidths=[width / len(table.columns)] * len(table.columns), repeatRows=1)
    grid.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#b9c0ca")),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e9edf3")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ]
        )
    )
    cut = [f"只印前 {MOST_PDF_ROWS} 行，全部数据请导出 Excel。"] if len(table.rows) > MOST_PDF_ROWS else []
    notes = [Paragraph(_marked(note), small) for note in (*cut, *table.notes, *footer)]
    out = io.BytesIO()
    page = SimpleDocTemplate(
        out, pagesize=landscape(A4), title=table.title, author="hotline12345", leftMargin=36, rightMargin=36
    )
    page.build(
        [Paragraph(_marked(f"{table.title}　{_period(table)}"), title), Spacer(1, 8), grid, Spacer(1, 8), *notes]
    )
    return out.getvalue()


def _period(table: ReportTable) -> str:
    return f"{table.since.isoformat()} 至 {table.until.isoformat()}"


def _marked(text: str) -> str:
    return escape(printable(text))


def printable(text: str) -> str:
    """Return the text without characters that no file can hold, of a length that a cell can."""
    return _NOT_IN_XML.sub("", text)[:LONGEST_CELL]
