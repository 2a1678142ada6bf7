"""The digital city in a real browser: cases in a table and on a map that say the same; filed and dispatched there."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.cti.web.city_site import ANSWERS, IN_XIHU, IN_XIYUAN, city_site, device
from tests.cti.web.order_site import OrderSite, order_site
from tests.cti.web.site import PASSWORD
from tests.cti.web.test_city import filed
from tests.cti.web.test_collector import minutes_ago
from tests.web.browser import Browsers, assert_accessible, assert_fits, errors_of, new_page
from tests.web.test_unit_and_citizen import served

pytestmark = [pytest.mark.xdist_group("special_page"), pytest.mark.asyncio(loop_scope="module")]
PATIENCE = 30_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[tuple[OrderSite, str]]:
    folder = Path(tempfile.mkdtemp(prefix="hl-city-"))
    async with city_site(folder) as here, served(here) as address:
        yield here, address
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def signed_in(house: tuple[OrderSite, str], browsers: Browsers, name: str, path: str) -> AsyncIterator[Page]:
    """A person of the site on one of the pages."""
    page = await new_page(await browsers.without_microphone(), house[1])
    await page.goto(path)  # which asks who it is, and leads there afterwards: nothing is left half loaded
    await page.get_by_label("账号").fill(name)
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    yield page
    assert errors_of(page) == []
    await page.context.close()


@pytest.mark.requirement("D-06", "D-10")
async def test_cases_stand_in_the_table_and_on_the_map_and_are_dispatched_by_the_keyboard(
    house: tuple[OrderSite, str], browsers: Browsers
) -> None:
    here, _ = house
    agent = await here.agent()
    ready = await filed(here)
    unclear = await filed(here, matter="通信井盖", asset="", at=IN_XIYUAN)
    answer = await device(here).reports(minutes_ago(here, 2), their_id="page-1")
    assert answer.status_code == 201, answer.text
    told = answer.json()["number"]
    async with signed_in(house, browsers, "李晓梅", "/special") as page:
        table = page.get_by_role("region", name="案件列表")

        def row(number: str) -> Locator:
            return table.locator(f"tr[data-case='{number}']")

        await expect(table.get_by_role("row")).to_have_count(4, timeout=PATIENCE)
        await expect(row(ready["number"])).to_contain_text("西湖一网格")
        await expect(row(unclear["number"])).to_contain_text("还没有定")
        await expect(page.get_by_role("img")).to_have_attribute(
            "aria-label", re.compile("2 个网格，3 件案件，其中超期 0 件。西湖一网格 2 件，西园一网格 1 件")
        )
        await assert_accessible(page, "cases")
        await assert_fits(page)
        await row(ready["number"]).get_by_role("button").press("Enter")
        send = page.get_by_role("form", name="派遣")
        await expect(send.get_by_role("combobox")).to_have_value("", timeout=PATIENCE)
        await assert_accessible(page, "a case to dispatch")
        await send.get_by_role("button", name="派遣").press("Enter")
        await expect(page.get_by_role("status").filter(has_text="已派遣给 规划建设局")).to_be_visible(timeout=PATIENCE)
        await expect(row(ready["number"])).to_contain_text("已派单")
        await expect(send).to_have_count(0)
        await row(unclear["number"]).get_by_role("button").press("Enter")
        choice = send.get_by_role("combobox", name="责任单位")
        await choice.select_option("联通公司", timeout=PATIENCE)
        await send.get_by_role("button", name="派遣").press("Enter")
        await expect(row(unclear["number"])).to_contain_text("联通公司", timeout=PATIENCE)
        await row(told).get_by_role("button").press("Enter")
        check = page.get_by_role("form", name="立案")
        await check.get_by_role("button", name="立案").press("Enter", timeout=PATIENCE)  # the browser holds it back
        await expect(row(told)).to_contain_text("待核对")
        for item, said in ANSWERS.items():
            await check.get_by_role("textbox", name=item).fill(said)
        await check.get_by_role("combobox", name="责任单位").select_option("规划建设局")
        await assert_accessible(page, "a report to file")
        await check.get_by_role("button", name="立案").press("Enter")
        await expect(row(told)).to_contain_text("已受理（立案）", timeout=PATIENCE)
        await page.get_by_role("button", name="待派遣").press("Enter")
        await expect(table.get_by_role("row")).to_have_count(2, timeout=PATIENCE)
        await page.get_by_role("combobox", name="网格").select_option("XY-01")
        await expect(table).to_contain_text("没有这样的案件", timeout=PATIENCE)
        await page.evaluate("document.documentElement.classList.add('dark', 'large')")
        await assert_accessible(page, "no such case, dark and large")
    order = (await agent.get(f"/api/orders/{ready['number']}")).json()
    assert (order["state"], order["lead"]) == ("dispatched", "规划建设局")


async def test_who_only_reads_is_offered_no_dispatch_and_an_empty_city_says_what_to_do(
    house: tuple[OrderSite, str], browsers: Browsers, tmp_path: Path
) -> None:
    here, _ = house
    await here.reviewer()
    waiting = await filed(here, at=IN_XIHU)
    async with signed_in(house, browsers, "评议员", "/special/city") as page:
        table = page.get_by_role("region", name="案件列表")
        await table.locator(f"tr[data-case='{waiting['number']}']").get_by_role("button").click(timeout=PATIENCE)
        await expect(page.get_by_role("region", name="雨水井盖")).to_contain_text("规划建设局", timeout=PATIENCE)
        await expect(page.get_by_role("form", name="派遣")).to_have_count(0)
    async with order_site(tmp_path) as bare, served(bare) as address:
        await bare.agent()
        async with signed_in((bare, address), browsers, "李晓梅", "/special/city") as page:
            await expect(page.get_by_text("还没有案件")).to_be_visible(timeout=PATIENCE)
            await expect(page.get_by_text("还没有网格")).to_be_visible()
            await assert_accessible(page, "an empty city")
