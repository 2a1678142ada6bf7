"""The reports made by template, on the supervisor's page: read, issued once, compared, and taken out in their forms."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from cti.server.report_drafts import draft_due
from cti.server.reports import Reports
from tests.cti.web.order_site import OrderSite, order_site
from tests.cti.web.site import PASSWORD
from tests.cti.web.test_reports_api import CALL, recorded
from tests.web.browser import Browsers, assert_accessible, assert_fits, errors_of, new_page
from tests.web.test_unit_and_citizen import served
from workorder.order import HOTLINE_TIME

pytestmark = [pytest.mark.xdist_group("reports_page"), pytest.mark.asyncio(loop_scope="module")]
PATIENCE = 30_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[tuple[OrderSite, str]]:
    """A week with one order, its reports drafted, and a recording that somebody wishes to take."""
    folder = Path(tempfile.mkdtemp(prefix="hl-rep-"))
    async with order_site(folder, "suqian") as here, served(here) as address:
        here.site.clock.at = datetime(2026, 11, 12, 9, tzinfo=HOTLINE_TIME)
        await here.opened()
        here.site.clock.at = datetime(2026, 11, 16, 1, tzinfo=HOTLINE_TIME)
        here.pages.clear()
        deps = here.site.deps
        assert await draft_due(Reports(deps.settings, deps.database), deps.clock, "one")
        yield here, address
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def reading(house: tuple[OrderSite, str], browsers: Browsers) -> AsyncIterator[Page]:
    here, address = house
    await here.supervisor()
    page = await new_page(await browsers.without_microphone(), address)
    await page.goto("/sign-in")
    await page.get_by_label("账号").fill("班长")
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    await page.get_by_role("link", name="报表").click(timeout=PATIENCE)
    await page.get_by_role("link", name="统计报告").click(timeout=PATIENCE)
    yield page
    assert errors_of(page) == []
    await page.context.close()


@pytest.mark.requirement("S-39", "S-40")
async def test_a_drafted_report_is_read_and_issued_once_and_one_is_made_now(
    house: tuple[OrderSite, str], browsers: Browsers
) -> None:
    async with reading(house, browsers) as page:
        row = page.locator("tr[data-draft='special 2026-11-09']")
        await expect(row).to_contain_text("未签发", timeout=PATIENCE)
        await assert_accessible(page, "drafts")
        await row.get_by_role("button", name="看 热点专报").click()
        paper = page.get_by_role("article")
        await expect(paper).to_contain_text("热点专报　2026-11-09 至 2026-11-15", timeout=PATIENCE)
        await expect(paper).to_contain_text("核对码")
        await row.get_by_role("button", name="签发 热点专报").press("Enter")
        await expect(row).to_contain_text("已签发 班长", timeout=PATIENCE)
        await expect(row.get_by_role("button", name=re.compile("签发"))).to_have_count(0)
        await page.get_by_role("combobox", name="报告").select_option("weekly")
        await page.get_by_role("button", name="制作").click()
        await expect(paper).to_contain_text("热线周报　2026-11-09 至 2026-11-15", timeout=PATIENCE)
        opened = paper.get_by_role("row").filter(has=page.get_by_role("rowheader", name="受理工单", exact=True)).first
        await expect(opened.get_by_role("cell").first).to_have_text("1")
        await expect(paper.get_by_role("img").first).to_be_visible(timeout=PATIENCE)
        await assert_accessible(page, "a weekly report")
        await assert_fits(page)
        await page.evaluate("document.documentElement.classList.add('dark')")
        await assert_accessible(page, "a weekly report in the dark")


@pytest.mark.requirement("S-38")
async def test_one_figure_is_compared_by_two_dimensions(house: tuple[OrderSite, str], browsers: Browsers) -> None:
    async with reading(house, browsers) as page:
        await page.get_by_label("从（不填为").fill("2026-11-09")
        await page.get_by_label("到", exact=True).fill("2026-11-15")
        form = page.get_by_role("form", name="多维对比")
        await form.get_by_role("combobox", name="行").select_option("type")
        await form.get_by_role("combobox", name="列").select_option("channel")
        await form.get_by_role("button", name="对比").click()
        table = page.get_by_role("group", name=re.compile("受理工单：诉求类型 × 渠道"))
        await expect(table.get_by_role("row").filter(has_text="求助")).to_contain_text("1", timeout=PATIENCE)
        await expect(table.get_by_role("columnheader", name="来信")).to_be_visible()
        await assert_accessible(page, "a comparison")


async def test_each_kind_of_export_is_offered_in_the_forms_that_it_has(
    house: tuple[OrderSite, str], browsers: Browsers
) -> None:
    here, _ = house
    sound = recorded(here)
    wish = {"what": "recording", "wanted": {"name": CALL}, "reason": "复核"}
    asked = await (await here.supervisor()).post("/api/exports", wish)
    assert asked.status_code == 200, asked.text
    async with reading(house, browsers) as page:
        of_call = page.get_by_role("row").filter(has_text="通话录音")
        await expect(of_call.get_by_role("link")).to_have_text(["录音"], timeout=PATIENCE)
        async with page.expect_download() as waited:
            await of_call.get_by_role("link", name="录音").click()
        path = await (await waited.value).path()
        assert await asyncio.to_thread(path.read_bytes) == sound
        await page.get_by_role("combobox", name="报告").select_option("weekly")
        await page.get_by_label("用途").fill("周例会")
        await page.get_by_role("button", name="导出这份报告").click()
        of_report = page.get_by_role("row").filter(has_text="周例会")
        await expect(of_report.get_by_role("link")).to_have_text(["网页", "Excel", "PDF"], timeout=PATIENCE)
        await expect(of_report).to_contain_text("热线周报")
        async with page.expect_download() as waited:
            await of_report.get_by_role("link", name="网页").click()
        words = (await asyncio.to_thread((await (await waited.value).path()).read_bytes)).decode()
        assert "导出人 班长" in words
        assert "周例会" in words
        await assert_accessible(page, "exports")
        await page.get_by_role("link", name="话务与工单").click()
        await expect(page.get_by_role("combobox", name="报表")).to_be_visible(timeout=PATIENCE)
        await expect(page.get_by_role("row").filter(has_text="周例会")).to_contain_text("热线周报")
