"""The unit's page and the citizen's pages in a real browser, on the pages alone: no switch is needed for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Page, expect

from tests.cti.web.order_site import WATER, OrderSite, order_site
from tests.cti.web.site import PASSWORD
from tests.ports import free_port
from tests.web.browser import Browsers, assert_accessible, assert_fits, errors_of, new_page

pytestmark = [pytest.mark.xdist_group("unit_page"), pytest.mark.asyncio(loop_scope="module")]


@asynccontextmanager
async def served(here: OrderSite) -> AsyncIterator[str]:
    port = free_port()
    config = uvicorn.Config(
        here.site.app, "127.0.0.1", port, log_config=None, lifespan="off", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn tells it by a flag only
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[OrderSite, str]]:
    folder: Path = tmp_path_factory.mktemp("unit-page")
    async with order_site(folder, "suqian") as here, served(here) as address:
        yield here, address


async def opened(house: tuple[OrderSite, str], browsers: Browsers, name: str = f"{WATER}老李") -> Page:
    here, address = house
    await here.unit()
    page = await new_page(await browsers.without_microphone(), address)
    await page.goto("/sign-in")
    await page.get_by_label("账号").fill(name)
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url("**/unit**")
    return page


async def test_a_unit_signs_replies_and_reads_why_by_the_keyboard_alone(
    house: tuple[OrderSite, str], browsers: Browsers
) -> None:
    here, _ = house
    agent, number = await here.agent(), await here.opened()
    await here.does(agent, number, "accept")
    await here.does(agent, number, "dispatch", unit=WATER)
    page = await opened(house, browsers)
    await expect(page.get_by_role("heading", name=WATER, exact=True)).to_be_visible()
    row = page.get_by_role("button", name="武威路路灯不亮")
    await expect(row).to_be_visible()
    await assert_accessible(page, "list")
    await page.keyboard.press("j")
    await expect(page.get_by_text("138****5678").first).to_be_visible()
    await expect(page.get_by_text("13812345678")).to_have_count(0)
    await page.keyboard.press("s")
    await page.get_by_label("经办人").fill("老李")
    await assert_accessible(page, "form")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status").filter(has_text="签收：已办")).to_be_visible()
    await page.get_by_text("何时到期，为什么").click()
    await expect(page.get_by_text("起算").first).to_be_visible()
    await assert_accessible(page, "order")
    await assert_fits(page)
    await page.keyboard.press("e")
    await page.get_by_label("延长多久", exact=True).fill("9")
    await page.get_by_label("延长多久的单位").select_option("days")
    await page.get_by_label("原因").fill("雨季")
    await page.get_by_role("button", name="申请延期", exact=True).last.click()
    await expect(page.locator("dialog").get_by_role("alert")).to_contain_text("延期最长 6 天")
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog")).to_have_count(0)
    await page.keyboard.press("r")
    await page.get_by_label("内容", exact=True).fill("已换灯管，今晚亮灯。")
    await page.get_by_role("button", name="答复", exact=True).last.click()
    await expect(page.get_by_role("status").filter(has_text="已答复")).to_be_visible()
    assert errors_of(page) == []
    await page.context.close()


async def test_a_unit_submits_knowledge_and_every_mode_is_accessible(
    house: tuple[OrderSite, str], browsers: Browsers
) -> None:
    here, _ = house
    await here.with_unit()
    page = await opened(house, browsers)
    await page.get_by_role("button", name="深色").click()
    await page.get_by_role("button", name="大字").click()
    await page.get_by_role("button", name="办理中", exact=True).click()
    await page.get_by_role("button", name="武威路路灯不亮").first.click()
    await expect(page.get_by_text("经过")).to_be_visible()
    await page.get_by_text("现在不能做的").click()
    await assert_accessible(page, "dark and large")
    await assert_fits(page)
    await page.get_by_role("button", name="提交知识").click()
    await page.get_by_label("标题").fill("停水怎样报修")
    await page.get_by_label("市民会怎么问").fill("停水了找谁")
    await page.get_by_label("怎样回答").fill("拨打 12345。")
    await assert_accessible(page, "knowledge")
    await page.get_by_role("button", name="提交审核").click()
    await expect(page.get_by_role("status").filter(has_text="审核通过后坐席就能用")).to_be_visible()
    assert errors_of(page) == []
    await page.context.close()


async def test_a_citizen_without_scripts_files_an_appeal_and_asks_where_it_stands(
    house: tuple[OrderSite, str], browsers: Browsers
) -> None:
    here, address = house
    plain = await new_page(await browsers.without_microphone(), address, java_script_enabled=False)
    await plain.goto("/q/appeal")
    await plain.get_by_label("姓名或称呼").fill("王小明")
    await plain.get_by_label("联系电话").fill("13812345678")
    await plain.get_by_label("什么事").fill("楼下烧烤店半夜油烟很大，希望有人来管。")
    here.site.clock.at = here.site.clock.at.replace(second=(here.site.clock.at.second + 10) % 60)
    await plain.get_by_role("button", name="提交").click()
    number = (await plain.locator(".receipt").inner_text()).strip()
    await plain.get_by_role("link", name="查进度").first.click()
    await plain.get_by_label("工单编号").fill(number)
    await plain.get_by_label("电话后四位").fill("5678")
    await plain.get_by_role("button", name="查询").click()
    await expect(plain.get_by_text("已收到，正在登记。")).to_be_visible()
    await plain.context.close()
    page = await new_page(await browsers.without_microphone(), address, viewport={"width": 360, "height": 640})
    for path in ("/q", "/q/appeal", "/q/published"):
        await page.goto(path)
        await assert_accessible(page, path)
        await assert_fits(page)
    await page.goto("/q/appeal")
    await page.evaluate("document.querySelector('form').noValidate = true")
    await page.get_by_role("button", name="提交").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await assert_accessible(page, "wrong form")
    assert errors_of(page) == []
    await page.context.close()
