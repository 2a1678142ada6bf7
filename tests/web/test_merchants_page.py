"""Life services in a real browser: offered, consented, handed over, agreed by the merchant, rated; the rank moves."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.cti.web.order_site import OrderSite
from tests.cti.web.test_merchants import does, merchant, merchant_site, opened
from tests.web.browser import Browsers, assert_accessible, assert_fits
from tests.web.test_city_page import PATIENCE, signed_in
from tests.web.test_unit_and_citizen import served

pytestmark = [pytest.mark.xdist_group("special_page"), pytest.mark.asyncio(loop_scope="module")]
WISH = {"诉求人": "王小明", "电话": "13812345678", "要做什么": "门锁打不开，要开锁"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[tuple[OrderSite, str]]:
    folder = Path(tempfile.mkdtemp(prefix="hl-mer-"))
    async with merchant_site(folder) as here, served(here) as address:
        await here.agent()
        await merchant(here)
        yield here, address
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.requirement("L-14", "L-15")
async def test_an_order_goes_by_consent_from_the_hotline_to_the_merchant_who_agrees_it(
    house: tuple[OrderSite, str], browsers: Browsers
) -> None:
    async with signed_in(house, browsers, "李晓梅", "/special/merchants") as page:
        await expect(page.get_by_text("还没有订单")).to_be_visible(timeout=PATIENCE)
        best = page.get_by_role("table", name="推荐顺序").get_by_role("row").nth(1)
        await expect(best).to_contain_text("乙 M002", timeout=PATIENCE)
        await expect(page.get_by_text("得分 = 50 ×")).to_be_visible()
        await assert_accessible(page, "no orders yet")
        await page.get_by_role("button", name="新订单…").press("Enter")
        window = page.get_by_role("dialog", name="新的生活服务订单")
        await expect(window.get_by_role("combobox", name="企业")).to_contain_text("乙", timeout=PATIENCE)
        for name, words in WISH.items():
            await window.get_by_label(name, exact=True).fill(words)
        await assert_accessible(page, "a new order")
        await window.get_by_role("button", name="提出").press("Enter")
        await expect(page.get_by_role("status").filter(has_text="已提出，企业 乙")).to_be_visible(timeout=PATIENCE)
        order = page.get_by_role("region", name="开锁")
        await order.get_by_role("button", name="转交给企业").press("Enter", timeout=PATIENCE)
        line = page.get_by_role("region", name="订单列表").get_by_role("row").nth(1)
        await expect(line).to_contain_text("转交", timeout=PATIENCE)
        await expect(line).to_contain_text("没有同意")
        await order.get_by_role("button", name="已联系诉求人").press("Enter")
        await expect(order.get_by_role("alert")).to_contain_text("没有同意把电话告诉企业", timeout=PATIENCE)
        async with signed_in(house, browsers, "企业M002", "/") as shop:
            await shop.wait_for_url("**/special**")
            await shop.get_by_role("button", name=re.compile("^打开 开锁")).press("Enter", timeout=PATIENCE)
            theirs = shop.get_by_role("region", name="开锁")
            await expect(theirs.locator("[data-consent]")).to_contain_text("没有同意", timeout=PATIENCE)
            await expect(theirs).to_contain_text("138****5678")
            await expect(shop.get_by_text("13812345678")).to_have_count(0)
            await expect(theirs.get_by_role("form", name="诉求人同意")).to_have_count(0)
            await order.get_by_label("诉求人怎样同意的").fill("电话中口头同意")
            await order.get_by_role("button", name="记下同意").press("Enter")
            await expect(order.locator("[data-consent]")).to_contain_text("电话中口头同意", timeout=PATIENCE)
            await shop.reload()
            await shop.get_by_role("button", name=re.compile("^打开 开锁")).press("Enter", timeout=PATIENCE)
            await expect(theirs).to_contain_text("13812345678", timeout=PATIENCE)
            await theirs.get_by_role("button", name="已联系诉求人").press("Enter")
            await theirs.get_by_label("约定的时间、内容和价格").fill("今天下午，80 元")
            await theirs.get_by_role("button", name="确定订单").press("Enter")
            await expect(shop.get_by_role("region", name="订单列表")).to_contain_text("已确定", timeout=PATIENCE)
            await expect(shop.get_by_role("form", name="回访")).to_have_count(0)
            await assert_accessible(shop, "a merchant's own order")


@pytest.mark.requirement("L-17")
async def test_what_the_citizen_says_afterwards_is_rated_and_moves_the_rank(
    house: tuple[OrderSite, str], browsers: Browsers
) -> None:
    here, _ = house
    agent = await here.agent()
    made = await opened(agent, consent="电话中口头同意", merchant="M001")
    await does(agent, made, "handover", mode="ticket")
    await does(agent, made, "moves", move="contact")
    await does(agent, made, "moves", move="confirm", text="明天上午，100 元")
    async with signed_in(house, browsers, "李晓梅", "/special/merchants") as page:
        line = page.locator(f"tr[data-order='{made['id']}']")
        await line.get_by_role("button").press("Enter", timeout=PATIENCE)
        order = page.get_by_role("region", name="开锁")
        rate = order.get_by_role("form", name="回访")
        await rate.get_by_role("combobox", name="评分").select_option("1", timeout=PATIENCE)
        await rate.get_by_role("checkbox", name="已完成").uncheck()
        await rate.get_by_label(re.compile("^投诉")).fill("没有来")
        await assert_accessible(page, "asking afterwards")
        known = page.locator("tr[data-merchant='M001']").get_by_role("cell").nth(5)
        await expect(known).to_have_text("5", timeout=PATIENCE)
        await rate.get_by_role("button", name="登记回访").press("Enter")
        await expect(order.locator("[data-verdict]")).to_contain_text("1 分，没有完成，投诉：没有来", timeout=PATIENCE)
        await expect(line).to_contain_text("1 分", timeout=PATIENCE)
        await expect(known).to_have_text("6", timeout=PATIENCE)
        await assert_fits(page)
        await page.evaluate("document.documentElement.classList.add('dark', 'large')")
        await assert_accessible(page, "rated, dark and large")


async def test_an_order_is_cancelled_with_why(house: tuple[OrderSite, str], browsers: Browsers) -> None:
    here, _ = house
    made = await opened(await here.agent())
    async with signed_in(house, browsers, "李晓梅", "/special/merchants") as page:
        await page.get_by_role("button", name=f"打开 开锁 {made['id']}").press("Enter", timeout=PATIENCE)
        order = page.get_by_role("region", name="开锁")
        await order.locator("summary").press("Enter", timeout=PATIENCE)
        await order.get_by_label("原因").fill("市民自己打开了")
        await order.get_by_role("button", name="取消订单").press("Enter")
        await expect(page.locator(f"tr[data-order='{made['id']}']")).to_contain_text("已取消", timeout=PATIENCE)
        await expect(order.get_by_role("button", name="转交给企业")).to_have_count(0)
        await page.get_by_role("button", name="已联系", exact=True).press("Enter")
        await expect(page.get_by_text("没有这种状态的订单")).to_be_visible(timeout=PATIENCE)
