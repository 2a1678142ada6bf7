"""Signing in, in a real browser: by keyboard, refused with a reason, out again, and readable for everybody."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from cti.access import Role
from tests.system.running_service import RunningService
from tests.web.browser import (
    SMALL_DESK,
    Browsers,
    assert_accessible,
    assert_fits,
    errors_of,
    new_page,
)
from tests.web.desk import PASSWORD, account, post, sign_in

pytestmark = [pytest.mark.xdist_group("web-signing-in"), pytest.mark.asyncio(loop_scope="module")]


async def visitor(service: RunningService, browsers: Browsers, **choices: object) -> Page:
    return await new_page(await browsers.saying(1000), service.settings.pages.base_url, **choices)


async def test_the_first_admin_must_change_the_printed_password(service: RunningService, browsers: Browsers) -> None:
    printed = (service.folder / "up.txt").read_text(encoding="utf-8", errors="replace")
    once = re.search(r"[a-z0-9]{4}(?:-[a-z0-9]{4}){3}", printed)
    assert once is not None, printed
    page = await visitor(service, browsers)
    await sign_in(page, "admin", password=once.group())
    await expect(page).to_have_url(re.compile("/password"))
    await assert_accessible(page, "the password must be changed")
    await page.goto("/admin")
    await expect(page).to_have_url(re.compile("/password"))
    fields = page.locator("input[type=password]")
    await fields.nth(0).fill(once.group())
    for at in range(1, await fields.count()):
        await fields.nth(at).fill(PASSWORD)
    await page.locator("button[type=submit]").click()
    await expect(page).not_to_have_url(re.compile("/password"))
    await page.context.close()
    again = await visitor(service, browsers)
    await sign_in(again, "admin")
    assert errors_of(again) == []
    await again.context.close()


async def test_somebody_signs_in_and_out_by_keyboard_alone(service: RunningService, browsers: Browsers) -> None:
    await account(service, "lixiaomei", Role.AGENT)
    page = await visitor(service, browsers)
    await page.goto("/")
    await expect(page).to_have_url(re.compile("/sign-in"))
    await assert_accessible(page, "signing in")
    await page.keyboard.type("lixiaomei")
    await page.keyboard.press("Tab")
    await page.keyboard.type("wrong-password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="账号或密码不对")).to_be_visible()
    await assert_accessible(page, "a wrong password")
    await expect(page.get_by_label("密码")).to_be_focused()
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/desk"))
    await page.get_by_role("button", name="退出").focus()
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/sign-in"))
    await page.goto("/desk")
    await expect(page).to_have_url(re.compile("/sign-in"))
    assert errors_of(page) == []
    await page.context.close()


async def test_a_hundred_wrong_passwords_slow_their_sender_and_lock_nobody_out(
    service: RunningService, browsers: Browsers
) -> None:
    await account(service, "zhaomin", Role.AGENT)
    guesser = await visitor(service, browsers)
    await guesser.goto("/sign-in")
    tries = [post(guesser, "/api/session", {"name": "zhaomin", "password": f"guess-{number}"}) for number in range(100)]
    statuses = [answer.status for answer in await asyncio.gather(*tries)]
    assert set(statuses) <= {401, 429}
    assert statuses.count(429) > 50, "most of them had to wait"
    page = await visitor(service, browsers)
    await account(service, "qianjin", Role.AGENT)
    await page.goto("/sign-in")
    await sign_in_patiently(page, "qianjin")
    await sign_in_patiently(guesser, "zhaomin")
    await page.context.close()
    await guesser.context.close()


async def sign_in_patiently(page: Page, name: str) -> None:
    """Sign in, again after the time that the page asks for."""
    for _ in range(20):
        answer = await post(page, "/api/session", {"name": name, "password": PASSWORD})
        if answer.status == 200:
            return
        assert answer.status == 429, await answer.text()
        wait = int(answer.headers.get("retry-after", "1"))
        assert wait <= 30, f"{name} is locked out for {wait} s"
        await asyncio.sleep(wait)
    raise AssertionError(f"{name} never got in")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [SMALL_DESK["width"], SMALL_DESK["width"] // 2])
async def test_every_page_is_accessible_and_fits_also_in_the_dark_and_at_twice_the_size(
    service: RunningService, browsers: Browsers, scheme: str, width: int
) -> None:
    """A zoom of 200 % is, to a page, a window of half the width."""
    await account(service, "everybody", *Role, unit="水务局")
    size = {"width": width, "height": SMALL_DESK["height"] * width // SMALL_DESK["width"]}
    page = await new_page(
        await browsers.saying(1000), service.settings.pages.base_url, color_scheme=scheme, viewport=size
    )
    await sign_in(page, "everybody")
    dark = page.get_by_role("button", name="深色")
    if scheme == "dark" and await dark.get_attribute("aria-pressed") != "true":
        await dark.click()
    for path in ("/desk", "/supervisor", "/admin", "/unit", "/nothing-here"):
        await page.goto(path)
        await expect(page.get_by_role("main")).to_be_visible()
        await page.wait_for_load_state("networkidle")
        await assert_accessible(page, f"{path} {scheme} {width}")
        await assert_fits(page)
    assert errors_of(page) == []
    await page.context.close()
