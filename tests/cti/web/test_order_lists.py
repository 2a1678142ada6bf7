"""What offices look at beside single orders: meetings, latencies, opinions, statistics, strange access, places."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cti.web.order_site import ROADS, WATER, OrderSite, order_site
from tests.cti.web.test_alerts import watch_of
from workorder.outside import other_city


@pytest.mark.requirement("Y-05")
async def test_a_joint_meeting_finds_what_is_in_dispute_and_what_is_late(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        agent, host = await here.agent(), await here.host()
        late, disputed, fine = [await here.with_unit(category="utilities") for _ in range(3)]
        unit = await here.unit()
        await here.does(unit, disputed, "request_return", basis="三定方案", suggestion="转供电公司")
        split = await here.opened(category="utilities")
        await here.does(agent, split, "accept")
        await here.does(host, split, "coordinate", why="职责交叉", coordinator="热线办")
        await here.does(host, disputed, "accept_return")
        await here.does(unit, fine, "reply", text="已修好")
        here.site.clock.at += timedelta(days=6)
        here.pages.clear()
        found = (await (await here.host()).get("/api/order-lists/meeting")).json()
        assert [each["number"] for each in found["coordinating"]] == [split]
        assert [each["number"] for each in found["disputed"]] == [disputed]
        assert late in [each["number"] for each in found["overdue"]]
        assert fine not in [each["number"] for each in found["overdue"]]
        assert (await (await here.unit()).get("/api/order-lists/meeting")).status_code == 403


@pytest.mark.requirement("D-02", "D-19")
async def test_how_long_it_took_to_file_dispatch_and_solve_is_counted_from_the_events(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        waits = [1, 2, 3, 4, 10]
        for minutes in waits:
            number = await here.opened()
            here.site.clock.at += timedelta(minutes=minutes)
            await here.does(await here.agent(), number, "accept")
            here.site.clock.at += timedelta(minutes=1)
            await here.does(await here.agent(), number, "dispatch", unit=WATER)
        told = (await (await here.host()).get("/api/order-lists/latencies")).json()
        spans = {each["name"]: each for each in told["spans"]}
        assert (spans["filed"]["count"], spans["filed"]["p50"], spans["filed"]["p90"]) == (5, 180.0, 600.0)
        assert (spans["dispatched"]["p50"], spans["dispatched"]["p90"]) == (240.0, 660.0)
        assert (spans["told"]["count"], spans["told"]["p50"]) == (0, None)
        assert "第一次发生" in told["formula"]
        empty = await (await here.host()).get(
            "/api/order-lists/latencies", params={"since": "2020-01-01", "until": "2020-01-02"}
        )
        assert empty.json()["orders"] == 0


@pytest.mark.requirement("S-34")
async def test_a_written_opinion_is_made_of_the_reply_with_a_place_for_the_seal(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number, unit = await here.with_unit(consents=True), await here.unit()
        assert (await unit.get(f"/api/order-lists/{number}/opinion")).status_code == 409
        await here.does(unit, number, "reply", text="已更换<灯管>。")
        written = await unit.get(f"/api/order-lists/{number}/opinion")
        assert written.status_code == 200
        assert "王小明：" in (await (await here.agent()).get(f"/api/order-lists/{number}/opinion")).text
        for words in (number, "王**：", "已更换&lt;灯管&gt;。", f"{WATER}（盖章处）"):
            assert words in written.text
        assert (await (await here.unit(ROADS)).get(f"/api/order-lists/{number}/opinion")).status_code == 403


@pytest.mark.requirement("Y-53")
async def test_the_statistics_that_everybody_may_read_name_nobody_and_say_their_formula(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        for _ in range(3):
            await here.opened(category="utilities")
        await here.told(category="utilities")
        await here.opened(category="official_report")
        here.site.clock.at += timedelta(days=1)
        citizen = here.site.visitor()
        told = (await citizen.get("/q/statistics.json")).json()
        assert (told["total"], told["told"], told["rate"]) == (5, 1, 1.0)
        assert {each["title"]: (each["count"], each["ended"]) for each in told["rows"] if each["count"]} == {
            "求助：水电气暖": (4, 1)
        }
        shown = (await citizen.get("/q/statistics")).text
        assert "按时率 = " in shown
        assert "对行政机关" not in shown
        assert not re.search(r"王小明|1381234|水务局", shown)


@pytest.mark.requirement("Y-60")
async def test_who_opens_others_orders_again_and_again_is_reported(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number, stranger = await here.with_unit(), await here.unit(ROADS)
        for _ in range(4):
            await stranger.get(f"/api/orders/{number}")
        assert await watch_of(here).look() == ()
        await stranger.get("/api/orders/WO20260101-000001")
        assert [each.kind for each in await watch_of(here).look()] == ["access"]
        alert = (await (await here.supervisor()).get("/api/alerts")).json()["alerts"][0]
        assert f"{ROADS}老李" in alert["title"]


@pytest.mark.requirement("L-09")
async def test_a_place_in_another_city_is_pointed_out_and_streets_named_after_cities_are_not(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        agent = await here.agent()
        elsewhere = await here.opened(fields={"place": "西安市雁塔区小寨东路3号"})
        hints = (await agent.get(f"/api/orders/{elsewhere}")).json()["hints"]
        assert len(hints) == 1
        assert "西安" in hints[0]
        assert (await agent.get(f"/api/orders/{await here.opened()}")).json()["hints"] == []


@pytest.mark.parametrize(
    ("place", "other"),
    [
        ("武威路9号", ""),
        ("天水北路", ""),
        ("武威市凉州区", "武威"),
        ("兰州市西固区上海路", ""),
        ("上海牛肉面馆", ""),
        ("", ""),
        ("天水秦州区", "天水"),
    ],
)
def test_cities_and_streets_are_told_apart(place: str, other: str) -> None:
    assert other_city(place, "兰州") == other


@pytest.mark.requirement("L-04")
async def test_suggestions_and_complaints_are_counted_apart(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        for manner in ("建议", "建议", "投诉"):
            await here.opened(fields={"request_type": manner})
        here.site.clock.at += timedelta(days=1)
        told = (await here.site.visitor().get("/q/statistics.json")).json()
        counted = {each["title"]: each["count"] for each in told["rows"]}
        assert (counted["意见建议"], counted["投诉"]) == (2, 1)


@pytest.mark.requirement("Y-52")
async def test_every_matter_gets_an_answer_and_those_without_one_are_listed(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        answered, waiting = await here.told(category="utilities"), await here.with_unit(category="utilities")
        told = (await (await here.host()).get("/api/order-lists/coverage")).json()
        assert (told["orders"], told["answered"], told["share"]) == (2, 1, 0.5)
        assert told["exceptions"] == [waiting]
        assert answered not in told["exceptions"]
        assert "÷" in told["formula"]


@pytest.mark.requirement("D-22")
async def test_a_unit_that_does_not_handle_a_facility_within_its_limit_is_supervised_by_the_timer(
    tmp_path: Path,
) -> None:
    async with order_site(tmp_path, "digital_city") as here:
        number, host = await here.with_unit(category="component"), await here.host()
        due = (await host.get(f"/api/orders/{number}/due")).json()
        assert "due" in [timer["name"] for timer in due["timers"]]
        here.site.clock.at += timedelta(days=30)
        await here.site.deps.orders.lives.fire("test", here.site.clock.at)
        here.pages.clear()
        assert (await (await here.host()).get(f"/api/orders/{number}")).json()["is_supervised"]


@pytest.mark.requirement("Y-27")
async def test_what_is_refused_as_malicious_counts_towards_nuisance(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        number, agent = await here.opened(), await here.agent()
        code = await reason_of(here, number, "恶意")
        fields = {"code": code, "explanation": "没有实质内容，不能受理。", "note": "反复辱骂", "approver": "班长"}
        await here.does(agent, number, "refuse_request", **fields)
        marks = (await agent.get(f"/api/order-marks/{number}")).json()["marks"]
        assert [(each["kind"], each["reason"]) for each in marks] == [("abuse", "反复辱骂")]


@pytest.mark.requirement("Y-24")
async def test_what_tells_secrets_is_refused_and_as_little_as_possible_is_kept_open(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        number, agent = await here.opened(), await here.agent()
        fields = {
            "code": await reason_of(here, number, "秘密"),
            "explanation": "涉及秘密，热线不受理。",
            "approver": "班长",
        }
        refused = await here.does(agent, number, "refuse_request", **fields)
        assert refused["state"] == "not_accepted"
        shown = await (await here.supervisor()).get(f"/api/orders/{number}")
        assert shown.json()["is_sealed"]
        for private in ("王小明", "13812345678", "武威路"):
            assert private not in shown.text


async def reason_of(here: OrderSite, number: str, word: str) -> str:
    """Return the code of the reason whose title holds a word, as a form offers it."""
    offered = (await (await here.agent()).get(f"/api/orders/{number}/actions")).json()["actions"]
    form = next(each for each in offered if each["name"] == "refuse_request")
    choices = next(each["choices"] for each in form["fields"] if each["name"] == "code")
    return str(next(each["value"] for each in choices if word in each["title"]))


@pytest.mark.requirement("L-12")
async def test_government_and_daily_life_are_two_lines_and_counted_apart(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        life, other = await here.opened(category="life_service"), await here.opened()
        agent = await here.agent()
        lines = [(await agent.get(f"/api/orders/{each}")).json()["service_line"] for each in (life, other)]
        assert lines == ["life", "government"]
        here.site.clock.at += timedelta(days=1)
        told = (await here.site.visitor().get("/q/statistics.json")).json()
        assert told["lines"] == {"government": 1, "life": 1}
