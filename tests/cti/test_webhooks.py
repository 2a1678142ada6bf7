"""Webhooks: signed, in order, again until acknowledged; a receiver that never answers holds up nobody else."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from cti.adapters.files.partner_file import PartnerFile
from cti.server import webhooks
from cti.server.webhooks import Webhooks
from tests.cti.web.order_site import OrderSite, order_site


class Receiver:
    """Another system: keeps what it was sent, and answers with the statuses it is told to (200 afterwards)."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.heard = list(statuses), list[tuple[dict[str, str], bytes]]()
        self.port, self.answers = 0, 1

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        status = self.statuses.pop(0) if self.statuses else 200
        if status:
            self.heard.append((headers, body))
            location = "location: http://127.0.0.1:1/\r\n" if 300 <= status < 400 else ""
            answer = f"HTTP/1.1 {status} x\r\n{location}content-length: 0\r\n"
            closing = "connection: close\r\n" if self.answers == 1 else ""
            writer.write(f"{answer}{closing}\r\n".encode() * self.answers)
            await writer.drain()
        else:
            await reader.read()  # until the other end has waited long enough
        writer.close()


@asynccontextmanager
async def receiving(*statuses: int) -> AsyncIterator[Receiver]:
    receiver = Receiver(*statuses)
    server = await asyncio.start_server(receiver.attend, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


def hooks_of(here: OrderSite) -> Webhooks:
    file = here.site.deps.orders.partners
    return Webhooks(here.site.deps.database, PartnerFile(file), file.parent, here.site.clock)


@pytest.mark.requirement("S-03")
async def test_every_step_is_told_once_in_order_signed_and_without_content(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here, receiving() as city:
        file = PartnerFile(here.site.deps.orders.partners)
        _, secret = file.add("城市大脑", ["open311"], "open311", f"http://127.0.0.1:{city.port}/hook")
        hooks = hooks_of(here)
        assert await hooks.round() == 0
        here.site.clock.at += timedelta(seconds=1)
        number = await here.with_unit()
        assert await hooks.round() == 0, "not before every transaction has settled"
        here.site.clock.at += timedelta(seconds=10)
        assert await hooks.round() == 4
        assert await hooks.round() == 0
        assert await hooks_of(here).round() == 0, "a restart repeats nothing"
        told = [json.loads(body) for _, body in city.heard]
        assert [(each["order"], each["step"], each["state"]) for each in told] == [
            (number, 1, "drafted"),
            (number, 2, "accepted"),
            (number, 3, "dispatched"),
            (number, 4, "handling"),
        ]
        for headers, body in city.heard:
            expected = hmac.new(secret.encode(), headers["x-hotline-time"].encode() + b"." + body, hashlib.sha256)
            assert headers["x-hotline-signature"] == f"sha256={expected.hexdigest()}"
            for private in ("王小明", "13812345678", "武威路", "李晓梅"):
                assert private.encode() not in body


@pytest.mark.parametrize("status", [0, 302, 401, 500])
async def test_what_is_not_acknowledged_is_told_again_later_and_holds_up_nobody(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "ANSWER_SECONDS", 2.0 if status == 0 else 30.0)
    async with order_site(tmp_path) as here, receiving(status) as bad, receiving() as good:
        file = PartnerFile(here.site.deps.orders.partners)
        file.add("坏的", ["open311"], "open311", f"http://127.0.0.1:{bad.port}/")
        file.add("好的", ["open311"], "open311", f"http://127.0.0.1:{good.port}/")
        hooks = hooks_of(here)
        await hooks.round()
        here.site.clock.at += timedelta(seconds=1)
        await here.opened()
        here.site.clock.at += timedelta(seconds=10)
        assert await hooks.round() == 1
        assert len(good.heard) == 1
        assert await hooks.round() == 0, "it is left alone for a while"
        here.site.clock.at += timedelta(seconds=10)
        assert await hooks.round() == 1
        assert json.loads(bad.heard[-1][1])["step"] == 1


async def test_an_address_that_is_none_holds_up_nobody_and_stops_nothing(tmp_path: Path) -> None:
    async with order_site(tmp_path) as here, receiving() as good:
        file = PartnerFile(here.site.deps.orders.partners)
        file.add("坏的", ["open311"], "open311", "https://[城")
        file.add("好的", ["open311"], "open311", f"http://127.0.0.1:{good.port}/")
        hooks = hooks_of(here)
        await hooks.round()
        here.site.clock.at += timedelta(seconds=1)
        await here.opened()
        here.site.clock.at += timedelta(seconds=10)
        assert await hooks.round() == 1


async def test_a_receiver_that_answers_twice_is_told_every_step_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "ANSWER_SECONDS", 120.0)
    async with order_site(tmp_path) as here, receiving() as city:
        city.answers = 2
        PartnerFile(here.site.deps.orders.partners).add("城", ["open311"], "open311", f"http://127.0.0.1:{city.port}/")
        hooks = hooks_of(here)
        await hooks.round()
        here.site.clock.at += timedelta(seconds=1)
        await here.with_unit()
        here.site.clock.at += timedelta(seconds=10)
        assert await hooks.round() == 4
        assert [json.loads(body)["step"] for _, body in city.heard] == [1, 2, 3, 4], "no answer counts for another step"
