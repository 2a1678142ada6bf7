"""A real Chromium for tests, with a microphone that says a tone: who hears whom is told by frequency."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import time
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # ships no stubs
from playwright.async_api import Browser, BrowserContext, Page, Playwright, ViewportSize, async_playwright, expect

from ivr.adapters.asterisk.private import Part, PartName, ensure, parts_folder

FLAGS = (
    "--no-sandbox",
    "--lang=zh-CN",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
)
"""What notes and trials taught; the last keeps the browser on this machine whatever a page says."""

RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
SMALL_DESK: ViewportSize = {"width": 1366, "height": 768}
WITHIN_MS = 30_000.0
expect.set_options(timeout=WITHIN_MS)

_EARS = (Path(__file__).parent / "ears.js").read_text(encoding="utf-8")
_MICROPHONE_HZ = 48_000


def chromium() -> Part:
    """Return the browser: the machine's own, else the private part, which is fetched now if it must be."""
    return ensure(PartName.CHROMIUM, parts_folder(Path.home()), print)


@contextlib.contextmanager
def _libraries(part: Part) -> Iterator[None]:
    """Let Playwright's own node find the part's libraries (libatomic) where the machine has none."""
    before = {name: os.environ.get(name) for name in part.env}
    os.environ.update(part.env)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


class Browsers:
    """Chromiums, one for each tone that a microphone says: the fake microphone belongs to the process."""

    def __init__(self, playwright: Playwright, part: Part, folder: Path) -> None:
        self._playwright, self._part, self._folder = playwright, part, folder
        self._running: dict[int, Browser] = {}

    async def saying(self, hertz: int) -> Browser:
        """Return the browser whose microphone says this tone."""
        if hertz not in self._running:
            sound = self._folder / f"tone{hertz}.wav"
            write_microphone(sound, hertz)
            self._running[hertz] = await self._playwright.chromium.launch(
                executable_path=self._part.command[0],
                headless=True,
                args=[*FLAGS, f"--use-file-for-fake-audio-capture={sound}"],
                env={**os.environ, **self._part.env},
            )
        return self._running[hertz]

    async def without_microphone(self) -> Browser:
        """Return a browser to whose pages the microphone is refused."""
        if 0 not in self._running:
            flags = [flag for flag in FLAGS if "fake" not in flag]
            self._running[0] = await self._playwright.chromium.launch(
                executable_path=self._part.command[0],
                headless=True,
                args=flags,
                env={**os.environ, **self._part.env},
            )
        return self._running[0]

    async def close(self) -> None:
        for browser in self._running.values():
            await browser.close()


@asynccontextmanager
async def browsers(folder: Path) -> AsyncIterator[Browsers]:
    """Chromium through Playwright's own driver; PartMissingError says what to install when there is none."""
    part = await asyncio.to_thread(chromium)
    with _libraries(part):
        driver = async_playwright()
        playwright = await driver.start()
    try:
        running = Browsers(playwright, part, folder)
        yield running
        await running.close()
    finally:
        await playwright.stop()


async def new_page(browser: Browser, base_url: str, **choices: Any) -> Page:
    """Return a page of a visitor of its own (cookies and storage), at a small desk's size, that notes its errors."""
    context = await browser.new_context(
        **{"base_url": base_url, "viewport": SMALL_DESK, "locale": "zh-CN", "timezone_id": "Asia/Shanghai", **choices}
    )
    return await another_page(context)


async def another_page(context: BrowserContext) -> Page:
    """Return one more tab of the same visitor."""
    page = await context.new_page()
    page.set_default_timeout(WITHIN_MS)
    await page.add_init_script(_EARS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(f"exception: {error}"))
    page.on("console", lambda said: errors.append(f"console: {said.text}") if said.type == "error" else None)
    _ERRORS[page] = errors
    return page


_ERRORS: dict[Page, list[str]] = {}


def errors_of(page: Page) -> list[str]:
    """Return the page's uncaught exceptions and blocked resources; network failures are tests' own doing."""
    harmless = ("WebSocket connection to", "net::ERR_", "Failed to load resource")
    return [error for error in _ERRORS[page] if not any(words in error for words in harmless)]


# --------------------------------------------------------------------------------------------------- hearing


async def heard_hertz(page: Page) -> list[dict[str, Any]]:
    """Return, of each remote sound of the page, the frequencies that stand out now, and its levels in decibels."""
    told: list[dict[str, Any]] = await page.evaluate("hotlineEars.now()")
    return told


async def hears(page: Page, hertz: float, within: float = 25.0) -> None:
    """Wait until the page plays this tone to its user; AssertionError with what it plays instead."""
    until, last = time.monotonic() + within, list[dict[str, Any]]()
    while time.monotonic() < until:
        last = await heard_hertz(page)
        if any(_is_tone(each, hertz) for each in last):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"the page does not play {hertz:g} Hz within {within:g} s, but {last}")


async def hears_not(page: Page, hertz: float, seconds: float = 1.5) -> None:
    """Assert that the page does not play this tone during this time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        now = await heard_hertz(page)
        assert not any(_is_tone(each, hertz) for each in now), f"the page plays {hertz:g} Hz: {now}"
        await asyncio.sleep(0.1)


async def stops_hearing(page: Page, hertz: float, within: float = 15.0) -> None:
    """Wait until the page has not played this tone for a second."""
    until, quiet_since = time.monotonic() + within, time.monotonic()
    while time.monotonic() < until:
        if any(_is_tone(each, hertz) for each in await heard_hertz(page)):
            quiet_since = time.monotonic()
        elif time.monotonic() - quiet_since > 1.0:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"the page still plays {hertz:g} Hz after {within:g} s")


def _is_tone(sound: dict[str, Any], hertz: float) -> bool:
    """Another voice may sound at the same time: the tone must be one of the peaks, far above what lies between them."""
    return any(abs(peak - hertz) <= 25 for peak in sound["peaks"])


def write_microphone(file: Path, hertz: int, seconds: int = 2) -> None:
    """Write what the fake microphone says, again and again: 48 kHz mono; whole periods, so that no click betrays it."""
    times = np.arange(seconds * _MICROPHONE_HZ) / _MICROPHONE_HZ
    samples = np.round(0.3 * 32767 * np.sin(2 * np.pi * hertz * times)).astype("<i2")
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_MICROPHONE_HZ)
        out.writeframes(samples.tobytes())


# ------------------------------------------------------------------------------------------------- looking


async def assert_accessible(page: Page, state: str = "") -> None:
    """Assert that axe finds nothing against WCAG 2.1 AA on the page as it is now."""
    await page.evaluate("document.getAnimations().forEach((each) => { try { each.finish() } catch { each.cancel() } })")
    found = await Axe().run(
        page, options={"runOnly": {"type": "tag", "values": list(RULES)}, "resultTypes": ["violations"]}
    )
    wrong = [
        f"{each['id']} ({each['impact']}): {each['help']}\n    "
        + "\n    ".join(f"{' '.join(map(str, node['target']))}: {node['html'][:160]}" for node in each["nodes"][:4])
        for each in found.response["violations"]
    ]
    assert not wrong, f"{page.url} {state}: {len(wrong)} violations\n" + "\n".join(wrong)


async def assert_fits(page: Page) -> None:
    """Assert that the window need not be scrolled sideways."""
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px wider than the window"


def has_chinese_font() -> bool:
    """Whether the machine's fonts, or the part's, can show Chinese: without one a picture shows boxes."""
    part = chromium()
    listed = subprocess.run(("fc-list", ":lang=zh"), capture_output=True, check=False, env={**os.environ, **part.env})
    return bool(listed.stdout.strip()) or part.origin == "private"
