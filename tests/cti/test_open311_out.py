"""Orders handed to another city's Open311 service over a real socket: in JSON and XML, once, and answered back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from cti.adapters.files.partner_file import PartnerFile
from cti.adapters.sql.life_store import SqlLifeStore
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.sql.outside_store import OutsideRequest, SqlOutside
from cti.server import open311_out
from cti.server.open311_client import Open311Client, Open311Error
from cti.server.open311_out import HandingOver, fields_of
from ivr.errors import StoreAwayError
from tests.cti.web.order_site import OrderSite, order_site
from tests.ports import free_port
from workorder.order import OrderNumber

NEIGHBOUR = "邻市12345"


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no silent server."""
    monkeypatch.setattr(open311_out, "ANSWER_SECONDS", 120.0)


class Front:
    """What stands before the other city's pages: refuses (JSON), or loses an answer after it was done, when told to."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.refuses_json = False
        self.refuses = 0
        self.answers_lost = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_call = scope["type"] == "http"
        if is_call and self.refuses_json and scope["path"].endswith(".json"):
            await _plain(send, 406)
        elif is_call and self.refuses:
            await _plain(send, self.refuses)
        elif is_call and scope["method"] == "POST" and self.answers_lost:
            self.answers_lost -= 1

            async def nowhere(_message: Any) -> None: ...

            await self._app(scope, receive, nowhere)
            await _plain(send, 502)
        else:
            await self._app(scope, receive, send)


async def _plain(send: Any, status: int) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


class Cities:
    """Our city and its neighbour, whose service is open on a real port."""

    def __init__(self, ours: OrderSite, theirs: OrderSite, front: Front, port: int) -> None:
        self.ours, self.theirs, self.front = ours, theirs, front
        self.address = f"http://127.0.0.1:{port}/open311/v2"
        self.token, _ = PartnerFile(theirs.site.deps.orders.partners).add("兰州", ["open311"], "open311")
        file = PartnerFile(ours.site.deps.orders.partners)
        file.add(NEIGHBOUR, ["open311"], "open311", unit=NEIGHBOUR, open311=self.address, key=self.token)
        deps = ours.site.deps
        self.handing = HandingOver(deps.database, deps.orders.lives, file, ours.site.clock)
        self.outside = SqlOutside(deps.database)

    async def dispatched(self, **more: Any) -> OrderNumber:
        agent = await self.ours.agent()
        number = await self.ours.opened(category="help", **{"consents": True, **more})
        await self.ours.does(agent, number, "accept")
        await self.ours.does(agent, number, "dispatch", unit=NEIGHBOUR)
        return OrderNumber(number)

    async def request(self, number: OrderNumber) -> OutsideRequest:
        (found,) = await self.outside.of(number)
        return found

    async def there(self) -> list[dict[str, Any]]:
        found = (await (await self.theirs.agent()).get("/api/orders")).json()["orders"]
        return [each for each in found if each["channel"] == "open311"]

    def later(self, minutes: int = 20) -> None:
        self.ours.site.clock.at += timedelta(minutes=minutes)


@asynccontextmanager
async def cities(folder: Path) -> AsyncIterator[Cities]:
    async with order_site(folder / "ours") as ours, order_site(folder / "theirs") as theirs:
        front, port = Front(theirs.site.app), free_port()
        config = uvicorn.Config(front, "127.0.0.1", port, log_config=None, lifespan="off", timeout_graceful_shutdown=2)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve())
        try:
            while not server.started:
                assert not running.done(), "the server did not start"
                await asyncio.sleep(0.01)
            yield Cities(ours, theirs, front, port)
        finally:
            server.should_exit = server.force_exit = True
            await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("refuses_json", [False, True])
async def test_an_order_goes_to_the_neighbour_and_its_answer_comes_back(refuses_json: bool, tmp_path: Path) -> None:
    async with cities(tmp_path) as both:
        both.front.refuses_json = refuses_json
        if refuses_json:
            await nothing_of_the_citizen_leaves_without_consent(both)
        number = await both.dispatched()
        if not refuses_json:
            await an_answer_is_lost(both, number)
        assert await both.handing.round() == 1
        assert await both.handing.round() == 0, "it is asked after later"
        sent = await both.request(number)
        (theirs,) = await both.there()
        assert (sent.request_id, sent.status) == (theirs["number"], "open"), "their number is kept"
        assert (await both.ours.site.deps.orders.lives.order(number)).state.value == "handling"  # type: ignore[union-attr]
        taken = (await (await both.theirs.agent()).get(f"/api/orders/{theirs['number']}")).json()
        assert (taken["citizen"]["name"], taken["fields"]["place"]) == ("王小明", "武威路9号")

        agent, chief = await both.theirs.agent(), await both.theirs.supervisor()
        await both.theirs.does(agent, theirs["number"], "accept")
        await both.theirs.does(agent, theirs["number"], "dispatch", unit="供电局")
        await both.theirs.does(await both.theirs.unit("供电局"), theirs["number"], "sign", handler="老王")
        await both.theirs.does(await both.theirs.unit("供电局"), theirs["number"], "reply", text="已修好。")
        both.later()
        assert await both.handing.round() == 1
        assert (await both.request(number)).status == "open"
        await both.theirs.does(chief, theirs["number"], "tell_citizen", how="电话", contact="当面", text="已修好。")
        both.later()
        assert await both.handing.round() == 1
        done = await both.ours.site.deps.orders.lives.order(number)
        assert done is not None
        assert ((await both.request(number)).status, done.state.value) == ("closed", "replied")
        assert done.reply
        both.later()
        assert await both.handing.round() == 0


async def an_answer_is_lost(both: Cities, number: OrderNumber) -> None:
    """The neighbour took the request in, and we never heard of it: it is sent again later, and is one over there."""
    both.front.answers_lost = 1
    assert await both.handing.round() == 0
    waiting = await both.request(number)
    assert (waiting.failures, waiting.request_id) == (1, "")
    assert "502" in waiting.reason
    assert await both.handing.round() == 0, "not at once again"
    both.later()


async def nothing_of_the_citizen_leaves_without_consent(both: Cities) -> None:
    number = await both.dispatched(consents=False)
    deps = both.ours.site.deps
    order, draft = await deps.orders.lives.order(number), await SqlOrderStore(deps.database).order(number)
    assert order is not None
    assert draft is not None
    told = str(fields_of(order, draft, ["help"]))
    assert "王小明" not in told
    assert "13812345678" not in told
    assert await both.handing.round() == 0
    assert "电话" in (await both.request(number)).reason, "their refusal is kept"


async def test_an_order_that_was_taken_away_before_it_was_sent_is_sent_when_it_comes_back(tmp_path: Path) -> None:
    async with cities(tmp_path) as both:
        number = await both.dispatched()
        both.front.refuses = 503
        assert await both.handing.round() == 0
        both.front.refuses = 0
        chief, host = await both.ours.supervisor(), await both.ours.host()
        unit = await both.ours.unit(NEIGHBOUR)
        await both.ours.does(unit, number, "request_return", basis="三定方案", suggestion="水务局")
        await both.ours.does(chief, number, "accept_return")
        both.later()
        assert await both.handing.round() == 1
        assert await both.there() == [], "it is somebody else's now"
        await both.ours.does(host, number, "coordinate", why="两市都有份", coordinator="热线办")
        await both.ours.does(host, number, "decide_lead", lead=NEIGHBOUR)
        assert await both.handing.round() == 1
        (theirs,) = await both.there()
        assert (await both.request(number)).request_id == theirs["number"]


async def test_what_was_sent_is_known_even_if_signing_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with cities(tmp_path) as both:
        number = await both.dispatched()
        lives = both.ours.site.deps.orders.lives
        with monkeypatch.context() as away:

            async def not_now(*_: object) -> None:
                raise StoreAwayError("数据库没有应答")

            away.setattr(SqlLifeStore, "act", not_now)
            with pytest.raises(StoreAwayError):
                await both.handing.round()
        sent = await both.request(number)
        assert sent.request_id, "their number is not lost: it would be asked for a second time"
        both.later()
        assert await both.handing.round() == 1
        order = await lives.order(number)
        assert order is not None
        assert order.state.value == "handling"
        assert len(await both.there()) == 1


async def test_a_server_that_drips_or_has_no_address_is_given_up() -> None:
    class Dripping(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"["
            await asyncio.Event().wait()

    transport = httpx.MockTransport(lambda _request: httpx.Response(200, stream=Dripping()))
    async with asyncio.timeout(30), httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(Open311Error, match="TimeoutError"):
            await Open311Client(client, "http://127.0.0.1:9/", "key", "json", answer_seconds=0.05).services()
        with pytest.raises(Open311Error, match="InvalidURL"):
            await Open311Client(client, "https://[城", "key", "json").services()


async def test_a_server_that_answers_nonsense_is_no_harm() -> None:
    answers = iter(
        [
            httpx.Response(200, content=b"<!DOCTYPE x><services/>"),
            httpx.Response(200, content=b"[" * 100_000),
            httpx.Response(200, json={"service": 1}),
            httpx.Response(200, content=b" " * 2_000_000),
            httpx.Response(302, headers={"location": "http://127.0.0.1:1/"}),
            httpx.Response(200, json=[{"nothing": "here"}]),
        ]
    )
    transport = httpx.MockTransport(lambda _request: next(answers))
    async with httpx.AsyncClient(transport=transport) as client:
        there = Open311Client(client, "http://127.0.0.1:9/", "key", "json")
        for _ in range(5):
            with pytest.raises(Open311Error):
                await there.services()
        with pytest.raises(Open311Error, match="没有给编号"):
            await there.send({"service_code": "help"})


async def test_a_token_is_asked_after_until_the_id_is_there() -> None:
    answers = iter(
        [
            httpx.Response(201, json=[{"token": "t/1"}]),
            httpx.Response(200, json=[{"token": "t/1"}]),
            httpx.Response(200, json=[{"token": "t/1", "service_request_id": 77}]),
            httpx.Response(200, json=[{"service_request_id": "77", "status": "CLOSED", "status_notes": "好了"}]),
        ]
    )
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return next(answers)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        there = Open311Client(client, "http://127.0.0.1:9/o", "key", "json")
        assert await there.send({"service_code": "help"}) == ("", "t/1")
        assert (await there.id_of("t/1"), await there.id_of("t/1")) == ("", "77")
        assert await there.standing("77") == ("closed", "好了")
    assert asked[1] == "/o/tokens/t%2F1.json", "what they gave us cannot lead elsewhere"
