"""The collector's device: reports with photo and place, duty with a notice, tracks that are forgotten, the rates."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cti.access import Role
from cti.adapters.sql.track_store import SqlTracks
from cti.adapters.web import routes_city_reports
from tests.cti.web.city_site import ANSWERS, JPEG, Device, city_site, device
from tests.cti.web.order_site import OrderSite
from workorder.grid.tracks import forget_before


def minutes_ago(here: OrderSite, minutes: int) -> str:
    at: datetime = here.site.clock.at - timedelta(minutes=minutes)
    return at.isoformat()


def span(here: OrderSite) -> dict[str, str]:
    at: datetime = here.site.clock.at
    return {"since": (at - timedelta(days=1)).isoformat(), "until": (at + timedelta(days=1)).isoformat()}


async def reported(here: OrderSite, told: Device, their_id: str, **change: Any) -> str:
    answer = await told.reports(minutes_ago(here, 2), their_id=their_id, **change)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


async def filed(here: OrderSite, number: str, **change: Any) -> dict[str, Any]:
    body = {"matter": "雨水井盖", "asset": "YS-0001", "checklist": ANSWERS} | change
    answer = await (await here.agent()).post(f"/api/city/cases/{number}/filing", body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.requirement("D-18")
async def test_a_device_reports_at_once_with_photo_and_place_and_the_same_report_is_one_case(tmp_path: Path) -> None:
    async with city_site(tmp_path) as here:
        told, agent = device(here), await here.agent()
        first = (await told.reports(minutes_ago(here, 2))).json()
        assert (first["grid"], first["in_own_grid"]) == ("XH-01", True)
        assert (await told.reports(minutes_ago(here, 1))).json()["number"] == first["number"]
        order = (await agent.get(f"/api/orders/{first['number']}")).json()
        assert (order["channel"], order["state"], order["category"]) == ("collector", "drafted", "component")
        files = (await agent.get(f"/api/orders/{first['number']}/files")).json()["files"]
        assert [(each["name"], each["media"]) for each in files] == [("现场.jpg", "image/jpeg")]
        taken = await agent.get(f"/api/orders/{first['number']}/files/{files[0]['id']}")
        assert taken.content == JPEG
        case = await filed(here, first["number"])
        assert (case["source"], case["collector"], case["unit"], case["grid"]) == (
            "collector",
            "C01",
            "规划建设局",
            "XH-01",
        )
        again = await agent.post(f"/api/city/cases/{first['number']}/filing", {"matter": "雨水井盖"})
        assert (again.status_code, again.json()["code"]) == (409, "already_filed")
        await what_a_device_may_not_send(here, told)


async def test_two_collectors_whose_devices_count_alike_report_two_cases(tmp_path: Path) -> None:
    async with city_site(tmp_path) as here:
        told = device(here)
        first = await reported(here, told, "1")
        second = await reported(here, told, "1", collector="C02", matter="邮筒", text="邮筒倒了")
        assert first != second, "the second one's report is not lost"


async def what_a_device_may_not_send(here: OrderSite, told: Device) -> None:
    """Each is refused with words."""
    now = minutes_ago(here, 0)
    wrong: list[tuple[dict[str, Any], int, str]] = [
        ({"photo": {"name": "a.pdf", "content": "JVBERi0="}}, 415, "要是图片"),
        ({"photo": {"name": "a.jpg", "content": "PHNjcmlwdD4="}}, 415, "内容不是 jpg"),
        ({"accuracy": 900}, 422, "定位误差"),
        ({"lon": 200}, 422, ""),
        ({"photo": {"name": "a.png", "content": "不是"}}, 422, "base64"),
        ({"at": "2020-01-01T00:00:00+08:00"}, 422, "一天以前"),
        ({"at": "2026-11-22T10:00:00"}, 422, "时区"),
        ({"matter": "月球"}, 409, "不在部件、事件分类"),
        ({"collector": "C99"}, 403, "不代表这位采集员"),
    ]
    for change, status, words in wrong:
        answer = await told.reports(**({"at": now} | change))
        assert (answer.status_code, words in answer.json()["error"]) == (status, True), (change, answer.text)
    stranger = device(here, "别家的采集器")
    assert (await stranger.reports(now)).status_code == 403
    assert (await Device(here.site.visitor(), "wrong").reports(now)).status_code == 401


@pytest.mark.requirement("D-16")
async def test_every_case_says_who_found_it_and_the_shares_are_reported(tmp_path: Path) -> None:
    async with city_site(tmp_path) as here:
        told, agent = device(here), await here.agent()
        for nth in range(3):
            await reported(here, told, f"r{nth}")
        body = {"matter": "越门经营", "checklist": ANSWERS, "text": "店外摆摊占道", "place": "武威路9号"}
        official = await agent.post("/api/city/cases", body | {"source": "government"})
        assert official.json()["source_title"] == "政府监管"
        for wrong in ("collector", "nobody"):
            assert (await agent.post("/api/city/cases", body | {"source": wrong})).status_code == 422
        order = await here.opened()
        citizen = await agent.post(f"/api/orders/{order}/case", {"matter": "路灯", "checklist": ANSWERS})
        assert citizen.json()["source"] == "citizen"
        host = await here.host()
        shares = (await host.get("/api/city/reports/sources", params=span(here))).json()
        assert [(each["source"], each["count"], each["share"]) for each in shares["sources"]] == [
            ("collector", 3, 0.6),
            ("government", 1, 0.2),
            ("citizen", 1, 0.2),
        ]
        assert "÷" in shares["formula"]
        for since, until in (
            ("2026-11-22T00:00:00+08:00", "2020-01-01T00:00:00+08:00"),
            ("0001-01-01T00:00:00+14:00", "0001-01-02T00:00:00+14:00"),
            ("2026-11-22T00:00:00", "2026-11-23T00:00:00"),
        ):
            days = {"since": since, "until": until}
            assert (await host.get("/api/city/reports/sources", params=days)).status_code == 422, days


@pytest.mark.requirement("D-27", "D-11")
async def test_the_rate_of_valid_reports_and_the_quarter_by_grid_count_what_was_judged_and_say_how(
    tmp_path: Path,
) -> None:
    async with city_site(tmp_path) as here:
        told, agent = device(here), await here.agent()
        numbers = [await reported(here, told, f"r{nth}") for nth in range(5)]
        for number in numbers[:3]:
            await filed(here, number)
        refusal = {"code": "NA-D1", "explanation": "不是部件，也不是事件。"}
        await here.does(agent, numbers[3], "refuse_request", **refusal)
        rates = (await (await here.host()).get("/api/city/reports/collectors", params=span(here))).json()
        first, second = rates["collectors"]
        assert (first["collector"], first["reports"], first["judged"], first["valid"], first["rate"]) == (
            "C01",
            5,
            4,
            3,
            0.75,
        )
        assert (second["collector"], second["reports"], second["rate"]) == ("C02", 0, None)
        assert "÷" in rates["formula"]
        await reported(here, told, "out", lon=0, lat=0)
        host = await here.host()
        at = here.site.clock.at
        quarter = f"{at.year}-Q{(at.month + 2) // 3}"
        bulletin = (await host.get(f"/api/city/reports/quarter/{quarter}")).json()
        rows = {each["id"]: each for each in bulletin["grids"]}
        first = rows["XH-01"]
        assert (first["head"], first["building_heads"]) == ("张网格", ["李楼长", "王院长"])
        assert (first["reported"], first["filed"], first["filed_rate"], first["solved"]) == (5, 3, 0.6, 0)
        assert (rows["XY-01"]["reported"], rows["XY-01"]["filed_rate"]) == (0, None)
        assert rows[""]["reported"] == 1
        empty = (await host.get("/api/city/reports/quarter/2020-Q1")).json()["grids"]
        assert [(each["id"], each["reported"]) for each in empty] == [("XH-01", 0), ("XY-01", 0)]
        assert (await host.get("/api/city/reports/quarter/2026-Q5")).status_code == 422


@pytest.mark.requirement("D-28")
async def test_a_collector_is_followed_only_on_duty_after_the_notice_and_each_look_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with city_site(tmp_path) as here:
        told, now = device(here), here.site.clock.at
        point = {"lon": 103.75, "lat": 36.05, "accuracy": 5}

        async def sends(at: datetime) -> dict[str, int]:
            answer = await told.post("/tracks", {"collector": "C01", "points": [point | {"at": at.isoformat()}]})
            return dict(answer.json())

        notice = (await told.get("/me", params={"collector": "C01"})).json()["notice"]
        assert "只用于核对巡查" in notice["text"]
        assert await sends(now) == {"kept": 0, "dropped": 1}, "off duty nobody is followed"
        on = {"collector": "C01", "is_on": True, "notice": notice["version"]}
        assert "还没有看过并同意" in (await told.post("/duty", on | {"notice": "0"})).json()["error"]
        assert "值勤时段" in (await told.post("/duty", on | {"collector": "C02"})).json()["error"]
        assert (await told.post("/duty", on)).json()["is_on_duty"]
        assert await sends(now - timedelta(minutes=5)) == {"kept": 0, "dropped": 1}, "nor before duty began"
        here.site.clock.at = now + timedelta(minutes=10)
        assert await sends(now + timedelta(minutes=5)) == {"kept": 1, "dropped": 0}
        assert await sends(now + timedelta(minutes=15)) == {"kept": 0, "dropped": 1}, "nor in times to come"
        await told.post("/duty", on | {"is_on": False})
        here.site.clock.at = now + timedelta(minutes=20)
        assert await sends(now + timedelta(minutes=19)) == {"kept": 0, "dropped": 1}
        host = await here.host()
        look = span(here) | {"why": "核对巡查"}
        seen = (await host.get("/api/city/tracks/C01", params=look)).json()
        assert ([each["grid"] for each in seen["points"]], seen["in_own_grids"]) == (["XH-01"], 1.0)
        assert seen["is_whole"]
        monkeypatch.setattr(routes_city_reports, "MOST_POINTS", 1)
        assert not (await host.get("/api/city/tracks/C01", params=look)).json()["is_whole"], "there may be more"
        assert (await host.get("/api/city/tracks/C01", params=span(here))).status_code == 422, "not without a reason"
        assert (await (await here.agent()).get("/api/city/tracks/C01", params=look)).status_code == 403
        looks = [row for row in await here.site.trail() if row.action == "collector.tracks"]
        assert [(row.person.role, row.subject, row.detail["why"]) for row in looks] == [
            (Role.INSPECTOR.value, "C01", "核对巡查")
        ] * 2
        roster = (await here.site.deps.orders.sources.geo.city()).roster
        tracks = SqlTracks(here.site.deps.database)
        assert await tracks.forget(forget_before(roster, now + timedelta(days=29))) == 0
        assert await tracks.forget(forget_before(roster, now + timedelta(days=31))) == 1
        assert (await host.get("/api/city/tracks/C01", params=look)).json()["points"] == []
