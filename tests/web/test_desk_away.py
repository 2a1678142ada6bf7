"""What cannot be stored now is kept and sent again; category and unit are completed from the words in use."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.browser import Browsers, assert_accessible
from tests.web.test_desk_states import talking

pytestmark = [pytest.mark.xdist_group("web-states"), pytest.mark.asyncio(loop_scope="module")]

AWAY = {"ok": False, "code": "away", "text": "数据库暂时不在，没有存上。改法：页面会留着您写的内容，稍后再试。"}
REFUSED = {"ok": False, "text": "工单 20261122000007 已确认。改法：在工单上补充新情况。"}


async def test_words_that_the_database_is_too_far_away_for_are_kept_and_sent_when_it_is_back(
    browsers: Browsers,
) -> None:
    async with talking(browsers) as (page, script):
        order = page.get_by_role("region", name="工单", exact=True)
        script.refusals["order.type"] = AWAY
        await page.get_by_label("姓名").fill("王秀英")
        await script.asked_for("order.type")
        await expect(order).to_contain_text("待保存")
        await expect(order.get_by_role("alert")).to_have_count(0)
        await assert_accessible(page, "database away")
        del script.refusals["order.type"]
        await expect(order.get_by_role("status")).to_contain_text("已保存", timeout=60_000)
        assert script.typed["name"] == "王秀英"


async def test_words_that_are_refused_for_good_say_why(browsers: Browsers) -> None:
    async with talking(browsers) as (page, script):
        script.refusals["order.type"] = REFUSED
        await page.get_by_label("姓名").fill("王秀英")
        await expect(page.get_by_role("region", name="工单", exact=True).get_by_role("alert")).to_contain_text("已确认")
        await expect(page.get_by_label("姓名")).to_have_value("王秀英")


async def test_the_browser_completes_what_an_agent_begins_as_category_or_unit(browsers: Browsers) -> None:
    async with talking(browsers) as (page, _script):
        for label, value in (("事项分类", "城乡建设/城市管理/路灯"), ("承办单位", "住建局")):
            field = page.get_by_label(label, exact=True)
            await expect(
                page.locator(f"datalist#{await field.get_attribute('list')} option[value='{value}']")
            ).to_have_count(1)
