"""A hotline of Lanzhou with a digital-city centre beside it: two grids, some components, two collectors."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from cti.adapters.files.partner_file import PartnerFile
from tests.cti.city_files import write_city
from tests.cti.web.order_site import OrderSite, order_site
from tests.cti.web.site import Page

IN_XIHU, IN_XIYUAN = {"lon": 103.75, "lat": 36.05}, {"lon": 103.85, "lat": 36.05}
ANSWERS = {"位置": "武威路9号门前", "类别": "部件", "照片": "来电，无照片", "责任单位": "已核对"}
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 64


class Device:
    """A collector's device, with its token and no session."""

    def __init__(self, visitor: Page, token: str) -> None:
        self._client = visitor.client
        self._client.headers.pop("origin", None)
        self._headers = {"authorization": f"Bearer {token}"}

    async def get(self, path: str, **words: Any) -> httpx.Response:
        return await self._client.get(f"/api/partner/collector{path}", headers=self._headers, **words)

    async def post(self, path: str, json: Any = None, **words: Any) -> httpx.Response:
        return await self._client.post(f"/api/partner/collector{path}", json=json, headers=self._headers, **words)

    async def reports(self, at: str, **change: Any) -> httpx.Response:
        """Report a cover in the first grid; `change` says what is told otherwise."""
        body = {
            "collector": "C01",
            "their_id": "1",
            "matter": "雨水井盖",
            "text": "雨水井盖破损",
            "lon": 103.75,
            "lat": 36.05,
            "accuracy": 8,
            "at": at,
            "photo": {"name": "现场.jpg", "content": base64.b64encode(JPEG).decode()},
        }
        return await self.post("/reports", body | change)


@asynccontextmanager
async def city_site(folder: Path) -> AsyncIterator[OrderSite]:
    """The site; its hotline lives by Lanzhou's rules, its centre by the digital city's."""
    async with order_site(folder) as here:
        write_city(here.site.deps.settings.data_folder)
        yield here


def device(here: OrderSite, name: str = "采集器") -> Device:
    """Return a device whose token was given out just now."""
    token, _ = PartnerFile(here.site.deps.orders.partners).add(name, ["collect"], "collector", "")
    return Device(here.site.visitor(), token)
