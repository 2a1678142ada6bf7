"""The door's verb `watch`: the board first, then every change; a slow watcher is cut off and holds nobody up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cti.adapters.control.door import open_door
from cti.server.watching import MOST_WAITING, WatchedPublisher, Watching
from ivr.call import CallId, ChannelName, Leg, PhoneNumber
from ivr.events import LegDown, LegUp
from tests.cti.control.test_door import opened
from tests.fakes import NOON, FakeClock, FakePublisher
from workorder.envelope import call_event

CALL, CHANNEL = CallId("hl-1.1"), ChannelName("PJSIP/carrier-00000001")


class Reader:
    """A visitor who asked to watch."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def line(self) -> dict[str, Any]:
        line = await asyncio.wait_for(self._reader.readline(), 30)
        told: dict[str, Any] = json.loads(line)
        return told

    async def rest(self) -> bytes:
        return await asyncio.wait_for(self._reader.read(), 30)


@asynccontextmanager
async def watched(path: Path, watching: Watching) -> AsyncIterator[Reader]:
    async with asyncio.TaskGroup() as tasks:
        door = tasks.create_task(open_door(path, watching.verbs()))
        await opened(path)
        reader, writer = await asyncio.open_unix_connection(str(path), limit=64 * 1024 * 1024)
        writer.write(b'{"verb":"watch"}\n')
        yield Reader(reader, writer)
        writer.close()
        door.cancel()


def leg(at_call: CallId = CALL) -> LegUp:
    return LegUp(at_call, Leg.CALLER, CHANNEL, PhoneNumber("13800001234"), NOON)


async def test_the_board_comes_first_then_each_change_under_the_next_number(tmp_path: Path) -> None:
    watching = Watching(FakeClock())
    watching.take(leg())
    publisher = WatchedPublisher(FakePublisher(), watching)
    async with watched(tmp_path / "door", watching) as reader:
        head = await reader.line()
        assert (head["ok"], head["epoch"], head["seq"]) == (True, watching.epoch, 1)
        assert head["board"]["calls"][CALL]["caller"] == "13800001234"
        publisher.announce(call_event(CALL, "heard", NOON, {"leg": "caller", "text": "停水", "seat": "801"}))
        told = await reader.line()
        assert (told["seq"], told["type"], told["call"], told["seat"]) == (2, "heard", CALL, "801")
        assert told["patch"]["calls"][CALL]["words_in_flow"] == ["停水"]
        watching.take(LegDown(CALL, CHANNEL, 16, "", NOON))
        told = await reader.line()
        assert (told["seq"], told["type"], told["patch"]) == (3, "board", {"calls": {CALL: None}})


async def test_a_number_is_in_full_for_the_watcher_and_masked_on_the_bus(tmp_path: Path) -> None:
    watching, bus = Watching(FakeClock()), FakePublisher()
    publisher = WatchedPublisher(bus, watching)
    async with watched(tmp_path / "door", watching) as reader:
        await reader.line()
        publisher.announce(call_event(CALL, "offered_to_flow", NOON, {"caller": PhoneNumber("13800001234")}))
        assert (await reader.line())["data"]["caller"] == "13800001234"
        assert b"138****1234" in bus.announced[0].encode()


async def test_a_slow_watcher_is_cut_and_delays_nobody(tmp_path: Path) -> None:
    watching = Watching(FakeClock())
    async with watched(tmp_path / "door", watching) as reader:
        await reader.line()
        for nth in range(4 * MOST_WAITING):  # nobody reads, and nothing is awaited: the queue must be bounded
            watching.take(leg(CallId(f"hl-1.{nth}")))
            if nth % 500 == 0:
                await asyncio.sleep(0)
        assert watching._watchers == set()
        lines = (await reader.rest()).splitlines()
        assert len(lines) < 3 * MOST_WAITING  # and then the stream ended


async def test_a_watcher_who_goes_is_forgotten(tmp_path: Path) -> None:
    watching = Watching(FakeClock())
    async with watched(tmp_path / "door", watching) as reader:
        await reader.line()
        assert len(watching._watchers) == 1
        reader.writer.close()
        for _ in range(600):
            if not watching._watchers:
                break
            await asyncio.sleep(0.05)
        assert not watching._watchers


async def test_a_fact_that_makes_no_sense_costs_itself_alone() -> None:
    watching = Watching(FakeClock())
    watching.take(leg())
    watching.announced(call_event(CALL, "text_late", NOON, {"shed_seconds": object()}))
    assert watching.board.calls[CALL].text_late_s == 0.0
