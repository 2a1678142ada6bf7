"""A call on the real service before the agent's eyes: its order writes itself, and its danger brings in help."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.async_api import Response, expect

from ivr.adapters.simulator.call_plan import Answering
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.simulator.tones import tone
from tests.system.running_service import RunningService
from tests.web.browser import Browsers, assert_accessible, errors_of, hears
from tests.web.desk import TONES, button, desk_page, phone_says, ready
from workorder.draft import FieldName

pytestmark = [pytest.mark.xdist_group("web-order"), pytest.mark.asyncio(loop_scope="module")]


SENTENCE = "你好我要反映幸福路三十八号的路灯坏了晚上很黑请你们派人来修一下"


def is_piece(answer: Response) -> bool:
    """Whether this is the sound that was asked for, not the header of its file."""
    asked = answer.request.headers.get("range", "")
    return "/recording/caller" in answer.url and answer.status == 206 and not asked.startswith("bytes=0-")


async def test_the_order_is_written_while_they_talk_and_kept_as_the_agent_wants_it(
    service: RunningService, browsers: Browsers
) -> None:
    words = await service.speech(SENTENCE)
    async with (
        service.bus() as bus,
        desk_page(service, browsers, "lixiaomei", "801") as page,
        service.citizen() as phone,
    ):
        await ready(page)
        line = await service.dial(phone, "12345")
        call = await service.offered(bus, phone)
        await phone_says(page, "来电")
        await page.keyboard.press("F2")
        await phone_says(page, "通话中")
        line.start_saying(words)
        await expect(page.get_by_role("log", name="通话文字")).to_contain_text("路灯", timeout=60_000)
        suggested = page.get_by_label("诉求内容")
        async with page.expect_response(is_piece) as heard:  # while they still talk
            await page.get_by_role("button", name="播放").first.click()
        piece = np.frombuffer(await (await heard.value).body(), "<i2").astype(float)
        assert 1 < len(piece) / 8000 < 60
        assert np.sqrt((piece**2).mean()) > 300  # it is speech, not silence
        await expect(suggested).to_have_attribute("placeholder", re.compile("路灯"), timeout=60_000)
        await suggested.focus()
        await page.keyboard.press("Tab")
        await page.get_by_label("姓名").fill("王秀英")
        order = page.get_by_role("region", name="工单", exact=True)
        await expect(order).to_contain_text("已保存", timeout=30_000)
        await expect(order).to_contain_text("WO20")
        await assert_accessible(page, "with a draft")
        await button(page, "挂断").click()
        await phone_says(page, "空闲")
        await line.hang_up()
        await service.finished(call)
        await page.keyboard.press("Control+Enter")
        await expect(order).to_contain_text("已确认", timeout=30_000)
        kept = await service.order(call)
        assert kept is not None
        assert kept.draft.value(FieldName.NAME) == "王秀英"
        assert "路灯" in kept.draft.value(FieldName.SUMMARY)
        assert errors_of(page) == []


async def test_danger_in_the_talk_is_lit_and_one_key_brings_the_fire_brigade_until_the_agent_leaves_them(
    service: RunningService, browsers: Browsers
) -> None:
    words = await service.speech("我家着火了，快来人啊。")
    trunk = service.settings.emergency_trunk
    async with (
        service.bus() as bus,
        SipPhone(bind_ip=trunk.host, port=trunk.port, number="emergency") as centre,
        desk_page(service, browsers, "lixiaomei", "801") as page,
        service.citizen() as phone,
    ):
        centre.answering = Answering(after_seconds=0.5)
        await ready(page)
        line = await service.dial(phone, "12345")
        call = await service.offered(bus, phone)
        await phone_says(page, "来电")
        await page.keyboard.press("F2")
        await phone_says(page, "通话中")
        line.start_saying(words)
        panel = page.get_by_role("region", name="紧急联动")
        await expect(panel.get_by_role("alert")).to_contain_text("119 火警", timeout=60_000)
        await expect(page.locator("mark").first).to_contain_text("着火")
        await page.keyboard.press("F1")
        await page.keyboard.press("F1")
        brigade = await centre.next_call(30)
        await brigade.answered(30)
        await expect(panel).to_contain_text("已加入通话", timeout=30_000)
        brigade.start_saying(tone(930.0, 60.0))
        await hears(page, 930)
        await brigade.wait_for_tone(TONES["801"], 20)
        await assert_accessible(page, "three-way")
        await panel.get_by_role("button", name="他们通上话了").click()
        await expect(panel).to_contain_text("双方已通话")
        await panel.get_by_role("button", name="退出，让他们继续").click()
        await phone_says(page, "空闲")
        await line.wait_for_tone(930.0, 20)  # citizen and brigade talk on
        await line.hang_up()
        await brigade.hang_up()
        await service.finished(call)
        assert errors_of(page) == []
