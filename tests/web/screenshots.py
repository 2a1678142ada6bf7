"""`python -m tests.web.screenshots [FOLDER]`: a picture of every page, on a running service with invented orders.

A (simulated) citizen calls and says in a synthetic voice what is wrong; recognition, draft and emergency on the
pictures are the product's own. Run it again after the pages changed: docs/images holds what it makes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Page, expect

from cti.access import Role
from tests.system.running_service import RunningService, service_of
from tests.web import special
from tests.web.browser import Browsers, browsers, has_chinese_font, new_page
from tests.web.desk import account, desk_page, pages_settings, phone_says, ready, sign_in

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "images"
WITHOUT_OUR_FOLDER = """(here) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode())
    if (texts.currentNode.data.includes(here))
      texts.currentNode.data = texts.currentNode.data.replaceAll(here, '/opt/hotline12345')
}"""
"""A picture does not tell where somebody's checkout is."""
CITIZEN = "13800002468"
UNIT = "水务局"
SAYS = (
    "我要投诉，人民路和建设路的路口有一个雨水井盖坏了，已经三天了，晚上走路很危险。",
    "我姓李，电话是一三九八七六五四三二一。",
)
DANGER = "我家着火了，快来人啊。"
SUPERVISOR = {
    "": "supervisor",
    "recordings": "supervisor-recordings",
    "quality": "supervisor-quality",
    "reports": "supervisor-reports",
    "reports/bulletins": "supervisor-bulletins",
}
ADMIN = ("flows", "prompts", "queues", "seats", "calendar", "words", "danger", "cities", "users", "settings", "health")

Shoot = Callable[[Page, str], Awaitable[None]]
Scene = Callable[[RunningService, Browsers, Shoot], Awaitable[None]]


def main() -> int:
    """Return 0 when every picture was made."""
    parser = argparse.ArgumentParser(prog="python -m tests.web.screenshots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="where to put them (docs/images)")
    parser.add_argument("--only", default="", choices=list(SCENES), help="the pictures of one part")
    chosen = parser.parse_args()
    folder: Path = chosen.folder
    if not has_chinese_font():
        print("没有中文字体，图里的字会是方框。改法：安装 fonts-wqy-microhei", file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_shoot_all(folder, chosen.only))


async def _shoot_all(folder: Path, only: str) -> int:
    failed: list[str] = []

    async def shoot(page: Page, name: str) -> None:
        with contextlib.suppress(Exception):
            await page.wait_for_load_state("networkidle", timeout=5000)
        await page.wait_for_timeout(400)
        await page.evaluate(WITHOUT_OUR_FOLDER, str(ROOT))
        await page.screenshot(path=folder / f"{name}.png", animations="disabled")
        print(f"  {folder / name}.png", flush=True)

    change = pages_settings() | {"ears": {"workers": 2}}
    with service_of(change, hurried=True, before=_seed) as service, tempfile.TemporaryDirectory() as sounds:
        async with browsers(Path(sounds)) as running:
            await account(service, "lixiaomei", Role.AGENT, title="李晓梅", seat="801")
            await account(service, "banzhang", Role.SUPERVISOR, title="周班长", seat="803")
            await account(service, "guanli", Role.ADMIN, title="系统管理员")
            await account(service, "shuiwu", Role.UNIT, title="水务局经办", unit=UNIT)
            for name, scene in SCENES.items():
                if only not in ("", name):
                    continue
                print(name, flush=True)
                try:
                    await scene(service, running, shoot)
                except Exception as error:
                    failed.append(f"{name}: {type(error).__name__}: {str(error)[:500]}")
    for each in failed:
        print(each, file=sys.stderr)
    return 1 if failed else 0


async def _signing_in(service: RunningService, running: Browsers, shoot: Shoot) -> None:
    page = await _visitor(service, running)
    await page.goto("/sign-in")
    await shoot(page, "sign-in")


async def _supervisor(service: RunningService, running: Browsers, shoot: Shoot) -> None:
    page = await _signed_in(service, running, "banzhang")
    for path, name in SUPERVISOR.items():
        await page.goto(f"/supervisor/{path}".rstrip("/"))
        if name == "supervisor-bulletins":
            await page.get_by_role("button", name="制作").click(timeout=15_000)
            await page.get_by_role("article").scroll_into_view_if_needed(timeout=15_000)
        await shoot(page, name)


async def _admin(service: RunningService, running: Browsers, shoot: Shoot) -> None:
    page = await _signed_in(service, running, "guanli")
    for each in ADMIN:
        await page.goto(f"/admin/{each}")
        if each == "health":
            await page.get_by_role("region", name="故障与修复时长").scroll_into_view_if_needed(timeout=15_000)
        await shoot(page, f"admin-{each}")


async def _unit(service: RunningService, running: Browsers, shoot: Shoot) -> None:
    page = await _signed_in(service, running, "shuiwu")
    await page.goto("/unit")
    await shoot(page, "unit")
    await page.get_by_role("main").get_by_role("listitem").get_by_role("button").first.click(timeout=5000)
    await shoot(page, "unit-order")


async def _citizen(service: RunningService, running: Browsers, shoot: Shoot) -> None:
    page = await _visitor(service, running)
    await page.goto("/q")
    await shoot(page, "citizen")


async def _special(service: RunningService, running: Browsers, shoot: Shoot) -> None:
    page = await _signed_in(service, running, "banzhang")
    await special.fill(page, service.settings.data_folder)
    for path, opens in (("city", "通信井盖"), ("merchants", "开锁"), ("campaigns", "物业服务满意度")):
        await page.goto(f"/special/{path}")
        await page.get_by_role("button", name=f"打开 {opens}").first.click(timeout=15_000)
        await shoot(page, f"special-{path}")


def _seed(service: RunningService) -> None:
    """Fill the database before the service starts."""
    told = subprocess.run(service.command("seed-demo", "--orders", "600"), capture_output=True, text=True, check=False)
    print(told.stdout[-300:] + told.stderr[-300:])


async def _visitor(service: RunningService, running: Browsers) -> Page:
    return await new_page(await running.saying(1000), service.settings.pages.base_url, permissions=["microphone"])


async def _signed_in(service: RunningService, running: Browsers, name: str) -> Page:
    page = await _visitor(service, running)
    await sign_in(page, name)
    return page


async def _desk(service: RunningService, running: Browsers, shoot: Shoot) -> None:
    # A microphone that says nothing anybody hears: what stands in the transcript is what the citizen says.
    async with desk_page(service, running, "lixiaomei", "801", title="李晓梅") as page:
        await shoot(page, "desk-idle")
        async with service.citizen(CITIZEN) as phone:
            await ready(page)
            line = await service.dial(phone, "12345")
            await phone_says(page, "来电", within=30)
            await shoot(page, "desk-ringing")
            await page.keyboard.press("F2")
            await phone_says(page, "通话中")
            await page.keyboard.press("F4")
            for words in SAYS:
                await line.say(await service.speech(words))
                await asyncio.sleep(1.5)
            await _settled(page)
            await shoot(page, "desk-talking")
            await page.get_by_role("button", name="深色").click()
            await shoot(page, "desk-dark")
            await page.get_by_role("button", name="深色").click()
            await page.get_by_role("button", name="大字").click()
            await shoot(page, "desk-large")
            await page.get_by_role("button", name="大字").click()
            await page.keyboard.press("F7")
            await shoot(page, "desk-consult")
            await page.keyboard.press("Escape")
            await line.say(await service.speech(DANGER))
            told = page.get_by_role("region", name="紧急联动").get_by_role("alert")
            with contextlib.suppress(AssertionError):
                await expect(told.first).to_be_visible(timeout=10_000)
            await shoot(page, "desk-emergency")
            await page.keyboard.press("F1")
            await page.keyboard.press("F1")
            await asyncio.sleep(6.0)
            await shoot(page, "desk-emergency-running")
            supervisor = await _signed_in(service, running, "banzhang")
            await supervisor.goto("/supervisor")
            await shoot(supervisor, "supervisor-live")
            await supervisor.context.close()
            await page.keyboard.press("F9")
            await shoot(page, "desk-after-call")
            await line.hang_up()


async def _settled(page: Page) -> None:
    """Wait for the last words, or until the recogniser has had its time."""
    log, until = page.get_by_role("log", name="通话文字"), time.monotonic() + 15
    with contextlib.suppress(AssertionError):
        await expect(log).to_contain_text("电话", timeout=max(1.0, until - time.monotonic()) * 1000)
    await asyncio.sleep(1.0)


SCENES: dict[str, Scene] = {
    "登录": _signing_in,
    "坐席": _desk,
    "班长": _supervisor,
    "专项": _special,
    "管理": _admin,
    "承办单位": _unit,
    "市民查询": _citizen,
}


if __name__ == "__main__":
    sys.exit(main())
