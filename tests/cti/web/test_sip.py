"""The way of the browser's telephone to the switch: who may use it, what passes, and what happens when one end goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import websockets
from websockets.asyncio.server import ServerConnection

from cti.access import Role
from cti.switch_settings import SwitchSettings
from tests.cti.test_sip_filter import REGISTER, written
from tests.cti.web.site import Page, Served, served
from tests.ports import free_port

ALSO = {"subprotocols": [websockets.Subprotocol("sip")]}


class Switch:
    """Stands for the switch's own WebSocket: keeps what it hears, says back `SIP/2.0 200 OK`."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.lines: list[ServerConnection] = []

    async def attend(self, line: ServerConnection) -> None:
        self.lines.append(line)
        async for message in line:
            self.heard.append(str(message))
            await line.send("SIP/2.0 200 OK\r\n\r\n")


@asynccontextmanager
async def phones(folder: Path) -> AsyncIterator[tuple[Served, Switch]]:
    switch, port = Switch(), free_port()
    async with (
        websockets.serve(switch.attend, "127.0.0.1", port, subprotocols=[websockets.Subprotocol("sip")]) as listening,
        served(folder, switch=SwitchSettings(http_port=port)) as on,
    ):
        yield on, switch
        listening.close()


async def refused(on: Served, page: Page, path: str = "/sip") -> bool:
    try:
        async with on.socket(page, path, **ALSO):
            return False
    except websockets.InvalidStatus:
        return True


async def test_a_seat_registers_through_us_and_nobody_speaks_as_another(tmp_path: Path) -> None:
    async with phones(tmp_path) as (on, switch):
        page = await on.here.sign_in("a", seat="801")
        async with on.socket(page, "/sip", **ALSO) as phone:
            assert phone.subprotocol == "sip"
            await phone.send(written(REGISTER.replace("sip:801@", "sip:802@")))
            await phone.send(written(REGISTER))
            assert str(await phone.recv()).startswith("SIP/2.0 200")
            assert switch.heard == [written(REGISTER)]


async def test_only_who_sits_at_a_seat_with_the_page_as_its_telephone_gets_through(tmp_path: Path) -> None:
    async with phones(tmp_path) as (on, _):
        nobody = on.here.visitor()
        nobody.client.cookies.set("hl_session", "x")
        assert await refused(on, nobody)
        assert await refused(on, await on.here.sign_in("a"))  # at no seat
        assert await refused(on, await on.here.sign_in("u", Role.UNIT, unit="水务局"))
        page = await on.here.sign_in("b", seat="802")
        assert not await refused(on, page)
        with pytest.raises(websockets.InvalidStatus):
            async with on.socket(page, "/sip"):  # without the subprotocol
                pass


async def test_when_the_switch_goes_the_browser_is_told_at_once(tmp_path: Path) -> None:
    async with phones(tmp_path) as (on, switch):
        page = await on.here.sign_in("a", seat="801")
        async with on.socket(page, "/sip", **ALSO) as phone:
            await phone.send(written(REGISTER))
            await phone.recv()
            await switch.lines[0].close()
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await asyncio.wait_for(phone.recv(), 30)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012


async def test_of_two_telephones_at_a_seat_the_newer_registers_and_the_older_may_end_its_talk(tmp_path: Path) -> None:
    async with phones(tmp_path) as (on, switch):
        page = await on.here.sign_in("a", seat="801")
        bye = written("BYE sip:x@127.0.0.1 SIP/2.0\nFrom: <sip:k@x>;tag=a\nTo: <sip:1@x>;tag=b\n\n")
        async with on.socket(page, "/sip", **ALSO) as first:
            async with on.socket(page, "/sip", **ALSO) as second:
                await first.send(written(REGISTER))
                await first.send(bye)
                await first.recv()
                assert switch.heard == [bye]
                await second.send(written(REGISTER))
                await second.recv()
                assert switch.heard == [bye, written(REGISTER)]
            async with asyncio.timeout(30):
                while len(switch.heard) < 3:  # the newer one is gone: the seat is not without a telephone
                    await first.send(written(REGISTER))
                    await asyncio.sleep(0.1)
            assert set(switch.heard[1:]) == {written(REGISTER)}


async def test_a_tab_that_was_taken_over_gets_no_telephone_when_it_says_which_it_is(tmp_path: Path) -> None:
    async with phones(tmp_path) as (on, _):
        page = await on.here.sign_in("a", seat="801")
        async with on.tab(page, "new") as tab:
            await tab.next("hello")
            assert await refused(on, page, "/sip?tab=old")
            assert not await refused(on, page, "/sip?tab=new")
            assert not await refused(on, page)


async def test_a_session_that_ended_goes_on_talking_but_registers_no_more(tmp_path: Path) -> None:
    async with phones(tmp_path) as (on, switch):
        page = await on.here.sign_in("a", seat="801")
        async with on.socket(page, "/sip", **ALSO) as phone:
            record = await on.here.deps.accounts.account("a")
            assert record is not None
            await on.here.deps.accounts.change(replace(record, is_disabled=True))
            bye = written("BYE sip:x@127.0.0.1 SIP/2.0\nFrom: <sip:k@x>;tag=a\nTo: <sip:1@x>;tag=b\n\n")
            await phone.send(bye)
            await phone.recv()
            assert switch.heard == [bye]
            await phone.send(written(REGISTER))
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await asyncio.wait_for(phone.recv(), 30)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401


async def test_without_the_switch_the_telephone_is_refused_and_tries_again_later(tmp_path: Path) -> None:
    async with served(tmp_path, switch=SwitchSettings(http_port=free_port())) as on:
        page = await on.here.sign_in("a", seat="801")
        assert await refused(on, page)
