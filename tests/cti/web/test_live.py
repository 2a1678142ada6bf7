"""What an open page is told: its snapshot, every change after it that it may see, and where it was it goes on."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import websockets

from cti.access import Role
from cti.adapters.web import routes_live
from tests.cti.web.site import FakeDoor, Tab, served

CALL = "hl-1795312728.0"
NUMBER = "13812345678"


def row(seat: str | None = None, ringing: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    parties = [{"leg": "caller", "seat": None, "number": NUMBER, "channel": "PJSIP/pstn-1"}]
    plain = {"call": CALL, "caller": NUMBER, "state": "queue", "queue": "general", "seat": seat, "parties": parties}
    return {**plain, "ringing_seats": list(ringing), "known": {"name": "张三"}, **more}


def ring(door: FakeDoor, seat: str) -> None:
    door.tell("board", {"calls": {CALL: row(ringing=(seat,), state="ringing")}}, call=CALL)


async def test_a_page_gets_the_board_and_then_every_change(tmp_path: Path) -> None:
    async with served(tmp_path) as on:
        page = await on.here.sign_in("zhang", Role.SUPERVISOR)
        on.here.door.tell("board", {"queues": {"general": {"queue": "general", "waiting": []}}})
        async with on.tab(page) as tab:
            hello = await tab.next()
            assert (hello["t"], hello["epoch"], hello["controller"]) == ("hello", "life-1", True)
            assert hello["now"] == on.here.clock.at.isoformat()  # clocks of desks are wrong more often than one thinks
            on.here.door.tell("caller_queued", {"calls": {CALL: row()}}, call=CALL, data={"queue": "general"})
            event = await tab.next("event")
            assert (event["type"], event["call"], event["data"]) == ("caller_queued", CALL, {"queue": "general"})
            assert event["patch"]["calls"][CALL]["caller"] == NUMBER


async def test_an_agent_sees_the_citizen_only_when_the_call_comes_to_their_seat(tmp_path: Path) -> None:
    async with served(tmp_path) as on:
        mine, other = await on.here.sign_in("a", seat="801"), await on.here.sign_in("b", seat="802")
        async with on.tab(mine, "1") as one, on.tab(other, "2") as two:
            await one.next("hello"), await two.next("hello")
            on.here.door.tell("caller_queued", {"calls": {CALL: row()}}, call=CALL, data={"caller": NUMBER})
            for tab in (one, two):
                event = await tab.next("event")
                assert NUMBER not in json.dumps(event)
                assert event["patch"]["calls"][CALL]["queue"] == "general"
            ring(on.here.door, "801")
            assert (await one.next("event"))["patch"]["calls"][CALL]["caller"] == NUMBER
            assert "caller" not in (await two.next("event"))["patch"]["calls"][CALL]
            on.here.door.tell("heard", call=CALL, data={"leg": "caller", "text": "我的身份证是110101199003078515"})
            on.here.door.tell("seat_state", {"seats": {"801": {"seat": "801", "state": "ringing"}}})
            heard = await one.next("event")
            assert heard["type"] == "heard"
            assert "110101199003078515" not in heard["data"]["text"]  # an agent may not see identity cards
            assert (await two.next("event"))["patch"] == {"seats": {"801": {"seat": "801", "state": "ringing"}}}


async def test_after_the_talk_the_agent_still_gets_the_draft_until_another_has_the_call(tmp_path: Path) -> None:
    async with served(tmp_path) as on:
        page = await on.here.sign_in("a", seat="801")
        async with on.tab(page) as tab:
            await tab.next("hello")
            on.here.door.tell("answered", {"calls": {CALL: row("801", state="talking")}}, call=CALL)
            on.here.door.tell("ended", {"calls": {CALL: None}}, call=CALL)
            on.here.door.tell("draft", call=CALL, data={"title": "路灯不亮"})
            assert [(await tab.next("event"))["type"] for _ in range(3)] == ["answered", "ended", "draft"]
            on.here.door.tell("answered", {"calls": {CALL: row("802", state="talking")}}, call=CALL)
            on.here.door.tell("draft", call=CALL, data={"title": "别人的"})
            on.here.door.tell("board", {"queues": {"general": {"queue": "general", "waiting": []}}})
            told = [await tab.next("event") for _ in range(2)]
            assert "别人的" not in json.dumps(told, ensure_ascii=False)


async def test_who_has_no_desk_and_no_wallboard_sees_nothing_of_it(tmp_path: Path) -> None:
    async with served(tmp_path) as on:
        page = await on.here.sign_in("u", Role.UNIT, unit="水务局")
        on.here.door.tell("caller_queued", {"calls": {CALL: row()}}, call=CALL)
        async with on.tab(page) as tab:
            hello = await tab.next("hello")
            assert all(not rows for rows in hello["board"].values())
            on.here.door.tell("caller_queued", {"calls": {CALL: row()}}, call=CALL)
            with pytest.raises(TimeoutError):
                await tab.next("event", 0.2)


async def test_a_page_that_was_away_for_a_moment_gets_only_what_it_missed(tmp_path: Path) -> None:
    async with served(tmp_path) as on:
        page = await on.here.sign_in("zhang", Role.SUPERVISOR)
        async with on.tab(page) as tab:
            hello = await tab.next("hello")
            on.here.door.tell("one", data={"n": 1})
            seq = (await tab.next("event"))["seq"]
        on.here.door.tell("two", data={"n": 2})
        on.here.door.tell("three", data={"n": 3})
        async with on.tab(page, epoch=hello["epoch"], seq=seq) as tab:
            assert (await tab.next())["t"] == "resumed"
            assert [(await tab.next("event"))["type"] for _ in range(2)] == ["two", "three"]
        async with on.tab(page, epoch="another life", seq=seq) as tab:
            assert (await tab.next())["t"] == "hello"
        async with on.tab(page, epoch=hello["epoch"], seq=10_000) as tab:
            assert (await tab.next())["t"] == "hello"


async def test_the_controller_goes_and_comes_and_the_pages_stay_open(tmp_path: Path) -> None:
    async with served(tmp_path) as on:
        page = await on.here.sign_in("a", seat="801")
        async with on.tab(page) as tab:
            await tab.next("hello")
            await on.here.door.close()
            assert (await tab.next("controller"))["present"] is False
            on.here.door.epoch, on.here.door.seq = "life-2", 7
            on.here.door.board["seats"] = {"801": {"seat": "801", "state": "signed_out", "user": ""}}
            await on.here.door.open()
            hello = await tab.next("hello")
            assert (hello["epoch"], hello["seq"], hello["controller"]) == ("life-2", 7, True)
            await _until(lambda: len(on.here.door.of("seat.sign_in")) == 2)  # it had forgotten who sits there


async def test_the_second_tab_at_a_seat_takes_over_and_the_first_is_told(tmp_path: Path) -> None:
    async with served(tmp_path) as on:
        page = await on.here.sign_in("a", seat="801")
        async with on.tab(page, "first") as first:
            await first.next("hello")
            async with on.tab(page, "second") as second:
                await second.next("hello")
                assert await first.next("taken")
            elsewhere = await on.here.sign_in("a", seat="801")
            async with on.tab(elsewhere, "third") as third:
                await third.next("hello")
            assert (await elsewhere.get("/api/session")).json()["seat"] == "801"
        assert not on.here.door.of("seat.sign_out")


async def test_a_seat_is_signed_out_when_its_page_stays_away_but_not_in_a_talk(tmp_path: Path) -> None:
    async with served(tmp_path) as on:
        on.here.deps.desks._grace = 3.0
        page = await on.here.sign_in("a", seat="801")
        async with on.tab(page) as tab:
            await tab.next("hello")
        async with on.tab(page) as tab:  # a reload
            await tab.next("hello")
            await asyncio.sleep(3.5)
            assert not on.here.door.of("seat.sign_out")
            on.here.deps.desks._grace = 0.2
        await _until(lambda: len(on.here.door.of("seat.sign_out")) == 1)
        on.here.door.tell("board", {"seats": {"801": {"seat": "801", "state": "talking"}}})
        await _until(lambda: on.here.deps.hub.board["seats"].get("801", {}).get("state") == "talking")
        async with on.tab(page) as tab:
            await tab.next("hello")
        await asyncio.sleep(0.5)
        assert len(on.here.door.of("seat.sign_out")) == 1


async def test_a_session_that_ends_closes_the_page_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes_live, "PING_SECONDS", 0.2)
    async with served(tmp_path) as on:
        page = await on.here.sign_in("a", seat="801")
        async with on.tab(page) as tab:
            await tab.next("hello")
            assert await tab.next("ping")
            record = await on.here.deps.accounts.account("a")
            assert record is not None
            await on.here.deps.accounts.change(replace(record, is_disabled=True))
            assert await tab.next("expired")
            assert await tab.closed() == 4401


@pytest.mark.parametrize("origin", [None, "https://evil.test", "null"])
async def test_a_socket_from_elsewhere_or_without_a_session_is_refused_before_it_opens(
    tmp_path: Path, origin: str | None
) -> None:
    async with served(tmp_path) as on:
        page = await on.here.sign_in("a")
        for path in ("/ws", "/sip"):
            with pytest.raises(websockets.InvalidStatus):
                async with on.socket(page, path, origin=origin):
                    pass
            with pytest.raises(websockets.InvalidStatus):
                async with on.socket(page, path, additional_headers={"cookie": "hl_session=x"}):
                    pass


@pytest.mark.parametrize("first", ["", "[]", "{}", '{"t":"hello"}', "[" * 5000, '{"t":"open","seq":"x","tab":5}'])
async def test_a_first_frame_that_is_none_closes_the_socket(tmp_path: Path, first: str) -> None:
    async with served(tmp_path) as on:
        page = await on.here.sign_in("a")
        async with on.socket(page) as socket:
            await socket.send(first)
            tab = Tab(socket)
            if '"t":"open"' in first:
                assert await tab.next("hello")
            else:
                assert await tab.closed() == 4400


async def test_a_page_that_reads_nothing_keeps_no_other_waiting_and_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes_live, "SEND_SECONDS", 2.0)
    async with served(tmp_path) as on:
        page = await on.here.sign_in("zhang", Role.SUPERVISOR)
        async with on.socket(page) as lazy, on.tab(page, "quick") as quick:
            await lazy.send('{"t":"open","tab":"lazy"}')
            await quick.next("hello")
            text, seen = "长" * 10_000, 0
            for nth in range(400):
                on.here.door.tell("heard", call=CALL, data={"kind": text, "nth": nth})
                if nth % 100 == 99:
                    while seen <= nth:
                        seen = (await quick.next("event"))["data"]["nth"] + 1
            await _until(lambda: len(on.here.deps.hub.tabs) == 1)


async def _until(true: Any, within: float = 30.0) -> None:
    ends = asyncio.get_running_loop().time() + within
    while not true():
        assert asyncio.get_running_loop().time() < ends
        await asyncio.sleep(0.02)
