"""Two agents and their supervisor on one call: who hears whom is measured by frequency at every page and telephone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from playwright.async_api import Page, expect

from cti.access import Role
from ivr.adapters.simulator.phone_errors import CallTimeoutError
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.tones import tone, tone_levels
from ivr.call import CallId
from tests.system.running_service import RunningService
from tests.system.running_softphone import softphone
from tests.web.browser import Browsers, another_page, assert_accessible, errors_of, hears, hears_not, stops_hearing
from tests.web.desk import TONES, button, desk_page, do, phone_says, ready

pytestmark = [pytest.mark.xdist_group("web-together"), pytest.mark.asyncio(loop_scope="module")]

CITIZEN_HZ = 530
AGENT_HZ, OTHER_HZ, SUPERVISOR_HZ = TONES["801"], TONES["802"], TONES["803"]


@dataclass
class Talk:
    """A citizen with the agent of seat 801; somebody else at another seat looks on."""

    agent: Page
    other: Page
    line: SipCall
    call: CallId


@asynccontextmanager
async def talk(service: RunningService, browsers: Browsers, other: str, seat: str, *roles: Role) -> AsyncIterator[Talk]:
    async with (
        service.bus() as bus,
        desk_page(service, browsers, "lixiaomei", "801") as agent,
        service.citizen() as phone,
    ):
        await ready(agent)
        line = await service.dial(phone, "12345")
        call = await service.offered(bus, phone)
        await phone_says(agent, "来电")
        await agent.keyboard.press("F2")
        await phone_says(agent, "通话中")
        line.start_saying(tone(CITIZEN_HZ, 60))
        async with desk_page(service, browsers, other, seat, *roles) as second:
            await asyncio.gather(hears(agent, CITIZEN_HZ), line.wait_for_tone(AGENT_HZ, 20))
            yield Talk(agent, second, line, call)
            await line.hang_up()
            await service.finished(call)
            assert errors_of(agent) == errors_of(second) == []


async def hears_nothing(line: SipCall, hertz: float, seconds: float = 1.2) -> None:
    with pytest.raises(CallTimeoutError):
        await line.wait_for_tone(hertz, seconds)


async def ask_aside(now: Talk, seat: str) -> None:
    """The agent asks another seat, which answers; the citizen hears music meanwhile."""
    await now.agent.keyboard.press("F7")
    await now.agent.get_by_role("dialog").get_by_role("button", name=seat).click()
    await phone_says(now.other, "来电")
    await now.other.keyboard.press("F2")
    await phone_says(now.other, "通话中")
    await asyncio.gather(hears(now.agent, OTHER_HZ), hears(now.other, AGENT_HZ))
    await asyncio.gather(
        hears_not(now.agent, CITIZEN_HZ, 1.0), hears_not(now.other, CITIZEN_HZ, 1.0), hears_nothing(now.line, AGENT_HZ)
    )


async def test_an_attended_transfer_hands_the_citizen_to_the_other_seat(
    service: RunningService, browsers: Browsers
) -> None:
    async with talk(service, browsers, "wangjianguo", "802") as now:
        await ask_aside(now, "802")
        await assert_accessible(now.agent, "consulting")
        await now.agent.get_by_role("button", name="转给对方").click()
        await asyncio.gather(hears(now.other, CITIZEN_HZ), now.line.wait_for_tone(OTHER_HZ, 20))
        await phone_says(now.agent, "空闲")
        await expect(now.other.locator("[data-test=caller]")).to_be_visible()


async def test_a_three_way_talk_in_which_all_hear_all(service: RunningService, browsers: Browsers) -> None:
    async with talk(service, browsers, "wangjianguo", "802") as now:
        await ask_aside(now, "802")
        await now.agent.get_by_role("button", name="三方通话").click()
        await asyncio.gather(
            hears(now.agent, CITIZEN_HZ),
            hears(now.agent, OTHER_HZ),
            hears(now.other, CITIZEN_HZ),
            hears(now.other, AGENT_HZ),
            hears_tones(now.line, AGENT_HZ, OTHER_HZ),
        )
        await assert_accessible(now.agent, "three-way")
        await button(now.agent, "挂断").click()
        await asyncio.gather(hears(now.other, CITIZEN_HZ), now.line.wait_for_tone(OTHER_HZ, 20))


async def hears_tones(line: SipCall, *hertz: float, within: float = 20.0) -> None:
    """Wait until the citizen hears all these tones at once."""
    async with asyncio.timeout(within):
        while True:
            pcm = line.heard_pcm()[-8000:]
            levels = tone_levels(pcm, hertz) if len(pcm) >= 8000 else {}
            if levels and all(sorted(each)[len(each) // 2] > 0.01 for each in levels.values()):
                return
            await asyncio.sleep(0.1)


async def test_a_blind_transfer_leaves_the_citizen_alone_for_no_moment(
    service: RunningService, browsers: Browsers
) -> None:
    async with talk(service, browsers, "wangjianguo", "802") as now:
        await do(now.agent, "call.transfer_blind", call=now.call, to="802")
        await phone_says(now.other, "来电")
        await asyncio.gather(hears(now.agent, CITIZEN_HZ), now.line.wait_for_tone(AGENT_HZ, 20))
        await now.other.keyboard.press("F2")
        await asyncio.gather(hears(now.other, CITIZEN_HZ), now.line.wait_for_tone(OTHER_HZ, 20))
        await phone_says(now.agent, "空闲")


async def test_a_whisper_is_heard_by_the_agent_alone_and_the_supervisor_takes_over(
    service: RunningService, browsers: Browsers
) -> None:
    async with talk(service, browsers, "banzhang", "803", Role.SUPERVISOR) as now, answering(now.other):
        await do(now.other, "monitor.listen", call=now.call)
        await asyncio.gather(hears(now.other, CITIZEN_HZ), hears(now.other, AGENT_HZ))
        await asyncio.gather(hears_not(now.agent, SUPERVISOR_HZ, 1.0), hears_nothing(now.line, SUPERVISOR_HZ))

        await do(now.other, "monitor.whisper", call=now.call)
        await asyncio.gather(hears(now.agent, SUPERVISOR_HZ), hears(now.other, CITIZEN_HZ))
        await hears_nothing(now.line, SUPERVISOR_HZ, 2.0)
        await now.line.wait_for_tone(AGENT_HZ, 20)

        await do(now.other, "monitor.barge", call=now.call)
        await asyncio.gather(hears(now.agent, SUPERVISOR_HZ), hears_tones(now.line, AGENT_HZ, SUPERVISOR_HZ))

        await do(now.other, "monitor.take_over", call=now.call)
        await asyncio.gather(hears(now.other, CITIZEN_HZ), now.line.wait_for_tone(SUPERVISOR_HZ, 20))
        await stops_hearing(now.agent, CITIZEN_HZ)
        await phone_says(now.agent, "空闲")


@asynccontextmanager
async def answering(page: Page) -> AsyncIterator[None]:
    """The supervisor's telephone rings for what they ask: whenever it does, they answer."""
    bar = page.get_by_role("region", name="电话").get_by_role("status")

    async def answer() -> None:
        while True:
            if "来电" in await bar.inner_text():
                await page.keyboard.press("F2")
            await asyncio.sleep(0.2)

    task = asyncio.create_task(answer())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_second_tab_takes_the_seat_over_and_the_first_says_so(
    service: RunningService, browsers: Browsers
) -> None:
    async with desk_page(service, browsers, "lixiaomei", "801") as first:
        second = await another_page(first.context)
        await second.goto("/desk")
        await expect(first.get_by_role("alert").filter(has_text="另一个窗口")).to_be_visible()
        await assert_accessible(first, "taken")
        await expect(second.locator("[data-phone-line=ready]")).to_be_visible()
        async with service.bus() as bus, service.citizen() as phone:
            line = await service.dial(phone, "12345")
            call = await service.offered(bus, phone)
            await phone_says(second, "来电")
            await button(second, "接听").click()
            await line.wait_for_tone(AGENT_HZ, 20)
            await line.hang_up()
            await service.finished(call)
        await first.get_by_role("button", name="改在本窗口使用").click()
        await expect(second.get_by_role("alert").filter(has_text="另一个窗口")).to_be_visible()
        await expect(first.locator("[data-phone-line=ready]")).to_be_visible()


async def test_the_page_works_the_telephone_of_a_desk_without_a_microphone(
    service: RunningService, browsers: Browsers
) -> None:
    async with (
        softphone(service, "--tone", "700", seat="804"),
        desk_page(service, browsers, "qianjin", "804", permissions=()) as page,
        service.bus() as bus,
        service.citizen() as phone,
    ):
        await ready(page)
        line = await service.dial(phone, "12345")
        call = await service.offered(bus, phone)
        await phone_says(page, "来电")
        await button(page, "接听").click()
        await phone_says(page, "通话中")
        await line.wait_for_tone(700, 20)
        await page.keyboard.press("F4")
        await phone_says(page, "已静音")
        await hears_nothing(line, 700)
        await page.keyboard.press("F4")
        await line.wait_for_tone(700, 20)
        await button(page, "挂断").click()
        await phone_says(page, "空闲")
        await line.hang_up()
        await service.finished(call)
        assert errors_of(page) == []
