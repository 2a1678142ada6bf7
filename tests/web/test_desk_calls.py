"""A call in the browser against the real switch: the popup, both voices, and everything the telephone's buttons do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from playwright.async_api import Page, expect

from ivr.adapters.simulator.phone_errors import CallTimeoutError
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.tones import tone
from ivr.call import CallId
from tests.system.running_service import RunningService
from tests.web.browser import Browsers, assert_accessible, assert_fits, errors_of, hears, hears_not, stops_hearing
from tests.web.desk import TONES, button, desk_page, phone_says, ready

pytestmark = [pytest.mark.xdist_group("web-calls"), pytest.mark.asyncio(loop_scope="module")]

CITIZEN_HZ = 530
AGENT_HZ = TONES["801"]


@dataclass
class Talk:
    """A citizen, and the agent at seat 801 who has answered them."""

    page: Page
    line: SipCall
    call: CallId
    number: str


@asynccontextmanager
async def talk(service: RunningService, browsers: Browsers) -> AsyncIterator[Talk]:
    """A call that is answered in the browser; the citizen says a tone without end."""
    async with (
        service.bus() as bus,
        desk_page(service, browsers, "lixiaomei", "801") as page,
        service.citizen() as phone,
    ):
        await ready(page)
        line = await service.dial(phone, "12345")
        call = await service.offered(bus, phone)
        await expect(page.locator("[data-test=caller]")).to_contain_text(phone.number[-4:])
        await button(page, "接听").click()
        await phone_says(page, "通话中")
        line.start_saying(tone(CITIZEN_HZ, 60))
        yield Talk(page, line, call, phone.number)
        await line.hang_up()
        await service.finished(call)
        assert errors_of(page) == []


async def hears_nothing(line: SipCall, hertz: float, seconds: float = 1.2) -> None:
    with pytest.raises(CallTimeoutError):
        await line.wait_for_tone(hertz, seconds)


async def test_the_popup_comes_with_the_ring_and_both_hear_each_other(
    service: RunningService, browsers: Browsers
) -> None:
    async with talk(service, browsers) as now:
        await asyncio.gather(hears(now.page, CITIZEN_HZ), now.line.wait_for_tone(AGENT_HZ, 20))
        await hears_not(now.page, AGENT_HZ, 0.5)
        await assert_accessible(now.page, "talking")
        await assert_fits(now.page)
        await button(now.page, "挂断").click()
        await phone_says(now.page, "空闲")
        await hears_nothing(now.line, AGENT_HZ)


async def test_mute_hold_and_keys(service: RunningService, browsers: Browsers) -> None:
    async with talk(service, browsers) as now:
        page, line = now.page, now.line
        await line.wait_for_tone(AGENT_HZ, 20)
        await page.keyboard.press("F4")
        await phone_says(page, "已静音")
        await hears_nothing(line, AGENT_HZ)
        await hears(page, CITIZEN_HZ)
        await assert_accessible(page, "muted")
        await page.keyboard.press("F4")
        await line.wait_for_tone(AGENT_HZ, 20)

        await page.keyboard.press("F8")
        await phone_says(page, "保持中")
        await stops_hearing(page, CITIZEN_HZ)
        await hears_nothing(line, AGENT_HZ)
        await line.wait_for_audio(5, louder_than_dbfs=-50)
        await assert_accessible(page, "held")
        await page.keyboard.press("F8")
        await asyncio.gather(hears(page, CITIZEN_HZ), line.wait_for_tone(AGENT_HZ, 20))

        await button(page, "按键").click()
        keypad = page.get_by_role("group", name="拨号键盘")
        for key in "12#":
            await keypad.get_by_role("button", name=key, exact=True).click()
        async with asyncio.timeout(8):
            while line.heard_keys != "12#":  # noqa: ASYNC110  # the wire rings no bell
                await asyncio.sleep(0.05)
        await assert_accessible(page, "keypad")


async def test_a_reload_in_mid_call_brings_the_call_and_the_draft_back(
    service: RunningService, browsers: Browsers
) -> None:
    async with talk(service, browsers) as now:
        await hears(now.page, CITIZEN_HZ)
        field = now.page.get_by_label("标题")
        await field.fill("路灯不亮，市民很着急")
        await field.press("Tab")
        now.page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        await now.page.reload()
        await expect(now.page.locator("[data-test=caller]")).to_contain_text(now.number[-4:])
        await expect(now.page.get_by_label("标题")).to_have_value("路灯不亮，市民很着急")
        await phone_says(now.page, "通话中", within=20)
        await asyncio.gather(hears(now.page, CITIZEN_HZ), now.line.wait_for_tone(AGENT_HZ, 15))
        await asyncio.sleep(6.0)  # longer than the pause after a call: the line that was left ended no talk
        await expect(now.page.get_by_role("region", name="席位状态").get_by_role("status")).to_contain_text("通话中")
        await button(now.page, "挂断").click()
        await phone_says(now.page, "空闲")
        await expect(now.page.get_by_role("region", name="席位状态").get_by_role("status")).to_contain_text("话后")


async def test_the_talk_goes_on_while_pages_and_controller_die_and_the_page_comes_to_again(
    service: RunningService, browsers: Browsers
) -> None:
    async with talk(service, browsers) as now:
        await hears(now.page, CITIZEN_HZ)
        service.kill("pages")
        await expect(now.page.get_by_role("alert").filter(has_text="连接断了")).to_be_visible()
        await asyncio.gather(hears(now.page, CITIZEN_HZ), now.line.wait_for_tone(AGENT_HZ, 20))
        await assert_accessible(now.page, "server away")
        await expect(now.page.get_by_role("alert").filter(has_text="连接断了")).to_be_hidden(timeout=60_000)
        await expect(now.page.locator("[data-phone-line=ready]")).to_be_visible(timeout=60_000)

        killed = service.kill("controller")
        await expect(now.page.get_by_role("alert").filter(has_text="呼叫控制")).to_be_visible()
        await asyncio.gather(hears(now.page, CITIZEN_HZ), now.line.wait_for_tone(AGENT_HZ, 20))
        await service.serving(killed)
        await expect(now.page.get_by_role("alert").filter(has_text="呼叫控制")).to_be_hidden(timeout=60_000)
        await phone_says(now.page, "通话中")
        await expect(now.page.locator("[data-test=caller]")).to_contain_text(now.number[-4:])
        await now.page.keyboard.press("F9")
        await phone_says(now.page, "空闲")


async def test_an_expired_session_does_not_end_the_talk(service: RunningService, browsers: Browsers) -> None:
    async with talk(service, browsers) as now:
        await hears(now.page, CITIZEN_HZ)
        await now.page.context.clear_cookies()
        service.kill("pages")  # its sockets are gone, and the cookie with them
        again = now.page.get_by_role("dialog", name="登录已过期")
        await expect(again).to_be_visible(timeout=60_000)
        await assert_accessible(now.page, "session expired")
        await asyncio.gather(hears(now.page, CITIZEN_HZ), now.line.wait_for_tone(AGENT_HZ, 20))
        await again.get_by_label("密码").fill("twelve-three-45")
        await again.get_by_role("button", name="继续").click()
        await expect(again).to_be_hidden()
        await phone_says(now.page, "通话中")


async def test_after_the_switch_died_the_telephone_is_back_and_rings_again(
    service: RunningService, browsers: Browsers
) -> None:
    async with talk(service, browsers) as now:
        await hears(now.page, CITIZEN_HZ)
        service.kill("asterisk")
        await expect(now.page.locator("[data-phone-line=ready]")).to_be_hidden()
        await expect(now.page.locator("[data-phone-line=ready]")).to_be_visible(timeout=60_000)
        async with service.citizen() as phone:
            await service.serving()
            await ready(now.page)
            line = await service.dial(phone, "12345")
            await expect(now.page.locator("[data-test=caller]")).to_contain_text(phone.number[-4:], timeout=60_000)
            await phone_says(now.page, "来电")
            await button(now.page, "接听").click()
            await asyncio.gather(line.wait_for_tone(AGENT_HZ, 20), phone_says(now.page, "通话中"))
            await line.hang_up()


async def test_a_refused_microphone_is_told_with_a_remedy_and_the_caller_goes_on_ringing(
    service: RunningService, browsers: Browsers
) -> None:
    silent = await browsers.without_microphone()
    async with (
        desk_page(service, browsers, "lixiaomei", "801", browser=silent, permissions=()) as page,
        service.bus() as bus,
        service.citizen() as phone,
    ):
        line = await service.dial(phone, "12345")
        call = await service.offered(bus, phone)
        await phone_says(page, "来电")
        await button(page, "接听").click()
        told = page.get_by_role("alert").filter(has_text=re.compile("麦克风"))
        await expect(told).to_be_visible()
        await assert_accessible(page, "no microphone")
        await phone_says(page, "来电")
        await line.hang_up()
        await service.finished(call)
