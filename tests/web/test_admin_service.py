"""Administration on the running service: a flow edited, refused, mended and published; the next caller hears it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.async_api import Page, expect

from cti.access import Role
from tests.system.running_service import RunningService, service_of
from tests.system.running_switch import until
from tests.web.browser import Browsers, errors_of, new_page
from tests.web.desk import account, pages_settings, sign_in
from tests.web.test_admin_pages import checked, editor, problems, replace_line

pytestmark = [pytest.mark.xdist_group("web-admin-service"), pytest.mark.asyncio(loop_scope="module")]

MICROPHONE_HZ = 1000


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    """The shipped flows, in no folder of its own: the pages publish to the run folder."""
    with service_of(pages_settings()) as running:
        yield running


async def publish(page: Page, note: str) -> None:
    await page.get_by_role("button", name="发布…").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("发布说明").fill(note)
    await dialog.get_by_label("为什么可以这样发布").fill("沿用现有菜单")
    await dialog.get_by_role("button", name="发布", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="已发布")).to_be_visible()


async def taken_in(service: RunningService, digests: set[str]) -> str:
    """Wait until the controller answers by flows that it did not know before."""
    file = service.settings.run_folder / "editions" / "current"

    async def is_new() -> bool:
        return file.read_text(encoding="ascii") not in digests

    await until(is_new, 40)
    return file.read_text(encoding="ascii")


async def hears(service: RunningService, hertz: float) -> bool:
    """Call the menu and tell whether this tone is the strongest sound in the greeting."""
    async with service.citizen() as phone:
        line = await service.dial(phone, "12319")
        begun = await line.wait_for_audio(30)
        await asyncio.sleep(1.5)
        sound = np.frombuffer(line.heard_pcm(begun), "<i2").astype(np.float64)
        await line.hang_up()
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    peak = float(np.fft.rfftfreq(len(sound), 1 / 8000)[int(power.argmax())])
    return abs(peak - hertz) < 15


async def test_a_greeting_recorded_in_the_browser_is_what_the_next_caller_hears_until_it_is_taken_back(
    service: RunningService, browsers: Browsers
) -> None:
    await account(service, "zhao", Role.ADMIN, title="赵主任")
    page = await new_page(
        await browsers.saying(MICROPHONE_HZ), service.settings.pages.base_url, permissions=["microphone"]
    )
    await sign_in(page, "zhao")
    assert not await hears(service, MICROPHONE_HZ)

    await page.goto("/admin/prompts")
    await page.get_by_role("button", name="用麦克风录").click()
    await page.wait_for_timeout(3000)
    await page.get_by_role("button", name="录完了").click()
    await page.get_by_role("button", name="存入").click()
    told = page.get_by_role("status").filter(has_text="已存为")
    await expect(told).to_be_visible()
    found = re.search(r"audio/welcome-[0-9a-f]{8}\.wav", await told.inner_text())
    assert found is not None

    await page.goto("/admin/flows")
    await page.get_by_role("tab", name="menu.yaml").click()
    await checked(page, "0 个错误")
    greeting = f"    say: {{words: 您好, audio: {found.group()}"
    await replace_line(page, "say: 您好，这里是", greeting)
    await checked(page, re.compile("[1-9] 个错误"))
    await page.get_by_role("button", name="发布…").click()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("不能发布")
    await page.keyboard.press("Escape")
    assert not (service.settings.run_folder / "flows" / "menu.yaml").exists()

    await problems(page).get_by_role("button", name=re.compile("错误")).first.click()
    await replace_line(page, found.group(), greeting + "}")
    await checked(page, "0 个错误")
    before = await taken_in(service, set())
    await publish(page, "换成录音的问候")
    after = await taken_in(service, {before})
    assert await hears(service, MICROPHONE_HZ)

    await page.get_by_role("tab", name="版本").click()
    rows = page.get_by_role("group", name="版本列表").locator("tbody tr")
    await rows.nth(1).get_by_role("button", name="换回").click()
    await expect(rows).to_have_count(3)
    await taken_in(service, {after})
    assert not await hears(service, MICROPHONE_HZ)
    await page.reload()
    await expect(page.get_by_text("控制器已采用")).to_be_visible()
    assert errors_of(page) == []
    assert service.tracebacks() == []
    await page.context.close()


async def test_a_published_queue_is_followed_by_the_switch(service: RunningService, browsers: Browsers) -> None:
    await account(service, "zhao", Role.ADMIN, title="赵主任")
    page = await new_page(await browsers.saying(MICROPHONE_HZ), service.settings.pages.base_url)
    await sign_in(page, "zhao")
    await page.goto("/admin/queues")
    await checked(page, "没有问题")
    line = editor(page).locator(".cm-line", has_text="ring_seconds: 15")
    await expect(line).to_be_visible()
    await replace_line(page, "ring_seconds: 15", "    ring_seconds: 17")
    await checked(page, "没有问题")
    await page.get_by_role("button", name="发布…").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("发布说明").fill("多响两秒")
    await dialog.get_by_role("button", name="发布", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="已发布")).to_be_visible()

    async def is_followed() -> bool:
        return any(record["event"] == "queues_taken_in" for record in service.log())

    await until(is_followed, 40)
    conf = next(service.settings.run_folder.rglob("queues.conf"))
    assert "timeout = 17" in re.sub(r"\s*=\s*", " = ", conf.read_text(encoding="utf-8"))
    await page.context.close()
