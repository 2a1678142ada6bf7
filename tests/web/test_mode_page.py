"""The response mode and the faults in a real browser: switched with a reason, told on every page that hears calls."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from cti.access import Role
from cti.faults import FaultEvent, FaultLine
from cti.server.fault_log import FaultLog
from tests.cti.web.site import Served, served
from tests.web.browser import Browsers, assert_accessible, assert_fits
from tests.web.test_admin_pages import admin

pytestmark = [pytest.mark.xdist_group("web-mode-page"), pytest.mark.asyncio(loop_scope="module")]
PATIENCE = 30_000
SLOW = 90_000
"""Switching proves every flow of the mode first."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def it() -> AsyncIterator[Served]:
    folder = Path(tempfile.mkdtemp(prefix="hl-mode-"))
    async with served(folder) as found:
        await found.here.account("赵主任", Role.ADMIN)
        log, now = FaultLog(found.here.deps.settings), found.here.clock.now()
        log.add(FaultLine(now - timedelta(hours=3), "数据库", FaultEvent.BEGAN, "hotline", "没有应答"))
        log.add(FaultLine(now - timedelta(hours=2, minutes=30), "数据库", FaultEvent.ENDED, "hotline", "自行恢复"))
        log.add(FaultLine(now - timedelta(hours=1), "运营商中继", FaultEvent.BEGAN, "王工", "呼入不通"))
        yield found
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.requirement("Y-49")
async def test_a_mode_is_switched_with_a_reason_and_stands_above_the_wallboard_until_it_is_over(
    it: Served, browsers: Browsers
) -> None:
    async with admin(it, browsers, "/admin/health") as page:
        mode = page.get_by_role("region", name="应急模式")
        await expect(mode).to_contain_text("平时", timeout=PATIENCE)
        banner = page.locator("[data-mode]")
        await expect(banner).to_have_count(0)
        switch = mode.get_by_role("button", name="切换")
        await switch.click()  # without a reason the browser itself holds the form back
        await expect(mode.get_by_label("原因")).to_be_focused()
        await mode.get_by_label("原因").fill("防汛Ⅲ级响应")
        await switch.press("Enter")
        await expect(banner).to_contain_text("防汛Ⅲ级响应", timeout=SLOW)
        await expect(mode).to_contain_text("每 30 分钟一份")
        await assert_accessible(page, "a mode is on")
        await page.goto("/supervisor")
        await expect(banner).to_contain_text("赵主任：防汛Ⅲ级响应", timeout=PATIENCE)
        await expect(page.get_by_role("heading", name="正在排队")).to_be_visible(timeout=PATIENCE)
        await assert_accessible(page, "the wallboard in a mode")
        await page.evaluate("document.documentElement.classList.add('dark', 'large')")
        await assert_accessible(page, "the wallboard in a mode, dark and large")
        await page.goto("/admin/health")
        await expect(mode.get_by_role("combobox")).to_have_value("", timeout=PATIENCE)
        await mode.get_by_label("原因").fill("响应结束")
        await switch.click()
        await expect(banner).to_have_count(0, timeout=SLOW)
        await mode.get_by_text(re.compile("以前的切换")).click()
        await expect(mode.get_by_role("listitem").filter(has_text="响应结束")).to_be_visible()


@pytest.mark.requirement("D-51")
async def test_faults_stand_below_the_health_with_their_mean_time_to_repair(it: Served, browsers: Browsers) -> None:
    async with admin(it, browsers, "/admin/health") as page:
        repairs = page.get_by_role("table", name="平均修复时间")
        await expect(repairs.get_by_role("row").filter(has_text="合计")).to_contain_text("30 分 0 秒", timeout=PATIENCE)
        faults = page.get_by_role("table", name="故障", exact=True)
        await expect(faults.get_by_role("row").filter(has_text="呼入不通")).to_contain_text("还没有恢复")
        await expect(page.get_by_text("平均修复时间（MTTR）=")).to_be_visible()
        await assert_accessible(page, "faults")
        await assert_fits(page)
        await page.get_by_label("最近几天").select_option("7")
        await expect(faults.get_by_role("row").filter(has_text="没有应答；自行恢复")).to_be_visible(timeout=PATIENCE)
