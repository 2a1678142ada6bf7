"""Reports count right and reach Excel and PDF whole, and what a caller said is never a formula in them."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from cti.adapters.files.table_files import excel_of, harmless, pdf_of
from cti.report_tables import TITLES, shares, traffic, workload
from ivr.call import CallId, PhoneNumber
from workorder.call_record import CallRecord
from workorder.reports.grid import Kind, written

DAY = date(2026, 11, 20)
BEGAN = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)  # nine in the morning in China


def call(nth: int, *, wait: int | None = 5, queue: str = "general", at: datetime = BEGAN) -> CallRecord:
    answered = None if wait is None else at + timedelta(seconds=wait)
    return CallRecord(
        CallId(f"hl-1.{nth}"), PhoneNumber(""), started=at, queued=at, answered=answered,
        ended=at + timedelta(seconds=65), queue=queue, seat="801" if answered else "",
        outcome="answered" if answered else "abandoned",
    )  # fmt: skip


def test_rates_are_of_all_who_waited_and_the_last_row_is_the_sum() -> None:
    table = traffic("days", [call(1), call(2, wait=40), call(3, wait=None)], DAY, DAY + timedelta(days=1))
    names = [column.name for column in table.columns]
    first, empty, whole = (dict(zip(names, row, strict=True)) for row in table.rows)
    assert (first["offered"], first["answered"], first["abandoned"], first["within"]) == (3, 2, 1, 1)
    assert (first["answer_rate"], first["within_rate"], first["mean_wait"]) == (0.6667, 0.3333, 22.5)
    assert (empty["offered"], empty["answer_rate"]) == (0, None), "a day without calls is there, without a rate"
    assert whole == {**first, "name": "合计"}


def test_days_and_hours_are_those_of_china() -> None:
    late = BEGAN + timedelta(hours=15, minutes=30)  # half past midnight of the 21st in China
    table = traffic("days", [call(1, at=late)], DAY, DAY)
    assert table.rows[-1][1] == 0
    hours = {row[0]: row[1] for row in traffic("hours", [call(1)], DAY, DAY).rows}
    assert hours["09 时"] == 1
    assert len(hours) == 25


def test_workload_and_shares() -> None:
    assert workload([call(1), call(2), call(3, wait=None)], DAY, DAY).rows == (("801", 2, 120, 60),)
    table = shares("units", {"水务局": 1, "": 1, "供电局": 2}, DAY, DAY)
    assert table.rows[0] == ("供电局", 2, 0.5)
    assert table.rows[-1] == ("合计", 4, 1.0)
    assert shares("kinds", {}, DAY, DAY).rows == (("合计", 0, None),)


def test_values_are_written_as_people_read_them() -> None:
    assert written(0.8333, Kind.SHARE) == "83.3%"
    assert written(125.4, Kind.SECONDS) == "2 分 05 秒"
    assert written(None, Kind.SHARE) == "—"


@pytest.mark.parametrize("name", TITLES)
def test_every_report_reaches_excel_and_pdf(name: str) -> None:
    table = (
        workload([call(1)], DAY, DAY) if name == "seats"
        else traffic(name, [call(1)], DAY, DAY) if name in ("days", "hours", "queues")
        else shares(name, {"水务局": 3}, DAY, DAY)
    )  # fmt: skip
    sheet = load_workbook(io.BytesIO(excel_of(table, ["导出人 张"]))).active
    assert sheet is not None
    assert [cell.value for cell in sheet[3]] == [column.title for column in table.columns]
    assert sheet.max_row >= 4 + len(table.rows) + len(table.notes)
    assert pdf_of(table, ["导出人 张"]).startswith(b"%PDF-")


EVIL = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", " =HYPERLINK(1)", "|x", "%0", "\r\n=1"]


@pytest.mark.parametrize("said", EVIL)
def test_what_a_caller_said_is_never_a_formula(said: str) -> None:
    sheet = load_workbook(io.BytesIO(excel_of(shares("units", {said: 1, "水务局": 1}, DAY, DAY)))).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert all(not str(cell.value).lstrip().startswith(("=", "+", "-", "@")) for cell in cells if cell.data_type == "s")


@settings(max_examples=30)
@given(st.text(max_size=60))
def test_whatever_stands_in_a_cell_the_files_can_be_made_and_read(text: str) -> None:
    table = shares("units", {text: 1}, DAY, DAY)
    assert load_workbook(io.BytesIO(excel_of(table))).active is not None
    assert harmless(harmless(text)).startswith(harmless(text)[:1])


def test_markup_in_a_name_does_not_break_the_pdf() -> None:
    assert pdf_of(shares("units", {"<b>水务局</i>&": 1}, DAY, DAY)).startswith(b"%PDF-")
