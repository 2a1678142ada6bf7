"""The pages beside a real service: they come and go, the controller comes and goes, and the talk goes on."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import websockets

from cti.access import Role
from cti.accounts import AccountRecord
from cti.adapters.sql.account_store import SqlAccountStore
from cti.adapters.web.passwords import Passwords
from ivr.adapters.simulator.line import LineState
from tests.cti.web.site import PASSWORD, Tab
from tests.fakes import NOON
from tests.ports import free_port
from tests.system.running_service import RunningService, service_of
from tests.system.running_switch import until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-pages")]


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_of({"pages": {"serve": True, "port": free_port()}}, hurried=True) as running:
        yield running


@asynccontextmanager
async def browser(service: RunningService, name: str, *roles: Role, seat: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is signed in."""
    async with service.database() as database:
        record = AccountRecord(name, name, roles, password_hash=await Passwords().hashed(PASSWORD))
        await SqlAccountStore(database).add(record, NOON)
    base = service.settings.pages.base_url
    async with httpx.AsyncClient(base_url=base, headers={"origin": base}, trust_env=False, timeout=20) as client:

        async def is_in() -> bool:
            try:
                body = {"name": name, "password": PASSWORD, "seat": seat}
                answer = await client.post("/api/session", json=body)
            except httpx.TransportError:
                return False
            client.headers["x-csrf"] = client.cookies.get("hl_csrf") or ""
            return answer.status_code == 200

        await until(is_in, 90)  # its process may still be starting
        yield client


@asynccontextmanager
async def tab(client: httpx.AsyncClient, epoch: str = "", seq: int = 0) -> AsyncIterator[Tab]:
    address = f"{str(client.base_url).rstrip('/').replace('http', 'ws', 1)}/ws"
    cookie = {"cookie": f"hl_session={client.cookies['hl_session']}"}
    origin = websockets.Origin(client.headers["origin"])
    async with websockets.connect(address, origin=origin, additional_headers=cookie, proxy=None) as socket:
        opened = Tab(socket)
        await opened.say(t="open", tab="t", epoch=epoch, seq=seq)
        yield opened


async def board(tab: Tab) -> dict[str, Any]:
    """Return the board as soon as the pages have it from the controller; a page that is open before is told twice."""
    while not (hello := await tab.next("hello"))["controller"]:
        pass
    return hello


def pid_of_pages(service: RunningService) -> int:
    try:
        return int(json.loads((service.folder / "run" / "pages.json").read_text())["pid"])
    except (OSError, ValueError):
        return 0


async def test_the_board_follows_a_real_call_and_shows_it_whole_to_its_own_seat_only(service: RunningService) -> None:
    async with (
        browser(service, "xiaomei", Role.AGENT, seat="801") as mine,
        browser(service, "min", Role.AGENT, seat="803") as other,
        service.seat("801"),
        tab(mine) as own_tab,
        tab(other) as other_tab,
        service.citizen() as citizen,
    ):
        await board(own_tab)
        await board(other_tab)
        call = await service.dial(citizen)
        await call.press("0")
        while True:
            event = await own_tab.next("event", 30)
            rows = [row for row in (event["patch"].get("calls") or {}).values() if row]
            if any(row["state"] == "talking" and row["seat"] == "801" for row in rows):
                break
        number = citizen.number
        assert any(row.get("caller") == number for row in rows)
        found = await mine.get(f"/api/calls/{rows[0]['call']}")
        assert found.json()["call"]["caller"] == number
        assert (await other.get(f"/api/calls/{rows[0]['call']}")).status_code == 403
        await other_tab.hears_for(1.0)
        assert other_tab.seen
        assert number not in json.dumps(other_tab.seen)

        before = pid_of_pages(service)
        os.kill(before, signal.SIGKILL)
        assert await own_tab.closed() in (1006, 1011)

        async def is_back() -> bool:
            return pid_of_pages(service) not in (0, before)

        await until(is_back, 60)
        assert call.state is LineState.TALKING
        async with browser(service, "xiaomei", Role.AGENT, seat="801") as again, tab(again) as new_tab:
            row = (await board(new_tab))["board"]["calls"][rows[0]["call"]]
            assert (row["state"], row["caller"]) == ("talking", number)
        await call.hang_up()


async def test_the_controller_is_killed_and_the_pages_stay_open_and_get_a_new_board(service: RunningService) -> None:
    async with browser(service, "zhang", Role.SUPERVISOR) as boss, tab(boss) as wall:
        hello = await board(wall)
        killed = service.kill("controller")
        while (await wall.next("controller"))["present"]:
            pass
        away = await boss.post("/api/do/queue.move", json={"call": "hl-1.1", "queue": "general"})
        assert (away.status_code, away.json()["code"]) == (503, "controller_away")
        await service.serving(killed)
        assert (await board(wall))["epoch"] != hello["epoch"]
        told = await boss.post("/api/do/queue.move", json={"call": "hl-1.1", "queue": "general"})
        assert told.status_code == 200
        assert told.json()["ok"] is False
