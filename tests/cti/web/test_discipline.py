"""Serious matters: the bundle of evidence leaves only by the ladder and an approval; a rude call is a violation."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import load_workbook

from cti.access import Role
from tests.cti.web.order_site import WATER, order_site
from tests.cti.web.test_supervisor_api import marks, some_calls


@pytest.mark.requirement("S-59", "S-58")
async def test_evidence_for_the_discipline_body_leaves_after_the_ladder_and_an_approval(tmp_path: Path) -> None:
    async with order_site(tmp_path, "suqian") as here:
        number, asker, host = await here.with_unit(category="sudden"), await here.supervisor(), await here.host()
        wish = {"what": "evidence", "wanted": {"name": number}, "reason": "推送纪检监察机关"}
        early = await asker.post("/api/exports", wish)
        assert (early.status_code, early.json()["code"]) == (409, "not_reached")
        assert "督办满 2 次" in await here.refuses(host, number, "escalate", step="talk", why="一直不办")
        for nth in range(2):
            await here.does(host, number, "supervise", trigger="can_but_will_not", opinion=f"第 {nth + 1} 次")
            await here.does(host, number, "lift_supervision", finding="已答应")
        for step in ("talk", "criticism", "special_report", "conduct_office", "discipline"):
            await here.does(host, number, "escalate", step=step, why="能办不办")
        assert (await here.tries(await here.unit(), number, "escalate", step="talk", why="我")).status_code in (
            403,
            409,
        )

        asked = (await asker.post("/api/exports", wish)).json()
        assert asked["state"] == "waiting", "always, whatever the city says of other exports"
        path = f"/api/exports/{asked['id']}"
        assert (await asker.get(f"{path}/file.xlsx")).status_code == 403
        assert (await asker.post(f"{path}/decision", {"approve": True})).status_code == 403, "nobody approves their own"
        other = await here.site.sign_in("另一位班长", Role.SUPERVISOR)
        assert (await other.post(f"{path}/decision", {"approve": True})).status_code == 200
        sheet = load_workbook(io.BytesIO((await asker.get(f"{path}/file.xlsx")).content)).active
        assert sheet is not None
        words = "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None)
        life = await here.site.deps.orders.lives.order(number)  # type: ignore[arg-type]
        assert life is not None
        for said in (number, "推送纪检监察机关", "能办不办", "封印完好", life.head, WATER, "审批人 另一位班长"):
            assert said in words, said


@pytest.mark.requirement("J-31")
async def test_a_rude_call_is_judged_and_becomes_a_violation_on_the_complaint_about_it(tmp_path: Path) -> None:
    async with order_site(tmp_path, "jinan") as here:
        await some_calls(here.site)
        complaint = await here.opened(fields={"request_type": "投诉"})
        judge = await here.reviewer()
        form = (await judge.get("/api/quality/form")).json()
        assert any("态度生硬、作风粗暴" in each["title"] and each["fatal"] for each in form["criteria"])
        call = (await judge.post("/api/quality/draws", {"count": 1})).json()["calls"][0]["call"]
        body = {"form": form["version"], "marks": marks(form, 0, "rude"), "remark": "训斥市民", "complaint": complaint}
        for _ in range(2):  # told twice it is one violation
            told = await judge.put(f"/api/quality/reviews/{call}", body)
            assert (told.status_code, told.json()["total"], told.json()["complaint"]) == (200, 0, complaint)
        linked = (await judge.get(f"/api/quality/complaints/{complaint}")).json()["reviews"]
        assert [each["call"] for each in linked] == [call]
        noted = (await (await here.host()).get(f"/api/order-marks/{complaint}")).json()
        violations = [each for each in noted["marks"] if each["kind"] == "violation"]
        assert [each["code"] for each in violations] == ["态度生硬作风粗暴"]
        assert call in violations[0]["reason"]
        missing = await judge.put(f"/api/quality/reviews/{call}", {**body, "complaint": "WO20200101-000001"})
        assert missing.status_code == 404
