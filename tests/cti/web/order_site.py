"""A site under one city's rules, with people of each office and short ways to take in and move an order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from cti.access import Role
from cti.server.orders import Orders
from cti.server.reports import Reports
from tests.cti.web.site import Page, Site, settings_in, site

WATER, ROADS = "水务局", "规划建设局"
CHECKED = ["位置", "类别", "照片", "责任单位"]
"""What the digital city wants checked before a case is filed; other cities want nothing of it."""
CITIZEN = {
    "title": "武威路路灯不亮",
    "summary": "王小明反映武威路9号路灯三天不亮，电话13812345678。",
    "place": "武威路9号",
    "request_type": "求助",
    "name": "王小明",
    "phone": "13812345678",
}


@dataclass
class OrderSite:
    """People by office: agent, supervisor, inspector (the host's office), and a unit's handlers."""

    site: Site
    pages: dict[str, Page] = field(default_factory=dict)

    async def agent(self) -> Page:
        return await self._page("李晓梅", Role.AGENT)

    async def supervisor(self) -> Page:
        return await self._page("班长", Role.SUPERVISOR)

    async def host(self) -> Page:
        return await self._page("督办员", Role.INSPECTOR)

    async def reviewer(self) -> Page:
        return await self._page("评议员", Role.REVIEWER)

    async def governing(self) -> Page:
        return await self._page("管委会办公室", Role.GOVERNING)

    async def unit(self, name: str = WATER) -> Page:
        return await self._page(f"{name}老李", Role.UNIT, unit=name)

    async def _page(self, name: str, role: Role, **more: Any) -> Page:
        if name not in self.pages:
            self.pages[name] = await self.site.sign_in(name, role, **more)
        return self.pages[name]

    async def opened(self, channel: str = "letter", **more: Any) -> str:
        """Take in an order; returns its number."""
        fields = CITIZEN | more.pop("fields", {})
        answer = await (await self.agent()).post("/api/orders", {"channel": channel, "fields": fields, **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["number"])

    async def tries(self, page: Page, number: str, action: str, **fields: Any) -> httpx.Response:
        """Make a move at the version that the page sees now."""
        agent = await self.agent()
        version = (await agent.get(f"/api/orders/{number}")).json()["version"]
        body = {"action": action, "fields": fields, "version": version}
        return await page.post(f"/api/orders/{number}/actions", body)

    async def does(self, page: Page, number: str, action: str, **fields: Any) -> dict[str, Any]:
        answer = await self.tries(page, number, action, **fields)
        assert answer.status_code == 200, (action, answer.text)
        return dict(answer.json())

    async def refuses(self, page: Page, number: str, action: str, **fields: Any) -> str:
        """Return the words of the refusal."""
        answer = await self.tries(page, number, action, **fields)
        assert answer.status_code == 409, (action, answer.text)
        return str(answer.json()["error"])

    async def with_unit(self, unit: str = WATER, **more: Any) -> str:
        """Taken in, accepted, dispatched and signed."""
        number = await self.opened(**more)
        await self.does(await self.agent(), number, "accept", checked=CHECKED)
        await self.does(await self.agent(), number, "dispatch", unit=unit)
        await self.does(await self.unit(unit), number, "sign", handler="老李")
        return number

    async def told(self, unit: str = WATER, **more: Any) -> str:
        """Replied by the unit, reviewed where the city says so, and told to the citizen."""
        number = await self.with_unit(unit, **more)
        await self.does(await self.unit(unit), number, "reply", text="已修好。")
        supervisor = await self.supervisor()
        await self.does(supervisor, number, "pass_review")
        await self.does(supervisor, number, "tell_citizen", how="电话", contact="当面", text="已修好。")
        return number


@asynccontextmanager
async def order_site(folder: Path, city: str = "lanzhou") -> AsyncIterator[OrderSite]:
    """A site whose new orders live by this city's rules."""
    async with site(folder) as here:
        settings = replace(settings_in(folder), city=city)
        orders = Orders(settings, here.deps.database)
        deps = replace(
            here.deps.orders,
            lives=orders.lives,
            pack=orders.pack,
            confirm=orders.confirm,
            take_in=orders.take_in,
            sealing=orders.sealing,
        )
        reports = Reports(settings, here.deps.database)
        rewired = Site(replace(here.deps, settings=settings, orders=deps, reports=reports), here.door, here.clock)
        try:
            yield OrderSite(rewired)
        finally:
            await rewired.close()
