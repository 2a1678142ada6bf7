"""A report as page, workbook and paper: what people wrote stays words, however hostile, and a chart shows the rows."""

from __future__ import annotations

import io
from datetime import date

import pytest
from openpyxl import load_workbook

from cti.adapters.files.report_files import FORMS
from workorder.reports.grid import Column, Grid, Kind
from workorder.reports.report import Number, Numbers, Report, Words

HOSTILE = (
    '=HYPERLINK("http://evil")', "+1", "-2", "@SUM(1)", "<script>x</script>", "a\x00b", "'=1", "\ud800", "合计", "另 ",
)  # fmt: skip
COLUMNS = (
    Column("unit", "承办单位", Kind.TEXT),
    Column("opened", "受理工单", in_chart=True),
    Column("rate", "按时答复率", Kind.SHARE, in_chart=True),
)


def report(word: str, chart: str, rows: int) -> Report:
    cells = tuple((f"{word}{nth}", nth * 3, None if nth % 4 == 3 else nth / 50) for nth in range(rows))
    parts = (
        Words(word, word),
        Numbers("指标", (Number(word, Kind.SHARE, 0.5, None, word, word),)),
        Grid(word, COLUMNS, cells, chart, word),
        Grid(word, COLUMNS, (), chart),
    )
    return Report("x", word, "兰州", date(2026, 11, 1), date(2026, 11, 2), "S-39", False, parts, (word,))


@pytest.mark.parametrize("nth", range(len(HOSTILE)))
def test_what_people_wrote_is_never_a_formula_nor_a_script(nth: int) -> None:
    word, chart = HOSTILE[nth], ("bar", "line", "none")[nth % 3]
    made = report(word, chart, nth)
    files = {form: write(made, (word,)) for form, write in FORMS.items()}
    page = files["html"].decode("utf-8")
    assert "<script" not in page
    book = load_workbook(io.BytesIO(files["xlsx"]))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert all(cell.data_type != "f" for cell in cells)
    assert not any(isinstance(cell.value, str) and cell.value.startswith(("=", "+", "@")) for cell in cells)
    assert len(book.worksheets) == 3, "a sheet for each table beside the first"
    assert files["pdf"].startswith(b"%PDF-")
    assert FORMS["html"](made, (word,)) == files["html"], "the same report makes the same page"
    assert FORMS["pdf"](made, (word,)) == files["pdf"]


def test_a_chart_shows_each_row_and_no_sum() -> None:
    rows = (("水务局", 8, 0.5), ("交通局", 4, None), ("另 3 项", 3, 0.1), ("合计", 15, 0.4))
    grid = Grid("承办单位", COLUMNS[:2], tuple(row[:2] for row in rows), "bar")
    made = Report("x", "表", "兰州", date(2026, 11, 1), date(2026, 11, 2), "S-39", False, (grid,), ())
    page = FORMS["html"](made, ()).decode("utf-8")
    chart = page[page.index("<svg") : page.index("</svg>")]
    assert ">8</text>" in chart
    assert ">4</text>" in chart
    assert "合计" not in chart
    sheet = load_workbook(io.BytesIO(FORMS["xlsx"](made, ())))["承办单位"]
    assert len(sheet._charts) == 1
    assert sheet["B2"].value == 8
