"""Hotlines that were merged into 12345 keep their number on calls and orders, and are counted each by itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.order_store import SqlOrderStore
from cti.settings import default_settings
from ivr.call import CallId, PhoneNumber
from tests.cti.web.order_site import OrderSite, order_site
from workorder.call_record import CallRecord
from workorder.draft import Draft, Field, FieldName


async def called(here: OrderSite, nth: int, number: str, line: str = "") -> str:
    """A call to this number that was answered and left a draft; returns the order's number."""
    at, database = here.site.clock.now(), here.site.deps.database
    record = CallRecord(
        CallId(f"hl-1.{nth}"), PhoneNumber("13812345678"), called=number, original_line=line, started=at,
        queued=at, answered=at + timedelta(seconds=3), ended=at + timedelta(seconds=60), queue="general",
        seat="801", outcome="answered",
    )  # fmt: skip
    await SqlCallStore(database).save_call(record)
    draft = Draft(record.call, {FieldName.REQUEST_TYPE: Field("咨询"), FieldName.SUMMARY: Field("树倒了")})
    return (await SqlOrderStore(database).save_draft(draft, at)).number


@pytest.mark.requirement("Y-14")
async def test_the_old_number_stays_on_call_and_order_and_every_line_has_its_own_figures(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        orders = [
            await called(here, 1, "12319", "12319"),
            await called(here, 2, "09314640000", "12319"),
            await called(here, 3, "12345"),
        ]
        agent, supervisor = await here.agent(), await here.supervisor()
        shown = [(await agent.get(f"/api/orders/{number}")).json() for number in orders]
        assert [(each["called"], each["line"]) for each in shown] == [
            ("12319", "12319"),
            ("09314640000", "12319"),
            ("12345", ""),
        ]
        assert (await supervisor.get("/api/calls/hl-1.2")).json()["call"]["line"] == "12319"
        traffic = (await supervisor.get("/api/reports/lines")).json()
        assert [row[:3] for row in traffic["rows"]] == [["12319", 2, 2], ["12345", 1, 1], ["合计", 3, 3]]
        counted = (await supervisor.get("/api/reports/order_lines")).json()
        assert [row[:2] for row in counted["rows"]] == [["12319", 2], ["12345", 1], ["合计", 3]]
        titles = {each["name"]: each["title"] for each in (await supervisor.get("/api/reports")).json()["reports"]}
        assert (titles["lines"], titles["order_lines"]) == ("各原热线话务", "各原热线工单")


@pytest.mark.requirement("Y-14")
def test_a_merged_line_keeps_the_menu_that_its_callers_know(tmp_path: Path) -> None:
    lines = {each.original_line: each.flow for each in default_settings(tmp_path, tmp_path).numbers}
    assert lines == {"": "main", "12319": "menu", "12349": "elder"}
