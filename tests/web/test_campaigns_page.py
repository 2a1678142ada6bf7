"""Surveys and dial tests in a real browser: begun by a form, asked one by one, their results as table and chart."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.cti.web.order_site import OrderSite, order_site
from tests.cti.web.test_campaigns import begun, citizens
from tests.web.browser import Browsers, assert_accessible, assert_fits
from tests.web.test_city_page import PATIENCE, signed_in
from tests.web.test_unit_and_citizen import served
from tests.workorder.test_campaigns import SURVEY

pytestmark = [pytest.mark.xdist_group("special_page"), pytest.mark.asyncio(loop_scope="module")]
DAY = "2026-11-22"
"""The day of the site's clock."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[tuple[OrderSite, str]]:
    folder = Path(tempfile.mkdtemp(prefix="hl-cam-"))
    async with order_site(folder, "yangling") as here, served(here) as address:
        await citizens(here, 4)
        await here.supervisor()
        yield here, address
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.requirement("Y-20")
async def test_a_supervisor_begins_a_survey_by_a_form_and_a_dial_test_beside_it(
    house: tuple[OrderSite, str], browsers: Browsers
) -> None:
    async with signed_in(house, browsers, "班长", "/special/campaigns") as page:
        await expect(page.get_by_text("还没有调研或拨测")).to_be_visible(timeout=PATIENCE)
        await page.get_by_role("button", name="新建…").press("Enter")
        window = page.get_by_role("dialog", name="新的调研或拨测")
        await window.get_by_label("名称").fill("物业服务满意度：“试”")
        await window.get_by_label("受谁委托").fill("住房和城乡建设局")
        await window.get_by_label("开场白").fill("您好，想请教您一个问题。")
        await window.get_by_label("问什么").fill("您对物业服务满意吗？")
        await window.get_by_label("选项").fill("满意、不满意、满意")
        await window.get_by_label("从", exact=True).fill(DAY)
        await window.get_by_label("到", exact=True).fill(DAY)
        await window.get_by_label("抽几位").fill("3")
        await window.get_by_role("button", name="开始").press("Enter")
        await expect(window.get_by_role("alert")).to_contain_text("选项重复", timeout=PATIENCE)
        await assert_accessible(page, "a plan with a mistake")
        await window.get_by_label("选项").fill("满意、不满意")
        await window.get_by_role("button", name="开始").press("Enter")
        told = page.get_by_role("status").filter(has_text="已开始，从 4 位市民中抽取 3 位")
        await expect(told).to_be_visible(timeout=PATIENCE)
        await expect(page.locator("[data-progress]")).to_have_text("0 / 3", timeout=PATIENCE)
        await page.get_by_role("button", name="新建…").press("Enter")
        await window.get_by_role("radio", name="拨测").check()
        await window.get_by_label("名称").first.fill("总机拨测")
        await window.get_by_label("受谁委托").fill("市政务服务局")
        await window.get_by_label("名称").nth(1).fill("总机")
        await window.get_by_label("打几次").fill("2")
        await assert_accessible(page, "a dial test's form")
        await window.get_by_role("button", name="开始").press("Enter")
        await expect(page.locator("[data-progress]")).to_have_text("0 / 2", timeout=PATIENCE)
        await expect(page.get_by_text("hotline campaign run")).to_be_visible()
        await expect(page.get_by_role("group", name="达到的通数").first).to_be_visible()
        await assert_accessible(page, "a dial test")


@pytest.mark.requirement("Y-20")
async def test_the_next_citizen_is_asked_by_the_script_and_the_results_stand_as_table_and_chart(
    house: tuple[OrderSite, str], browsers: Browsers
) -> None:
    here, _ = house
    title = "物业问卷"
    made = await begun(await here.supervisor(), SURVEY.replace("物业服务满意度", title))
    async with signed_in(house, browsers, "班长", "/special/campaigns") as page:
        await page.get_by_role("button", name=f"打开 {title}").press("Enter", timeout=PATIENCE)
        window = page.get_by_role("dialog")
        await page.get_by_role("button", name="调研下一位（第 1 位）").press("Enter", timeout=PATIENCE)
        await expect(window).to_contain_text("受住房和城乡建设局委托", timeout=PATIENCE)
        await window.get_by_role("radio", name="基本满意").check()
        await window.get_by_label(re.compile("您还有什么建议")).fill("多种树")
        await assert_accessible(page, "asking")
        await window.get_by_role("button", name="登记").press("Enter")
        await expect(page.locator("[data-progress]")).to_have_text("1 / 3", timeout=PATIENCE)
        await page.get_by_role("button", name="调研下一位（第 2 位）").press("Enter")
        await window.get_by_role("combobox", name="结果").select_option("refused", timeout=PATIENCE)
        await window.get_by_role("button", name="登记").press("Enter")
        await expect(page.locator("[data-progress]")).to_have_text("2 / 3", timeout=PATIENCE)
        answers = page.get_by_role("group", name="您对物业服务满意吗？").first
        await expect(answers.get_by_role("row").filter(has_text="基本满意")).to_contain_text("100.0%")
        await expect(answers.get_by_role("img")).to_have_attribute("aria-label", re.compile("满意"), timeout=PATIENCE)
        await assert_accessible(page, "results")
        await assert_fits(page)
        await page.evaluate("document.documentElement.classList.add('dark', 'large')")
        await assert_accessible(page, "results, dark and large")
        page.once("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name="结束").press("Enter")
        await expect(page.locator(f"tr[data-campaign='{made['id']}']")).to_contain_text("已结束", timeout=PATIENCE)
        await expect(page.get_by_role("button", name=re.compile("调研下一位"))).to_have_count(0)
    kept = (await (await here.supervisor()).get(f"/api/campaigns/{made['id']}")).json()
    assert [each["outcome"] for each in kept["members"]] == ["answered", "refused", ""]


async def test_an_agent_asks_but_begins_nothing(house: tuple[OrderSite, str], browsers: Browsers) -> None:
    async with signed_in(house, browsers, "李晓梅", "/special/campaigns") as page:
        await expect(page.get_by_role("heading", name=re.compile("调研与拨测"))).to_be_visible(timeout=PATIENCE)
        await expect(page.get_by_role("button", name="新建…")).to_have_count(0)
