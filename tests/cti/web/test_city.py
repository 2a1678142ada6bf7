"""The digital city: whose a thing is by component, type and place; from a hotline order to a case; what it costs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cti.web.city_site import ANSWERS, IN_XIHU, IN_XIYUAN, city_site
from tests.cti.web.order_site import OrderSite
from tests.cti.web.site import Page

COVER = {"matter": "雨水井盖", "asset": "YS-0001", "checklist": ANSWERS}


async def whose(page: Page, matter: str, place: dict[str, float] | None = None, **more: str) -> dict[str, Any]:
    answer = await page.get("/api/city/route", params={"matter": matter, **(place or {}), **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def filed(here: OrderSite, **change: Any) -> dict[str, Any]:
    """A hotline order, filed as a case."""
    number = await here.opened(channel="call")
    answer = await (await here.agent()).post(f"/api/orders/{number}/case", COVER | change)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.requirement("D-06")
async def test_a_case_goes_to_the_unit_by_type_by_place_and_by_owner(tmp_path: Path) -> None:
    async with city_site(tmp_path) as here:
        agent = await here.agent()
        assert (await whose(agent, "路灯"))["unit"] == "供电局"
        assert (await whose(agent, "社区环境", IN_XIHU))["unit"] == "西湖街道"
        assert (await whose(agent, "社区环境", IN_XIYUAN))["unit"] == "西园街道"
        unclear = await whose(agent, "社区环境")
        assert (unclear["unit"], len(unclear["candidates"])) == ("", 8)
        cover = await whose(agent, "雨水井盖", IN_XIHU)
        assert (cover["unit"], cover["candidates"]) == ("", ["规划建设局", "公投集团"])
        assert "雨水" in cover["question"]
        assert (await whose(agent, "雨水井盖", asset="YS-0001"))["unit"] == "规划建设局"
        phone = await whose(agent, "通信井盖", IN_XIHU)
        assert (phone["unit"], len(phone["candidates"])) == ("", 3), "whose a cover is, its owner says, and is asked"
        case = await filed(here)
        done = await agent.post(f"/api/city/cases/{case['number']}/dispatch", {})
        assert (done.json()["state"], done.json()["owner"]) == ("dispatched", "规划建设局")
        open_ = await filed(here, matter="通信井盖", asset="", at=IN_XIHU)
        path = f"/api/city/cases/{open_['number']}/dispatch"
        assert "责任单位还没有定" in (await agent.post(path, {})).json()["error"]
        assert "不是这件事的责任单位" in (await agent.post(path, {"unit": "民政局"})).json()["error"]
        assert (await agent.post(path, {"unit": "联通公司"})).json()["owner"] == "联通公司"
        assert (await agent.get("/api/city/route", params={"matter": "月球"})).status_code == 409
        assert (await (await here.unit()).get("/api/city/route", params={"matter": "路灯"})).status_code == 403


@pytest.mark.requirement("D-09")
async def test_a_hotline_order_is_filed_as_a_case_in_one_step_and_each_knows_the_other(tmp_path: Path) -> None:
    async with city_site(tmp_path) as here:
        agent = await here.agent()
        order = await here.opened(channel="call")
        proposed = (await agent.get(f"/api/orders/{order}/case/proposal")).json()
        assert (proposed["matter"], proposed["unit"]) == ("路灯", "供电局")
        assert proposed["checklist"]["位置"] == "武威路9号"
        body = {"matter": proposed["matter"], "checklist": proposed["checklist"] | {"照片": "来电，无照片"}}
        answer = await agent.post(f"/api/orders/{order}/case", body)
        assert answer.status_code == 201, answer.text
        case = answer.json()
        assert (case["hotline_order"], case["source"]) == (order, "citizen")
        shown = (await agent.get(f"/api/orders/{case['number']}")).json()
        assert (shown["upstream_id"], shown["state"], shown["category"]) == (order, "accepted", "component")
        assert shown["fields"]["summary"] == (await agent.get(f"/api/orders/{order}")).json()["fields"]["summary"]
        for one, other in ((order, case["number"]), (case["number"], order)):
            links = (await agent.get(f"/api/orders/{one}")).json()["links"]
            assert {link[end] for link in links for end in ("number", "other")} == {one, other}
            assert (await agent.get(f"/api/orders/{one}/case")).json()["number"] == case["number"]
        again = await agent.post(f"/api/orders/{order}/case", body)
        assert (again.status_code, case["number"] in again.json()["error"]) == (409, True)
        assert (await agent.get(f"/api/orders/{await here.opened()}/case")).status_code == 404
        assert (await (await here.unit()).post(f"/api/orders/{order}/case", body)).status_code == 403


@pytest.mark.requirement("D-10")
async def test_a_case_is_filed_only_when_every_item_of_the_checklist_is_answered(tmp_path: Path) -> None:
    async with city_site(tmp_path) as here:
        agent, order = await here.agent(), await here.opened()
        for lacking in ANSWERS:
            body = COVER | {"checklist": ANSWERS | {lacking: " "}}
            refused = await agent.post(f"/api/orders/{order}/case", body)
            assert refused.status_code == 409
            assert f"还没有核对：{lacking}。（依据：D-10）" in refused.json()["error"]
        assert (await agent.get(f"/api/orders/{order}/case")).status_code == 404
        assert (await agent.get(f"/api/orders/{order}")).json()["links"] == []
        case = (await agent.post(f"/api/orders/{order}/case", COVER)).json()
        assert (case["checklist"], case["filed_by"]) == (ANSWERS, "李晓梅")


@pytest.mark.requirement("D-12", "D-13", "D-17")
async def test_components_events_and_grids_are_registered_and_a_case_names_what_it_is_about(tmp_path: Path) -> None:
    async with city_site(tmp_path) as here:
        agent = await here.agent()
        await the_register_of_components(here, agent)
        await the_tree_of_events(here, agent)
        await the_grids(here, agent)


async def the_register_of_components(here: OrderSite, agent: Page) -> None:
    """A component has an id, a place and an owner; a case may name it, and only one that fits."""
    asset = (await agent.get("/api/city/assets/YS-0001")).json()
    assert (asset["owner"], asset["at"]) == ("规划建设局", IN_XIHU)
    assert (await agent.get("/api/city/assets/YS-9999")).status_code == 404
    near = (await agent.get("/api/city/grids/at", params=IN_XIHU)).json()["assets"]
    assert [each["id"] for each in near] == ["YS-0001", "YS-0002"]
    order = await here.opened()
    for change, words in (({"asset": "YS-9999"}, "没有登记编号"), ({"matter": "路灯"}, "核对编号或类别")):
        refused = await agent.post(f"/api/orders/{order}/case", COVER | change)
        assert (refused.status_code, words in refused.json()["error"]) == (409, True)
    case = (await agent.post(f"/api/orders/{order}/case", COVER)).json()
    assert (case["asset"], case["at"], case["grid"]) == ("YS-0001", IN_XIHU, "XH-01")


async def the_tree_of_events(here: OrderSite, agent: Page) -> None:
    """Events stand in groups and types, each type with its units; a case says where it stands."""
    tree = (await agent.get("/api/city/types")).json()
    events = {group["group"]: {each["matter"]: each["units"] for each in group["types"]} for group in tree["events"]}
    assert list(events) == ["市容市貌", "宣传广告", "街面秩序", "建筑施工"]
    assert events["宣传广告"] == {"违法户外广告": ["城管执法局"]}
    assert events["街面秩序"]["行车道占道停车"] == ["公安局"]
    assert all(units for types in events.values() for units in types.values())
    assert len(tree["components"]) == 5
    case = await filed(here, matter="违法户外广告", asset="")
    assert (case["kind"], case["group"], case["unit"]) == ("event", "宣传广告", "城管执法局")


async def the_grids(here: OrderSite, agent: Page) -> None:
    """Grids are polygons with collectors, and a place lies in one of them."""
    grids = (await agent.get("/api/city/grids")).json()["grids"]
    assert [(each["id"], each["street"], len(each["corners"])) for each in grids] == [
        ("XH-01", "西湖街道", 4),
        ("XY-01", "西园街道", 4),
    ]
    assert [person["id"] for person in grids[0]["collectors"]] == ["C01"]
    for place, grid in ((IN_XIHU, "XH-01"), (IN_XIYUAN, "XY-01")):
        assert (await agent.get("/api/city/grids/at", params=place)).json()["grid"]["id"] == grid
    border = (await agent.get("/api/city/grids/at", params={"lon": 103.8, "lat": 36.05})).json()["grid"]
    assert border["id"] == "XY-01", "on a border a place belongs to one grid"
    assert (await agent.get("/api/city/grids/at", params={"lon": 0, "lat": 0})).json()["grid"] is None
    assert (await (await here.unit()).get("/api/city/grids")).status_code == 403


@pytest.mark.requirement("D-30")
async def test_an_old_case_keeps_the_edition_of_the_catalogue_and_a_new_one_takes_the_new(tmp_path: Path) -> None:
    from cti.server.drafting import SHIPPED_CATALOGUE

    async with city_site(tmp_path) as here:
        agent, old = await here.agent(), await filed(here, matter="邮筒", asset="")
        assert (old["catalogue"], old["unit"]) == ("数字城管派单目录@2010.3", "邮政局")
        own = here.site.deps.settings.data_folder / "words" / "catalogue.yaml"
        own.parent.mkdir(parents=True)
        text = SHIPPED_CATALOGUE.read_text(encoding="utf-8").replace('version: "2010.3"', 'version: "2011.1"')
        text = text.replace("邮政局", "邮政集团")
        own.write_text(text, encoding="utf-8")
        new = await filed(here, matter="邮筒", asset="")
        assert (new["catalogue"], new["unit"]) == ("数字城管派单目录@2011.1", "邮政集团")
        again = (await agent.get(f"/api/orders/{old['number']}/case")).json()
        assert (again["catalogue"], again["unit"]) == ("数字城管派单目录@2010.3", "邮政局")
        await agent.post(f"/api/city/cases/{old['number']}/dispatch", {})
        history = (await agent.get(f"/api/orders/{old['number']}/history")).text
        assert "数字城管派单目录@2010.3" in history
        plain = await here.opened()
        await here.does(agent, plain, "accept")
        await here.does(agent, plain, "dispatch", unit="邮政集团")
        assert "数字城管派单目录@2011.1" in (await agent.get(f"/api/orders/{plain}/history")).text


@pytest.mark.requirement("D-48")
async def test_what_is_solved_first_goes_out_at_once_and_its_money_is_owed_until_it_is_settled(tmp_path: Path) -> None:
    async with city_site(tmp_path) as here:
        agent, host = await here.agent(), await here.host()
        case = await filed(here, matter="通信井盖", asset="", at=IN_XIHU)
        path = f"/api/city/cases/{case['number']}"
        sum_ = {"kind": "advanced", "yuan": 1200.5, "unit": "规划建设局", "note": "更换井盖"}
        assert "没有标明" in (await agent.post(f"{path}/costs", sum_)).json()["error"]
        flagged = (await agent.put(f"{path}/solve-first", {"why": "井盖缺失，分不清是哪家的"})).json()
        assert (flagged["solve_first"], flagged["owed_yuan"]) == (True, 0)
        done = await agent.post(f"{path}/dispatch", {"unit": "规划建设局"})
        assert done.json()["owner"] == "规划建设局", "solved first by a unit whose duty it may not be"
        assert "分不清是哪家的" in done.json()["why"], "why it was solved first stays in its record"
        assert (await agent.post(f"{path}/costs", sum_)).json()["owed_yuan"] == 1200.5
        for change in ({"yuan": 0}, {"yuan": 1.005}, {"kind": "gift"}):
            assert (await agent.post(f"{path}/costs", sum_ | change)).status_code == 422
        owing = (await host.get("/api/city/costs")).json()
        assert owing == {"cases": [{"number": case["number"], "owed_yuan": 1200.5}], "owed_yuan": 1200.5}
        here.site.clock.at += timedelta(minutes=1)
        paid = {"kind": "recovered", "yuan": 1000, "unit": "联通公司", "note": "查明归联通，追缴"}
        assert (await host.post(f"{path}/costs", paid)).json()["owed_yuan"] == 200.5
        assert "200.50 元" in (await host.post(f"{path}/costs", paid)).json()["error"]
        here.site.clock.at += timedelta(minutes=1)
        borne = {"kind": "borne", "yuan": 200.5, "unit": "财政", "note": "代整治经费"}
        assert (await host.post(f"{path}/costs", borne)).json()["owed_yuan"] == 0
        assert (await host.get("/api/city/costs")).json() == {"cases": [], "owed_yuan": 0}
        kept = (await agent.get(f"/api/orders/{case['number']}/case")).json()
        assert [(each["kind"], each["yuan"], each["unit"]) for each in kept["costs"]] == [
            ("advanced", 1200.5, "规划建设局"),
            ("recovered", 1000, "联通公司"),
            ("borne", 200.5, "财政"),
        ]
