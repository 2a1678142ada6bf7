"""The pages: from the switch's event to the painted popup, the desk's first load, and five hundred desks at once.

A real headless Chromium against the whole service. The popup counts from the moment in which a second manager link
reads AgentCalled to the second animation frame after the number stands in the page; both clocks are this machine's. The
first load is with nothing cached, from the navigation to a desk whose buttons work. Each broadcast is a change of a
seat's state; it counts from the controller's own line at its door to the last of all desks having read theirs.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import websockets
from playwright.async_api import Page, expect

from cti.access import Role
from cti.adapters.control.door_client import DoorClient
from cti.server.emergency import control_socket
from tests.benchmarks.figures import Figure, Options, quantile
from tests.system.running_service import RunningService, service_of
from tests.web.browser import Browsers, browsers, new_page
from tests.web.desk import PASSWORD, account, desk_page, pages_settings, sign_in

POPUP_P95_MS, INTERACTIVE_MS, FIRST_LOAD_KB, BROADCAST_P99_MS = 100.0, 1500.0, 250.0, 50.0
TABS_OF_ONE = 25

_PAINTED = """() => {
  window.painted = []
  const seen = new Set()
  new MutationObserver(() => {
    const digits = (document.querySelector('[data-test=caller]')?.textContent ?? '').replace(/\\D/g, '')
    if (digits.length < 11 || seen.has(digits)) return
    seen.add(digits)
    const note = () => painted.push([digits, performance.timeOrigin + performance.now()])
    requestAnimationFrame(() => requestAnimationFrame(note))
  }).observe(document, { subtree: true, childList: true, characterData: true })
}"""
_INTERACTIVE = """() => new Promise((told) => {
  const look = () => document.querySelector('.phone-bar button:not([disabled])')
    ? requestAnimationFrame(() => requestAnimationFrame(() => told(performance.now())))
    : setTimeout(look, 4)
  look()
})"""
_LOADED = """() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
  .reduce((sum, each) => sum + (each.transferSize ?? 0), 0)"""


def measure(options: Options) -> list[Figure]:
    """Return the figures."""
    return asyncio.run(_measure(options))


async def _measure(options: Options) -> list[Figure]:
    figures = []
    with (
        service_of(pages_settings(), hurried=True) as service,
        tempfile.TemporaryDirectory(prefix="hl-bench-") as folder,
    ):
        async with browsers(Path(folder)) as running:
            figures += await _popups(service, running, int(options.pick(40, 6)), options)
            figures += await _first_loads(service, running, int(options.pick(15, 3)), options)
        figures += await _broadcasts(service, int(options.pick(500, 50)), int(options.pick(200, 20)), options)
    return figures


async def _popups(service: RunningService, running: Browsers, count: int, options: Options) -> list[Figure]:
    options.say(f"  {count} calls ring a desk")
    took: list[float] = []
    async with desk_page(service, running, "bench", "801") as page, service.ami() as ami:
        await page.evaluate(_PAINTED)
        for _ in range(count):
            before = len(ami.events)
            async with service.citizen() as phone:
                line = await service.dial(phone, "12345")
                await ami.event("AgentCalled", 20, after=before)
                rang = time.time() * 1000
                await page.wait_for_function("(number) => painted.some((each) => each[0] === number)", arg=phone.number)
                painted: list[tuple[str, float]] = await page.evaluate("painted")
                took.append(next(at for number, at in painted if number == phone.number) - rang)
                await line.hang_up()
            await _is_free(page)
    first, later = took[0], took[1:]
    return [
        Figure("AgentCalled → painted popup, p50", "ms", quantile(later, 0.5), note=f"{len(later)} calls"),
        Figure("AgentCalled → painted popup, p95", "ms", quantile(later, 0.95), target=POPUP_P95_MS),
        Figure("AgentCalled → painted popup, the first of a shift", "ms", first),
    ]


async def _is_free(page: Page) -> None:
    ready = page.get_by_role("region", name="席位状态").get_by_role("status").filter(has_text="示闲")
    await expect(ready).to_be_visible(timeout=20_000)
    await page.wait_for_timeout(300)


async def _first_loads(service: RunningService, running: Browsers, count: int, options: Options) -> list[Figure]:
    options.say(f"  {count} first loads of the desk")
    took, kilobytes = [], 0.0
    browser = await running.saying(1000)
    await account(service, "bench", Role.AGENT)
    for _ in range(count):
        page = await new_page(browser, service.settings.pages.base_url, permissions=["microphone"])
        await sign_in(page, "bench", "801")
        cookies = await page.context.storage_state()
        await page.context.close()
        fresh = await new_page(
            browser, service.settings.pages.base_url, permissions=["microphone"], storage_state=cookies
        )
        await fresh.goto("/desk", wait_until="commit")
        took.append(await fresh.evaluate(_INTERACTIVE))
        await fresh.wait_for_load_state("networkidle")
        kilobytes = await fresh.evaluate(_LOADED) / 1000
        await fresh.context.close()
    return [
        Figure("first load of the desk to working buttons, p50", "ms", quantile(took, 0.5), note=f"{count} loads"),
        Figure("first load of the desk to working buttons, p95", "ms", quantile(took, 0.95), target=INTERACTIVE_MS),
        Figure(
            "first load of the desk, over the wire", "kB", kilobytes, target=FIRST_LOAD_KB, note="telephone included"
        ),
    ]


async def _broadcasts(service: RunningService, desks: int, count: int, options: Options) -> list[Figure]:
    options.say(f"  {desks} desks connected, {count} changes")
    door = DoorClient(control_socket(service.settings))
    sent: dict[int, float] = {}
    read: dict[int, list[float]] = {}
    async with AsyncExitStack() as stack:
        for first in range(0, desks, TABS_OF_ONE):
            await account(service, f"desk{first}", Role.AGENT)
            cookie = await _cookie(service, f"desk{first}")
            for _ in range(min(TABS_OF_ONE, desks - first)):
                await stack.enter_async_context(_desk(service, cookie, read))
        memory = _resident_mb(service.pid("pages"))
        await stack.enter_async_context(service.seat("804"))
        reason = (await door.ask("seat.reasons"))["reasons"][0]
        watching = asyncio.create_task(_watch(door, sent))
        await asyncio.sleep(2.0)
        for number in range(count):
            verb = "seat.ready" if number % 2 else "seat.not_ready"
            await door.ask(verb, seat="804", by="bench", reason=reason)
            await asyncio.sleep(0.05)
        await asyncio.sleep(1.0)
        watching.cancel()
    whole = [seq for seq, at in sent.items() if len(read.get(seq, ())) >= desks]
    each = [(at - sent[seq]) * 1000 for seq in whole for at in read[seq]]
    last = [(max(read[seq]) - sent[seq]) * 1000 for seq in whole]
    return [
        Figure(f"a change to each of {desks} desks, p50", "ms", quantile(each, 0.5), note=f"{len(whole)} changes"),
        Figure(f"a change to each of {desks} desks, p99", "ms", quantile(each, 0.99), target=BROADCAST_P99_MS),
        Figure(f"a change to the last of {desks} desks, p50", "ms", quantile(last, 0.5)),
        Figure(f"memory of the pages, {desks} desks connected", "MB", memory),
    ]


async def _cookie(service: RunningService, name: str) -> str:
    base = service.settings.pages.base_url
    async with httpx.AsyncClient(base_url=base, headers={"origin": base}) as client:
        (await client.post("/api/session", json={"name": name, "password": PASSWORD})).raise_for_status()
        return "; ".join(f"{key}={value}" for key, value in client.cookies.items())


@asynccontextmanager
async def _desk(service: RunningService, cookie: str, read: dict[int, list[float]]) -> AsyncIterator[None]:
    base = service.settings.pages.base_url
    async with websockets.connect(
        base.replace("http", "ws") + "/ws",
        origin=base,  # type: ignore[arg-type]  # a NewType of str
        additional_headers={"cookie": cookie},
        max_queue=1000,
        compression=None,
    ) as socket:
        await socket.send(json.dumps({"t": "open", "epoch": "", "seq": 0, "tab": f"bench-{time.monotonic_ns()}"}))
        await socket.recv()

        async def follow() -> None:
            async for message in socket:
                at, told = time.monotonic(), json.loads(message)
                if told.get("t") == "event" and told.get("patch", {}).get("seats"):
                    read.setdefault(told["seq"], []).append(at)

        task = asyncio.create_task(follow())
        try:
            yield
        finally:
            task.cancel()


async def _watch(door: DoorClient, sent: dict[int, float]) -> None:
    async with door.line({"verb": "watch"}) as lines:
        await lines.readline()
        while line := await lines.readline():
            told = json.loads(line)
            if told.get("patch", {}).get("seats"):
                sent[told["seq"]] = time.monotonic()


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    return float("nan")
