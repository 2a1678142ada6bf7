"""Surveys on behalf of a unit by the interface: drawn without bias, asked by script, taken out through the gate."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from cti.access import Role
from tests.cti.web.order_site import OrderSite, order_site
from tests.cti.web.site import Page
from tests.workorder.test_campaigns import DIAL, SURVEY


async def citizens(here: OrderSite, count: int) -> dict[str, str]:
    """Take in so many orders, each of another citizen; returns number → telephone."""
    found = {}
    for nth in range(count):
        phone = f"139000000{nth:02d}"
        found[await here.opened(fields={"phone": phone, "name": f"市民{nth}"})] = phone
    return found


async def begun(page: Page, plan: str = SURVEY) -> dict[str, Any]:
    answer = await page.post("/api/campaigns", {"plan": plan})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.requirement("Y-20")
async def test_a_survey_has_client_script_and_a_sample_that_can_be_drawn_again(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        people, boss, agent = await citizens(here, 6), await here.supervisor(), await here.agent()
        first, again = await begun(boss), await begun(boss)
        assert (first["client"], first["kind_title"], first["state"]) == ("住房和城乡建设局", "委托调研", "open")
        assert (first["population"], len(first["members"]), first["seed"]) == (6, 3, "fixed")
        assert "您对物业服务满意吗？" in first["plan"]

        async def numbers(campaign: dict[str, Any]) -> list[str]:
            path = f"/api/campaigns/{campaign['id']}/members"
            return [(await agent.get(f"{path}/{each['nth']}")).json()["order"] for each in campaign["members"]]

        assert await numbers(first) == await numbers(again), "the same seed draws the same sample"
        free = await begun(boss, SURVEY.replace(", seed: fixed", ""))
        assert len(free["seed"]) == 32
        assert not free["is_seed_given"], "drawn by the machine"
        shown = (await agent.get(f"/api/campaigns/{first['id']}/members/1")).json()
        assert shown["phone"] == people[shown["order"]]
        assert "受住房和城乡建设局委托" in shown["opening"]
        looked = [row for row in await here.site.trail() if row.action == "campaign.member_seen"]
        assert len(looked) == 7, "each look at a number is written down"
        assert (await agent.post("/api/campaigns", {"plan": SURVEY})).status_code == 403
        assert (await (await here.unit()).get("/api/campaigns")).status_code == 403
        nobody = await boss.post("/api/campaigns", {"plan": SURVEY.replace("size: 3", "size: 3, unit: 无此单位")})
        assert (nobody.status_code, nobody.json()["code"]) == (409, "nothing_to_draw")
        wrong = await boss.post("/api/campaigns", {"plan": SURVEY.replace("size: 3", "size: 0")})
        assert wrong.status_code == 422
        assert "size" in wrong.json()["error"]


@pytest.mark.requirement("Y-20")
async def test_results_are_kept_by_the_script_and_leave_through_the_export_gate_without_anybodys_name(
    tmp_path: Path,
) -> None:
    async with order_site(tmp_path, "yangling") as here:
        people, boss, agent = await citizens(here, 4), await here.supervisor(), await here.agent()
        campaign = await begun(boss)
        path = f"/api/campaigns/{campaign['id']}"

        async def says(nth: int, outcome: str, **answers: str) -> int:
            body = {"outcome": outcome, "answers": answers}
            return (await agent.post(f"{path}/members/{nth}/answers", body)).status_code

        assert await says(1, "answered", overall="很好") == 409, "not one of the choices"
        assert await says(1, "answered", overall="满意", wish="电话13900000001找我") == 200
        assert await says(1, "refused") == 409, "asked once"
        assert await says(2, "no_answer") == 200
        assert await says(2, "answered", overall="不满意") == 200, "tried again"
        assert await says(99, "refused") == 404
        shown = (await boss.get(path)).json()
        tables = {each["name"]: each["rows"] for each in shown["results"]}
        assert tables == {
            "outcomes": [
                ["接受调研", 2, 2 / 3],
                ["拒绝", 0, 0.0],
                ["无人接听", 0, 0.0],
                ["号码不对", 0, 0.0],
                ["还没有做", 1, 1 / 3],
            ],
            "overall": [["满意", 1, 0.5], ["基本满意", 0, 0.0], ["不满意", 1, 0.5]],
        }
        assert [each["name"] for each in shown["questions"]] == ["overall", "wish"]
        summary = "\n".join(shown["summary"])
        assert "从 4 位市民中随机抽取 3 位" in summary
        assert "应答率 66.7%" in summary
        assert "满意 1（50.0%）" in summary
        wish = {"what": "campaign", "wanted": {"name": campaign["id"]}}
        assert (await boss.post("/api/exports", wish)).json()["code"] == "no_reason"
        asked = (await boss.post("/api/exports", {**wish, "reason": "交委托单位"})).json()
        file = f"/api/exports/{asked['id']}/file.xlsx"
        assert (await boss.get(file)).status_code == 403, "a second person agrees first"
        other = await here.site.sign_in("另一位班长", Role.SUPERVISOR)
        decided = await other.post(f"/api/exports/{asked['id']}/decision", {"approve": True})
        assert decided.status_code == 200, decided.text
        taken = await boss.get(file)
        assert taken.status_code == 200
        sheet = load_workbook(io.BytesIO(taken.content)).active
        assert sheet is not None
        words = "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value is not None)
        for told in ("住房和城乡建设局", "您对物业服务满意吗？", "接受调研", "还没有做", "满意", "应答率"):
            assert told in words
        for private in (*people, *people.values(), "市民0"):
            assert private not in words
        assert (await boss.post(f"{path}/close")).json()["state"] == "closed"
        assert await says(3, "refused") == 409, "it is over"
        tested = await begun(boss, DIAL)
        assert (tested["kind"], [each["name"] for each in tested["members"]]) == (
            "dial_test",
            ["总机", "总机", "按零"],
        )
        assert [(each["name"], each["rows"][0][1]) for each in tested["results"]] == [("outcomes", 0), ("criteria", 0)]
        outside = await boss.post(
            "/api/campaigns", {"plan": DIAL.replace('to: "12345", keys', 'to: "13900000000", keys')}
        )
        assert outside.status_code == 422
        ours = {"outcome": "scored", "answers": {}}
        assert (await boss.post(f"/api/campaigns/{tested['id']}/members/1/answers", ours)).status_code == 409
        assert (await boss.get(f"/api/campaigns/{tested['id']}/members/1")).status_code == 404
        assert (await boss.get("/api/campaigns/none")).status_code == 404
