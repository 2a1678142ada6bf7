"""Through the API: off hours the answer to a dispatch says whom to call, and a district's department dispatches on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cti.commands.check import problems_of
from cti.server.drafting import own_words
from tests.cti.web.order_site import WATER, order_site
from tests.workorder.test_duty import TEXT

DEPARTMENT, STREET = "杨陵区政府指定部门", "杨陵街道"


@pytest.mark.requirement("Y-10")
async def test_the_district_sees_what_it_dispatched_on_and_others_do_not(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        number, agent = await here.opened(category="utilities"), await here.agent()
        await here.does(agent, number, "accept")
        await here.does(agent, number, "dispatch", unit=DEPARTMENT)
        district, street = await here.unit(DEPARTMENT), await here.unit(STREET)
        assert (await street.get(f"/api/orders/{number}")).status_code == 403
        offered = (await district.get(f"/api/orders/{number}/actions")).json()["actions"]
        further = next(each for each in offered if each["name"] == "sub_dispatch")
        assert (further["is_possible"], [each["name"] for each in further["fields"]]) == (True, ["unit", "note"])
        await here.does(district, number, "sub_dispatch", unit=STREET, note="在你街道")
        await here.does(street, number, "sign", handler="老李")
        seen = (await district.get(f"/api/orders/{number}")).json()
        assert (seen["owner"], seen["district"]) == (STREET, DEPARTMENT)
        listed = (await district.get("/api/orders")).json()["orders"]
        assert [each["number"] for each in listed] == [number]
        assert "不在你单位手里" in await here.refuses(district, number, "reply", text="修好了。")
        await here.does(street, number, "reply", text="修好了。")


@pytest.mark.requirement("S-36")
async def test_off_hours_the_answer_to_a_dispatch_says_whom_of_the_unit_to_call(tmp_path: Path) -> None:
    async with order_site(tmp_path, "suqian") as here:
        agent, settings = await here.agent(), here.site.deps.settings
        number = await here.opened(category="sudden")
        await here.does(agent, number, "accept")
        file = own_words(settings) / "catalogue.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(TEXT, encoding="utf-8")
        told = await here.does(agent, number, "dispatch", unit=WATER)  # a Sunday
        assert told["duty"] == "值班室 0527-80000001"
        assert (await agent.get(f"/api/orders/{number}")).json()["duty"] == told["duty"]
        units = (await agent.get("/api/units")).json()["units"]
        assert next(each["on_duty"] for each in units if each["unit"] == WATER) == told["duty"]
        catalogue = replace(settings, city="suqian")
        assert not [each for each in problems_of([file], catalogue) if each.is_error]
        file.write_text(TEXT.split("duty:")[0], encoding="utf-8")
        assert [each for each in problems_of([file], catalogue) if each.is_error and "值班表" in each.what]


async def test_off_hours_an_order_is_dispatched_though_the_catalogue_cannot_be_read(tmp_path: Path) -> None:
    async with order_site(tmp_path, "suqian") as here:
        agent, number = await here.agent(), await here.opened(category="sudden")
        await here.does(agent, number, "accept")
        file = own_words(here.site.deps.settings) / "catalogue.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("units: oops", encoding="utf-8")
        told = await here.does(agent, number, "dispatch", unit=WATER)
        assert (told["state"], "没有值班表" in told["duty"]) == ("dispatched", True)
