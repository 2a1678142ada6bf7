"""Orders through the API: who sees what of them, who may do what, and in which words the rest is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from cti.adapters.sql.order_store import SqlOrderStore
from ivr.call import CallId
from tests.cti.web.order_site import CITIZEN, ROADS, WATER, order_site
from workorder.draft import Draft, Field, FieldName


@pytest.mark.requirement("J-40", "S-05", "S-10")
async def test_whatever_the_channel_an_order_stands_in_one_list(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        numbers = {channel: await here.opened(channel) for channel in ("call", "letter", "web", "wechat", "haochaping")}
        agent = await here.agent()
        listed = (await agent.get("/api/orders")).json()
        assert {each["channel"]: each["number"] for each in listed["orders"]} == numbers
        letters = (await agent.get("/api/orders", params={"channel": "letter"})).json()
        assert [each["number"] for each in letters["orders"]] == [numbers["letter"]]


async def test_a_list_is_searched_filtered_and_paged(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        first = await here.opened(fields={"title": "水管爆裂", "summary": "水管爆裂", "place": "雁滩路"})
        others = [await here.opened() for _ in range(3)]
        await here.does(await here.agent(), first, "accept")
        agent = await here.agent()

        async def found(**params: object) -> list[str]:
            answer = await agent.get("/api/orders", params=params)  # type: ignore[arg-type]
            assert answer.status_code == 200, answer.text
            return [each["number"] for each in answer.json()["orders"]]

        assert await found(words="水管 雁滩") == [first]
        assert await found(words="%") == []
        assert await found(words=first) == [first]
        assert await found(state="accepted") == [first]
        assert set(await found(state="drafted")) == set(others)
        assert await found(words="x\0'; DROP TABLE orders") == []
        assert len(await found(size=3)) == 3
        assert len(await found(size=3, page=2)) == 1
        assert (await agent.get("/api/orders", params={"state": "moon"})).status_code == 422
        assert (await agent.get("/api/orders", params={"opened_from": "2026-01-01T00:00:00"})).status_code == 422


@pytest.mark.requirement("J-03")
async def test_a_draft_that_a_call_left_is_filled_confirmed_and_then_lives(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        draft = Draft(CallId("hl-1.0"), {FieldName.REQUEST_TYPE: Field("投诉")})
        order = await SqlOrderStore(here.site.deps.database).save_draft(draft, here.site.clock.now())
        agent, number = await here.agent(), order.number
        waiting = (await agent.get("/api/orders", params={"waiting": True})).json()["orders"]
        assert [(each["number"], each["state"], each["call"]) for each in waiting] == [(number, "draft", "hl-1.0")]
        edited = await agent.put(f"/api/orders/{number}/fields", {"fields": {"summary": "噪音扰民"}, "revision": 1})
        assert edited.json() == {"number": number, "revision": 2}
        stale = await agent.put(f"/api/orders/{number}/fields", {"fields": {"summary": "别的"}, "revision": 1})
        assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
        unknown = await agent.post(f"/api/orders/{number}/confirm", {"revision": 2, "category": "moon"})
        assert (unknown.status_code, unknown.json()["code"]) == (409, "refused")
        confirmed = await agent.post(f"/api/orders/{number}/confirm", {"revision": 2, "consents": True})
        assert (confirmed.status_code, confirmed.json()["state"]) == (200, "drafted")
        assert (await agent.get("/api/orders", params={"waiting": True})).json()["orders"] == []


@pytest.mark.requirement("J-16", "Y-56")
async def test_a_unit_sees_the_citizen_masked_until_they_consent(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        shy, open_ = await here.with_unit(), await here.with_unit(consents=True)
        unit = await here.unit()
        masked = await unit.get(f"/api/orders/{shy}")
        assert masked.json()["citizen"] == {"name": "王**", "phone": "138****5678"}
        listed = await unit.get("/api/orders")
        history = await unit.get(f"/api/orders/{shy}/history")
        for answer in (masked, history):
            assert "王小明" not in answer.text
            assert "13812345678" not in answer.text
            assert "李晓梅" not in answer.text, "who sits at the hotline stays in the house"
        assert "13812345678" not in listed.text
        whole = await unit.get(f"/api/orders/{open_}")
        assert whole.json()["citizen"] == {"name": "王小明", "phone": "13812345678"}
        assert (await (await here.agent()).get(f"/api/orders/{shy}")).json()["citizen"]["name"] == "王小明"


@pytest.mark.requirement("J-35")
async def test_a_unit_complained_about_never_sees_who_complained_consent_or_not(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number = await here.with_unit(consents=True, subject_unit=WATER, fields={"request_type": "投诉"})
        unit = await here.unit()
        for path in ("", "/history", "/due", "/actions"):
            answer = await unit.get(f"/api/orders/{number}{path}")
            assert answer.status_code == 200
            for private in ("王小明", "13812345678", "138****5678", "王**", "李晓梅"):
                assert private not in answer.text, (path, private)
        assert (await unit.get(f"/api/orders/{number}")).json()["citizen"] == {
            "name": "（不显示）",
            "phone": "（不显示）",
        }
        assert private not in (await unit.get("/api/orders")).text


async def test_a_unit_that_opens_anothers_order_is_refused_and_it_is_written_down(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number, stranger = await here.with_unit(), await here.unit(ROADS)
        missing = "WO20200101-000001"
        for each in (number, missing):
            for path in ("", "/history", "/due", "/actions"):
                answer = await stranger.get(f"/api/orders/{each}{path}")
                assert (answer.status_code, answer.json()["code"]) == (403, "not_your_order")
            body = {"action": "sign", "fields": {"handler": "甲"}, "version": 1}
            assert (await stranger.post(f"/api/orders/{each}/actions", body)).status_code == 403
        one = [await stranger.get(f"/api/orders/{each}") for each in (number, missing)]
        assert one[0].content == one[1].content, "no oracle: both are the same 403"
        assert (await stranger.get("/api/orders")).json()["orders"] == []
        refused = [row for row in await here.site.trail() if row.action == "order.forbidden"]
        assert len(refused) == 12
        assert {(row.person.name, row.subject) for row in refused} == {
            (f"{ROADS}老李", number),
            (f"{ROADS}老李", missing),
        }


@pytest.mark.requirement("J-33")
async def test_every_look_at_an_order_is_in_the_audit_trail(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number = await here.with_unit()
        before = len(await here.site.trail())
        await (await here.host()).get(f"/api/orders/{number}")
        await (await here.unit()).get(f"/api/orders/{number}/history")
        rows = [(row.person.name, row.action) for row in (await here.site.trail())[before:] if row.subject == number]
        assert rows == [("督办员", "order.read"), (f"{WATER}老李", "order.history")]


@pytest.mark.requirement("L-19", "Y-50")
async def test_a_reviewer_reads_masked_orders_and_changes_nothing(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number, reviewer = await here.with_unit(consents=True), await here.reviewer()
        for path in (f"/{number}", f"/{number}/history", ""):
            answer = await reviewer.get(f"/api/orders{path}")
            assert answer.status_code == 200
            for private in ("王小明", "13812345678", "李晓梅"):
                assert private not in answer.text
        body = {"action": "urge", "fields": {"why": "x"}, "version": 4}
        assert (await reviewer.post(f"/api/orders/{number}/actions", body)).status_code == 403
        assert (await reviewer.get(f"/api/orders/{number}/actions")).json()["actions"] == []


@pytest.mark.requirement("J-28")
async def test_an_inspector_sees_the_whole_course(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number = await here.with_unit()
        events = (await (await here.host()).get(f"/api/orders/{number}/history")).json()["events"]
        assert [each["title"] for each in events] == ["登记", "受理", "派单", "签收"]
        assert {each["who"] for each in events} == {"李晓梅", f"{WATER}老李"}


@pytest.mark.requirement("S-04")
async def test_a_unit_signs_replies_and_asks_for_more_time_or_to_return(tmp_path: Path) -> None:
    async with order_site(tmp_path, "suqian") as here:
        unit, agent = await here.unit(), await here.agent()
        number = await here.opened()
        await here.does(agent, number, "accept")
        await here.does(agent, number, "dispatch", unit=WATER)
        offered = {each["name"]: each for each in (await unit.get(f"/api/orders/{number}/actions")).json()["actions"]}
        assert set(offered) == {"sign", "request_return", "assist_report"}
        assert offered["sign"]["is_possible"]
        assert [(each["title"], each["is_required"]) for each in offered["sign"]["fields"]] == [("经办人", True)]
        assert not offered["assist_report"]["is_possible"]
        await here.does(unit, number, "sign", handler="老李")
        assert "没有写" in await here.refuses(unit, number, "request_return", basis="三定方案", suggestion=" ")
        six = {"amount": 6, "unit": "days"}
        await here.does(unit, number, "request_extension", by=six, why="雨季")
        await here.does(await here.host(), number, "approve_extension")
        await here.does(unit, number, "tell_extension", how="电话", contact="今天")
        assert (await here.does(unit, number, "reply", text="已修好"))["state"] == "replied"


async def test_a_return_after_the_limit_is_offered_with_the_words_that_forbid_it(tmp_path: Path) -> None:
    async with order_site(tmp_path, "suqian") as here:
        number = await here.with_unit()
        here.site.clock.at += timedelta(hours=12, seconds=1)
        here.pages.clear()
        unit = await here.unit()
        offered = {each["name"]: each for each in (await unit.get(f"/api/orders/{number}/actions")).json()["actions"]}
        assert not offered["request_return"]["is_possible"]
        assert "12 小时 之内申请" in offered["request_return"]["refusals"][0]
        assert "S-29" in offered["request_return"]["refusals"][0]
        assert not offered["request_extension"]["is_possible"], "the twelve hours to close are over too"
        assert "12 小时" in await here.refuses(unit, number, "request_return", basis="三定", suggestion="转住建")
        assert (await unit.get("/api/orders")).json()["orders"][0]["light"] == "red"


async def test_the_due_date_is_explained_day_by_day(tmp_path: Path) -> None:
    async with order_site(tmp_path, "jinan") as here:
        number = await here.with_unit()
        due = (await (await here.unit()).get(f"/api/orders/{number}/due")).json()
        assert due["clause"] == "J-09"
        assert len(due["lines"]) > 5
        assert "到期" in due["lines"][-1]
        assert any(timer["name"] == "due" for timer in due["timers"])


@pytest.mark.requirement("Y-08")
async def test_who_runs_the_hotline_approves_no_extension_however_they_are_called(tmp_path: Path) -> None:
    async with order_site(tmp_path, "yangling") as here:
        number = await here.with_unit(category="utilities")
        await here.does(
            await here.unit(), number, "request_extension", by={"amount": 5, "unit": "workdays"}, why="等配件"
        )
        for page in (await here.agent(), await here.supervisor(), await here.unit()):
            assert "主办单位" in await here.refuses(page, number, "approve_extension")
        await here.does(await here.host(), number, "approve_extension")


async def test_two_who_act_at_once_never_write_over_each_other(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number, agent = await here.opened(), await here.agent()
        first = await agent.post(f"/api/orders/{number}/actions", {"action": "accept", "version": 1})
        second = await (await here.supervisor()).post(
            f"/api/orders/{number}/actions", {"action": "add_new_facts", "fields": {"text": "又坏一盏"}, "version": 1}
        )
        assert (first.status_code, second.status_code) == (200, 409)
        assert second.json()["code"] == "changed_meanwhile"
        assert "刷新" in second.json()["error"]


WRONG_FORMS: list[tuple[dict[str, object], str]] = [
    ({"action": "fly", "version": 1}, "没有“fly”"),
    ({"action": "open", "version": 1}, "没有“open”"),
    ({"action": "timer_ran", "fields": {"timer": "due", "told": "x"}, "version": 1}, "没有“timer_ran”"),
    ({"action": "dispatch", "version": 1}, "没有填承办单位"),
    ({"action": "dispatch", "fields": {"unit": "水" * 5001}, "version": 1}, "太长"),
    ({"action": "dispatch", "fields": {"unit": 7}, "version": 1}, "看不懂"),
    ({"action": "accept", "fields": {"moon": 1}, "version": 1}, "moon"),
    ({"action": "merge", "fields": {"into": "7", "told": "x"}, "version": 1}, "into"),
    ({"action": "accept"}, "version"),
    ({"action": "accept", "version": 1, "by": "root"}, "by"),
]


async def test_a_form_filled_in_wrong_is_refused_in_words(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number, agent = await here.opened(), await here.agent()
        for body, words in WRONG_FORMS:
            answer = await agent.post(f"/api/orders/{number}/actions", body)
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), body
            assert words in answer.json()["error"]


async def test_orders_are_linked_and_merged(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        one, two, agent = await here.opened(), await here.opened(), await here.agent()
        assert (await agent.post(f"/api/orders/{one}/links", {"other": two})).status_code == 204
        assert (await agent.post(f"/api/orders/{one}/links", {"other": one})).status_code == 409
        assert (await agent.get(f"/api/orders/{two}")).json()["links"] == [
            {"number": one, "other": two, "kind": "related"}
        ]
        merged = await here.does(agent, one, "merge", into=two, told="电话告知")
        assert merged["number"] == two
        assert json.loads((await agent.get(f"/api/orders/{one}")).text)["merged_into"] == two


async def test_who_is_not_signed_in_or_has_no_right_gets_nothing(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        number = await here.opened()
        for path in ("", f"/{number}", f"/{number}/history", "/choices"):
            assert (await here.site.visitor().get(f"/api/orders{path}")).status_code == 401
        body = {"channel": "letter", "fields": CITIZEN}
        assert (await (await here.unit()).post("/api/orders", body)).status_code == 403
        assert (await (await here.host()).post("/api/orders", body)).status_code == 403
        for wrong in ("WO1", "..%2fpasswd", "WO20261122-00000a"):
            assert (await (await here.agent()).get(f"/api/orders/{wrong}")).status_code == 404
