"""A call writes its own order before the agent's eyes: words, suggestions, what is typed, and what remains of it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.system.running_service import RunningService
from tests.web.browser import Browsers, assert_accessible, errors_of
from tests.web.desk import button, desk_page, phone_says
from workorder.draft import FieldName

pytestmark = [pytest.mark.xdist_group("web-order"), pytest.mark.asyncio(loop_scope="module")]

SENTENCE = "你好我要反映幸福路三十八号的路灯坏了晚上很黑请你们派人来修一下"


async def test_the_order_is_written_while_they_talk_and_kept_as_the_agent_wants_it(
    service: RunningService, browsers: Browsers
) -> None:
    words = await service.speech(SENTENCE)
    async with (
        service.bus() as bus,
        desk_page(service, browsers, "lixiaomei", "801") as page,
        service.citizen() as phone,
    ):
        line = await service.dial(phone, "12345")
        call = await service.offered(bus, phone)
        await phone_says(page, "来电")
        await page.keyboard.press("F2")
        await phone_says(page, "通话中")
        line.start_saying(words)
        await expect(page.get_by_role("log", name="通话文字")).to_contain_text("路灯", timeout=30_000)
        suggested = page.get_by_label("诉求内容")
        await expect(suggested).to_have_attribute("placeholder", re.compile("路灯"), timeout=30_000)
        await suggested.focus()
        await page.keyboard.press("Tab")
        await page.get_by_label("姓名").fill("王秀英")
        order = page.get_by_role("region", name="工单", exact=True)
        await expect(order).to_contain_text("已保存", timeout=15_000)
        await expect(order).to_contain_text("WO20")
        await assert_accessible(page, "with a draft")
        await button(page, "挂断").click()
        await phone_says(page, "空闲")
        await line.hang_up()
        await service.finished(call)
        await page.keyboard.press("Control+Enter")
        await expect(order).to_contain_text("已确认", timeout=15_000)
        kept = await service.order(call)
        assert kept is not None
        assert kept.draft.value(FieldName.NAME) == "王秀英"
        assert "路灯" in kept.draft.value(FieldName.SUMMARY)
        assert errors_of(page) == []
