"""People at their pages, for tests: accounts, signing in, and what an agent does at the desk."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from playwright.async_api import APIResponse, Browser, Locator, Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from cti.access import Role
from cti.accounts import AccountRecord
from cti.adapters.sql.account_store import SqlAccountStore
from cti.adapters.web.passwords import Passwords
from tests.ports import free_port
from tests.system.running_service import RunningService
from tests.web.browser import Browsers, new_page

PASSWORD = "twelve-three-45"
SEATS = [
    {"seat": "801", "agent": "李晓梅", "skills": ["consultation", "complaint", "elder"], "phone": "browser"},
    {"seat": "802", "agent": "王建国", "skills": ["consultation", "complaint", "elder"], "phone": "browser"},
    {"seat": "803", "agent": "赵敏", "skills": [], "phone": "browser"},
    {"seat": "804", "agent": "钱进", "skills": []},
]
TONES = {"801": 1000, "802": 1300, "803": 1700}
"""What the microphone of each seat says, in hertz."""


def pages_settings() -> dict[str, Any]:
    """Return what is laid over the settings of a service so that it has pages and browser seats."""
    return {"pages": {"serve": True, "port": free_port()}, "seats": SEATS}


async def account(
    service: RunningService, name: str, *roles: Role, title: str = "", unit: str = "", seat: str = ""
) -> None:
    """Make an account with the password of all test accounts; one that is there stays."""
    async with service.database() as database:
        record = AccountRecord(
            name, title or name, roles, unit=unit, usual_seat=seat, password_hash=await Passwords().hashed(PASSWORD)
        )
        await SqlAccountStore(database).add(record, datetime.now(UTC))


async def sign_in(page: Page, name: str, seat: str = "", password: str = PASSWORD) -> None:
    """Sign in as a person does."""
    await page.goto("/sign-in")
    await page.get_by_label("账号").fill(name)
    await page.get_by_label("密码").fill(password)
    await page.get_by_label("席位").fill(seat)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)


async def post(page: Page, path: str, body: Mapping[str, Any]) -> APIResponse:
    """Ask the server as the page itself would: from its origin, with its cookies and the token against forgery."""
    cookies = {each["name"]: each["value"] for each in await page.context.cookies()}
    headers = {"origin": "/".join(page.url.split("/")[:3]), "x-csrf": cookies.get("hl_csrf", "")}
    return await page.request.post(path, data=dict(body), headers=headers)


async def do(page: Page, verb: str, **body: Any) -> dict[str, Any]:
    """Ask the controller for something as the page would; AssertionError with its words when it refuses."""
    answer = await post(page, f"/api/do/{verb}", body)
    told: dict[str, Any] = await answer.json()
    assert answer.ok, (verb, body, answer.status, told)
    assert told.get("ok", True), (verb, body, told)
    return told


def button(page: Page, name: str) -> Locator:
    """Return the telephone's button of this name (its key stands behind the name)."""
    return page.get_by_role("region", name="电话").get_by_role("button", name=re.compile(f"^{name}( |$)"))


async def ready(page: Page) -> None:
    """Let the agent be ready for the next call, as soon as the last one is done with."""
    state = page.get_by_role("region", name="席位状态")
    wish = state.get_by_role("button", name="示闲")
    async with asyncio.timeout(40):
        while "示闲" not in await state.get_by_role("status").inner_text():
            if await wish.is_enabled():
                with contextlib.suppress(PlaywrightTimeoutError):  # it became so by itself meanwhile
                    await wish.click(timeout=500)
            await asyncio.sleep(0.1)


async def phone_says(page: Page, status: str, within: float = 30.0) -> None:
    """Wait until the telephone of the page says how it stands."""
    bar = page.get_by_role("region", name="电话").get_by_role("status")
    await expect(bar).to_contain_text(status, timeout=within * 1000)


@asynccontextmanager
async def desk_page(
    service: RunningService,
    browsers: Browsers,
    name: str,
    seat: str,
    *roles: Role,
    browser: Browser | None = None,
    title: str = "",
    **choices: Any,
) -> AsyncIterator[Page]:
    """A signed-in person at a seat, whose telephone is registered; the page is closed at the end."""
    await account(service, name, *(roles or (Role.AGENT,)), title=title, seat=seat)
    browser = browser or await browsers.saying(TONES.get(seat, 2100))
    page = await new_page(browser, service.settings.pages.base_url, **{"permissions": ["microphone"], **choices})
    try:
        await sign_in(page, name, seat)
        await expect(page.locator("[data-phone-line=ready]")).to_be_visible()
        yield page
    finally:
        await page.context.close()
