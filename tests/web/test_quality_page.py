"""Judging a call in a real browser: a rude call becomes a violation on the complaint about it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.cti.web.order_site import OrderSite, order_site
from tests.cti.web.site import PASSWORD
from tests.cti.web.test_supervisor_api import some_calls
from tests.web.browser import Browsers, assert_accessible, errors_of, new_page
from tests.web.test_unit_and_citizen import served

pytestmark = [pytest.mark.xdist_group("reports_page"), pytest.mark.asyncio(loop_scope="module")]
PATIENCE = 30_000
DAY = "2026-11-22"
"""The day of the site's clock."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house() -> AsyncIterator[tuple[OrderSite, str]]:
    folder = Path(tempfile.mkdtemp(prefix="hl-qua-"))
    async with order_site(folder, "jinan") as here, served(here) as address:
        await some_calls(here.site)
        yield here, address
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.requirement("J-31")
async def test_a_rude_call_is_judged_with_the_number_of_the_complaint(
    house: tuple[OrderSite, str], browsers: Browsers
) -> None:
    here, address = house
    complaint = await here.opened(fields={"request_type": "投诉"})
    await here.reviewer()
    page = await new_page(await browsers.without_microphone(), address)
    await page.goto("/sign-in")
    await page.get_by_label("账号").fill("评议员")
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    await page.get_by_role("link", name="质检").click(timeout=PATIENCE)
    await page.get_by_label("从", exact=True).fill(DAY)
    await page.get_by_label("到", exact=True).fill(DAY)
    await page.get_by_label("抽几通").fill("1")
    await page.get_by_role("button", name="随机抽取").click()
    await page.get_by_role("button", name="未评").first.click(timeout=PATIENCE)
    await page.get_by_role("checkbox", name="态度生硬、作风粗暴").check(timeout=PATIENCE)
    await expect(page.locator("[data-total]")).to_have_text("0 / 100")
    await page.get_by_role("textbox", name="投诉工单的编号").fill("WO20200101-000001")
    await page.get_by_role("button", name="保存评分").click()
    await expect(page.get_by_role("alert").filter(has_text="没有这张投诉工单")).to_be_visible(timeout=PATIENCE)
    await page.get_by_role("textbox", name="投诉工单的编号").fill(complaint)
    await assert_accessible(page, "a complaint about a call")
    await page.get_by_role("button", name="保存评分").click()
    await expect(page.get_by_role("list", name="已有评分")).to_contain_text(complaint, timeout=PATIENCE)
    noted = (await (await here.host()).get(f"/api/order-marks/{complaint}")).json()
    assert [each["code"] for each in noted["marks"] if each["kind"] == "violation"] == ["态度生硬作风粗暴"]
    await assert_accessible(page, "judged")
    assert errors_of(page) == []
    await page.context.close()
