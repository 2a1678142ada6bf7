"""A supervisor listens in from the wallboard with the page as telephone: whoever must not hear them does not."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from cti.access import Role
from tests.system.running_service import RunningService
from tests.web.browser import Browsers, assert_accessible, hears, hears_not
from tests.web.desk import phone_says
from tests.web.test_desk_together import AGENT_HZ, CITIZEN_HZ, SUPERVISOR_HZ, hears_nothing, talk

pytestmark = [pytest.mark.xdist_group("web-listens"), pytest.mark.asyncio(loop_scope="module")]


async def test_from_the_wallboard_a_supervisor_listens_whispers_and_takes_over(
    service: RunningService, browsers: Browsers
) -> None:
    async with talk(service, browsers, "banzhang", "803", Role.SUPERVISOR) as now:
        page = now.other
        await page.get_by_role("link", name="班长").click()
        row = page.locator(f"tr[data-call='{now.call}']")
        said = page.locator("p.foot[role=status]")
        await row.get_by_role("button", name="监听", exact=True).click()
        await expect(said).to_contain_text("双方听不到您")
        await asyncio.gather(hears(page, CITIZEN_HZ), hears(page, AGENT_HZ))  # the page answers its ring by itself
        await asyncio.gather(hears_not(now.agent, SUPERVISOR_HZ, 1.0), hears_nothing(now.line, SUPERVISOR_HZ))
        await expect(row).to_contain_text("班长在听")
        await assert_accessible(page, "listening in")
        await row.get_by_role("button", name="密语").click()
        await asyncio.gather(hears(now.agent, SUPERVISOR_HZ), hears_nothing(now.line, SUPERVISOR_HZ))
        await row.get_by_role("button", name="强插").click()
        await now.line.wait_for_tone(SUPERVISOR_HZ, 20)
        await row.get_by_role("button", name="接管").click()
        await phone_says(now.agent, "空闲")
        await asyncio.gather(hears(page, CITIZEN_HZ), now.line.wait_for_tone(SUPERVISOR_HZ, 20))
        await expect(row).to_contain_text(re.compile("803"))
