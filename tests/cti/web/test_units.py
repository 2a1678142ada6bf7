"""The directory of units: found by name and by duty, whose a matter is, and what must be asked before it is known."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cti.access import Role
from tests.cti.web.order_site import order_site
from workorder.directory import whose
from workorder.dispatch import Catalogue, Duty

DURING, AFTER = date(2026, 12, 31), date(2027, 1, 1)


@pytest.mark.requirement("Y-15")
async def test_a_unit_is_found_by_its_name_and_by_what_it_does(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        agent = await here.agent()

        async def found(words: str) -> list[dict[str, Any]]:
            answer = await agent.get("/api/units", params={"words": words})
            assert answer.status_code == 200, answer.text
            return list(answer.json()["units"])

        assert len(await found("")) > 15
        water = (await found("水务"))[0]
        assert water["unit"] == "水务局"
        built = (await found("公投集团"))[0]
        assert built["duties"][0]["when"] == "本单位建设且在养护期内"
        assert "水务局" in [each["unit"] for each in await found("污水井盖")]
        assert await found("月球") == []
        assert (await here.site.visitor().get("/api/units")).status_code == 401


@pytest.mark.requirement("J-05")
async def test_a_matter_of_several_units_is_asked_about_and_else_goes_to_a_meeting(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        agent = await here.agent()

        async def owner(matter: str) -> dict[str, Any]:
            return dict((await agent.get("/api/units/for", params={"matter": matter})).json())

        one = await owner("公安井盖")
        assert (one["units"], one["needs_meeting"]) == (["公安局"], False)
        several = await owner("雨水箅子")
        assert len(several["units"]) > 1
        assert several["needs_meeting"]
        assert several["question"]
        nobody = await owner("月球车")
        assert (nobody["units"], nobody["needs_meeting"]) == ([], True)


def test_a_duty_with_a_last_day_goes_over_to_the_city_afterwards() -> None:
    duties = (
        Duty(("公投集团",), ("道路",), "养护期内", DURING.isoformat()),
        Duty(("规划建设局",), ("道路",)),
    )
    catalogue = Catalogue("own", "1", "某市", ("规划建设局", "公投集团"), duties)
    during, after = whose("道路", catalogue, DURING), whose("道路", catalogue, AFTER)
    assert during.units == ("公投集团", "规划建设局")
    assert during.conditions == ("公投集团：养护期内",)
    assert (after.units, after.needs_meeting) == (("规划建设局",), False)


async def test_a_unit_with_open_orders_is_not_taken_out_of_the_catalogue(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number = await here.with_unit("邮政局")
        admin = await here.site.sign_in("赵主任", Role.ADMIN)
        now = (await admin.get("/api/admin/words")).json()
        text = now["files"]["catalogue.yaml"]
        old = next(line for line in text.splitlines() if line.startswith("version:"))
        duty = next(part for part in text.split("  - units:") if part.lstrip().startswith("[邮政局]"))
        without = text.replace(f"  - units:{duty}", "").replace("邮政局, ", "").replace(old, 'version: "2027-01"')
        wish = {"files": {**now["files"], "catalogue.yaml": without}}
        told = (await admin.post("/api/admin/words/check", wish)).json()
        (said,) = (each for each in told["problems"] if "没有办完" in each["what"])
        assert number in said["what"]
        assert "“邮政局”手里还有 1 张" in said["what"]
        assert "改派" in said["remedy"]
        assert not told["may_publish"]
        refused = await admin.post(
            "/api/admin/words/publish", {**wish, "based_on": now["digest"], "note": "撤并", "reason": "撤并"}
        )
        assert refused.json()["code"] == "has_errors"
        agent = await here.agent()
        await here.does(await here.unit("邮政局"), number, "request_return", basis="撤并", suggestion="转交")
        await here.does(await here.supervisor(), number, "accept_return")
        assert (await agent.get(f"/api/orders/{number}")).json()["state"] == "accepted"
        told = (await admin.post("/api/admin/words/check", wish)).json()
        assert not [each for each in told["problems"] if "没有办完" in each["what"]], "nobody's orders lie there"
