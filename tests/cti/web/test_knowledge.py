"""The knowledge base through the API: units submit, others review, agents find, are offered, and answer with it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cti.web.order_site import ROADS, OrderSite, order_site
from workorder.order import order_day

WATER_BILL = {
    "title": "水费怎样缴纳",
    "question": "水费在哪里交，怎样交水费，可以网上缴费吗",
    "answer": "可在水务集团营业厅、微信公众号或银行代扣缴纳，凭户号办理。",
}
LAMP = {
    "title": "路灯不亮向谁反映",
    "question": "路灯坏了找谁修，路灯不亮多久能修好",
    "answer": "拨打 12345 报修，一般三个工作日内修复。",
}


def review_by(here: OrderSite, days: int = 180) -> str:
    return (order_day(here.site.clock.now()) + timedelta(days=days)).isoformat()


async def published(here: OrderSite, article: dict[str, str], days: int = 180) -> dict[str, Any]:
    new = await (await here.unit()).post("/api/knowledge", {**article, "review_by": review_by(here, days)})
    assert new.status_code == 201, new.text
    id, revision = new.json()["id"], new.json()["revision"]
    decided = await (await here.supervisor()).post(
        f"/api/knowledge/{id}/decision", {"state": "published", "revision": revision}
    )
    assert decided.status_code == 200, decided.text
    return dict(decided.json())


@pytest.mark.requirement("Y-12")
async def test_what_a_unit_submits_is_used_only_after_somebody_else_reviewed_it(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        unit, agent, supervisor = await here.unit(), await here.agent(), await here.supervisor()
        new = (await unit.post("/api/knowledge", {**WATER_BILL, "review_by": review_by(here), "unit": "别的局"})).json()
        assert (new["state"], new["unit"]) == ("submitted", "水务局"), "a unit writes in its own name only"
        assert (await agent.get(f"/api/knowledge/{new['id']}")).status_code == 404
        assert (await agent.get("/api/knowledge", params={"words": "水费"})).json()["articles"] == []
        decision = {"state": "published", "revision": new["revision"]}
        for nobody in (unit, agent):
            assert (await nobody.post(f"/api/knowledge/{new['id']}/decision", decision)).status_code == 403
        lacking = {"state": "refused", "revision": new["revision"]}
        assert (await supervisor.post(f"/api/knowledge/{new['id']}/decision", lacking)).status_code == 422
        assert (await supervisor.post(f"/api/knowledge/{new['id']}/decision", decision)).status_code == 200
        stale = await supervisor.post(f"/api/knowledge/{new['id']}/decision", decision)
        assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
        assert [
            each["id"] for each in (await agent.get("/api/knowledge", params={"words": "水费"})).json()["articles"]
        ] == [new["id"]]
        own = (await supervisor.post("/api/knowledge", {**LAMP, "review_by": review_by(here), "unit": "路灯所"})).json()
        itself = {"state": "published", "revision": own["revision"]}
        assert (await supervisor.post(f"/api/knowledge/{own['id']}/decision", itself)).json()["code"] == "four_eyes"


@pytest.mark.requirement("L-28")
async def test_every_article_has_an_owner_and_a_review_date_and_the_overdue_are_listed(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        soon, late = await published(here, WATER_BILL, 30), await published(here, LAMP, 300)
        assert (soon["unit"], soon["review_by"]) == ("水务局", review_by(here, 30))
        supervisor = await here.supervisor()
        without = await supervisor.post("/api/knowledge", {**LAMP, "review_by": review_by(here)})
        assert "归属单位" in without.json()["error"]
        past = await supervisor.post("/api/knowledge", {**LAMP, "review_by": review_by(here, -1), "unit": "x"})
        assert "复核日期" in past.json()["error"]
        here.site.clock.at += timedelta(days=31)
        here.pages.clear()
        overdue = (await (await here.supervisor()).get("/api/knowledge", params={"overdue": True})).json()["articles"]
        assert [(each["id"], each["is_overdue"]) for each in overdue] == [(soon["id"], True)]
        rewritten = {**WATER_BILL, "review_by": review_by(here), "revision": soon["revision"]}
        assert (await (await here.unit(ROADS)).put(f"/api/knowledge/{late['id']}", rewritten)).status_code == 403
        again = await (await here.unit()).put(f"/api/knowledge/{soon['id']}", rewritten)
        assert again.json()["state"] == "submitted"


async def test_what_a_caller_says_is_met_with_the_article_that_answers_it(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here:
        water, lamp = await published(here, WATER_BILL), await published(here, LAMP)
        agent = await here.agent()

        async def offered(said: str) -> list[str]:
            answer = await agent.post("/api/knowledge/suggest", {"text": said})
            return [each["id"] for each in answer.json()["articles"]]

        assert await offered("你好我想问一下水费现在怎么交能不能网上缴费") == [water["id"]]
        assert (await offered("我们小区门口的路灯坏了路灯不亮好几天了找谁修"))[0] == lamp["id"]
        assert await offered("今天天气很好") == []
        assert await offered("") == []


@pytest.mark.requirement("L-01", "J-02")
async def test_an_inquiry_is_closed_at_the_desk_only_with_a_published_article_and_its_use_is_counted(
    tmp_path: Path,
) -> None:
    async with order_site(tmp_path) as here:
        article, agent = await published(here, WATER_BILL), await here.agent()
        number = await here.opened(fields={"request_type": "咨询"})
        answer = WATER_BILL["answer"]
        assert "没有这条知识" in await here.refuses(agent, number, "answer_directly", article="KB1", answer=answer)
        assert "没有写答复内容" in await here.refuses(
            agent, number, "answer_directly", article=article["id"], answer=" "
        )
        done = await here.does(agent, number, "answer_directly", article=article["id"], answer=answer)
        assert done["state"] == "answered"
        assert (await agent.get(f"/api/knowledge/{article['id']}")).json()["used"] == 1
