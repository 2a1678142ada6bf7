"""The register of cameras: no private place, an owner and a purpose, changes with approval, problems by frame."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cti.access import Role
from tests.cti.web.order_site import ROADS, WATER, OrderSite, order_site
from tests.cti.web.test_order_files import PNG, gives

SQUARE = {"place_type": "大型广场", "place": "中心广场东侧", "purpose": "治安防控", "view": "广场地面"}
CAMERA = {"id": "GA-0001", "owner": "公安局", **SQUARE}


async def registered(here: OrderSite) -> dict[str, Any]:
    answer = await (await here.host()).post("/api/cameras", CAMERA)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.requirement("L-30", "L-31")
async def test_a_camera_has_an_owner_a_place_and_a_purpose_and_never_stands_in_private(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        host, agent = await here.host(), await here.agent()
        for change, words in (
            ({"place_type": "更衣室"}, "个人隐私"),
            ({"view": "对着浴室窗口"}, "个人隐私"),
            ({"place_type": "月球"}, "不在可以安装的场所"),
            ({"owner": " "}, "归属单位"),
            ({"purpose": ""}, "用途"),
        ):
            refused = await host.post("/api/cameras", CAMERA | change)
            assert refused.status_code == 409
            assert words in refused.json()["error"]
        assert "L-30" in (await host.post("/api/cameras", CAMERA | {"place_type": "卫生间"})).json()["error"]
        await registered(here)
        assert (await host.post("/api/cameras", CAMERA)).status_code == 409, "an id is taken once"
        assert (await agent.post("/api/cameras", CAMERA | {"id": "x"})).status_code == 403
        listed = (await agent.get("/api/cameras")).json()["cameras"]
        assert [(each["id"], each["owner"], each["purpose"]) for each in listed] == [("GA-0001", "公安局", "治安防控")]


@pytest.mark.requirement("L-33")
async def test_another_purpose_place_or_view_counts_only_when_somebody_else_approved_it(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        camera, host = await registered(here), await here.host()
        wanted = {**SQUARE, "view": "广场及周边道路", "why": "新增路口", "revision": camera["revision"]}
        assert "理由" in (await host.put("/api/cameras/GA-0001", wanted | {"why": " "})).json()["error"]
        assert "隐私" in (await host.put("/api/cameras/GA-0001", wanted | {"view": "集体宿舍"})).json()["error"]
        waiting = (await host.put("/api/cameras/GA-0001", wanted)).json()
        assert (waiting["view"], waiting["wanted"]["view"]) == ("广场地面", "广场及周边道路")
        assert "自己提出的" in (await host.post("/api/cameras/GA-0001/approval")).json()["error"]
        other = await here.site.sign_in("另一位督办员", Role.INSPECTOR)
        done = (await other.post("/api/cameras/GA-0001/approval")).json()
        assert (done["view"], done["wanted"]) == ("广场及周边道路", None)
        assert (await host.put("/api/cameras/GA-0001", wanted | {"view": "别处"})).status_code == 409, (
            "seen too long ago"
        )
        rows = [(row.action, row.detail) for row in await here.site.trail() if row.subject == "GA-0001"]
        assert [action for action, _ in rows] == [
            "camera.registered",
            "camera.change_asked",
            "camera.change_approved",
        ]
        assert rows[2][1]["before"]["view"] == "广场地面"


@pytest.mark.requirement("L-32", "D-05")
async def test_a_problem_found_by_video_names_its_camera_its_time_and_what_was_framed(tmp_path: Path) -> None:
    async with order_site(tmp_path, "digital_city") as here:
        agent = await here.agent()
        await registered(here)
        at = here.site.clock.at - timedelta(minutes=3)
        box = {"x": 0.25, "y": 0.5, "width": 0.1, "height": 0.2}
        found = {"frame_at": at.isoformat(), "box": box, "text": "路面积水，车辆绕行"}
        for change in ({"frame_at": None}, {"box": {**box, "x": 2}}, {"frame_at": "2026-11-22T10:00:00"}):
            assert (await agent.post("/api/cameras/GA-0001/orders", found | change)).status_code == 422
        assert (await agent.post("/api/cameras/GA-0002/orders", found)).status_code == 404
        direct = {"channel": "video", "fields": {"summary": "路面积水"}}
        assert (await agent.post("/api/orders", direct)).status_code == 422, "by video only from a camera"
        number = (await agent.post("/api/cameras/GA-0001/orders", found)).json()["number"]
        order = (await agent.get(f"/api/orders/{number}")).json()
        assert (order["channel"], order["category"], order["upstream_id"]) == ("video", "video_found", "GA-0001")
        assert "框选 0.250,0.500,0.100,0.200" in order["fields"]["summary"]
        assert order["fields"]["time"] == at.isoformat()


@pytest.mark.requirement("L-34")
async def test_the_picture_of_a_camera_is_seen_by_those_who_work_on_the_order_and_each_look_is_kept(
    tmp_path: Path,
) -> None:
    async with order_site(tmp_path) as here:
        number, agent = await here.with_unit(), await here.agent()
        kept = (await gives(agent, number, "画面.png", PNG)).json()
        path = f"/api/orders/{number}/files/{kept['id']}"
        assert (await (await here.unit(ROADS)).get(path)).status_code == 403
        before = len([row for row in await here.site.trail() if row.action == "order.files"])
        assert (await (await here.unit(WATER)).get(path)).status_code == 200
        assert len([row for row in await here.site.trail() if row.action == "order.files"]) == before + 1
