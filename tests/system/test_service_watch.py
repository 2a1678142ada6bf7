"""Watching the running service: the popup is on the board before the ring is heard, and the board fits the switch."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from cti.server.emergency import control_socket
from ivr.call import CallId
from tests.system.running_service import RunningService, service_of
from tests.system.running_switch import until

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-watch")]


class Watcher:
    """Reads `watch` as the pages do."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self.head: dict[str, Any] = {}
        self.board: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []

    async def next(self, within: float = 30.0) -> dict[str, Any]:
        line = await asyncio.wait_for(self._reader.readline(), within)
        assert line, "the stream ended"
        told: dict[str, Any] = json.loads(line)
        if "board" in told:
            self.head, self.board = told, told["board"]
            return told
        for section, rows in told["patch"].items():
            if section in ("today", "ears"):
                self.board[section] = rows
                continue
            for key, row in rows.items():
                if row is None:
                    self.board[section].pop(key, None)
                else:
                    self.board[section][key] = row
        self.events.append(told)
        return told

    async def until(self, wanted: Callable[[dict[str, Any]], Any], within: float = 30.0) -> None:
        """Read on until the board is as wanted."""
        try:
            async with asyncio.timeout(within):
                while not wanted(self.board):
                    await self.next(within)
        except TimeoutError:
            raise AssertionError(f"the board did not become so: {json.dumps(self.board, ensure_ascii=False)}") from None


@asynccontextmanager
async def watching(service: RunningService) -> AsyncIterator[Watcher]:
    reader, writer = await asyncio.open_unix_connection(str(control_socket(service.settings)), limit=2**26)
    writer.write(b'{"verb":"watch"}\n')
    watcher = Watcher(reader)
    await watcher.next()
    try:
        yield watcher
    finally:
        writer.close()


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_of(hurried=True) as running:
        yield running


async def test_the_popup_is_there_before_the_seat_answers_and_the_call_leaves_nothing(service: RunningService) -> None:
    async with watching(service) as watcher, service.seat("801") as seat, service.citizen() as citizen:
        await watcher.until(lambda board: board["seats"]["801"]["state"] == "ready")
        call = await service.dial(citizen)
        await watcher.until(lambda board: any(row["seat"] == "801" for row in board["calls"].values()))
        await watcher.until(lambda board: all(row["known"] for row in board["calls"].values()))
        (row,) = watcher.board["calls"].values()
        assert (row["state"], row["caller"], row["called"], row["flow"]) == ("talking", citizen.number, "12345", "main")
        assert row["path"]
        assert row["answered_at"]
        assert {party["leg"] for party in row["parties"]} == {"caller", "agent"}
        await watcher.until(lambda board: board["seats"]["801"]["state"] == "talking")
        assert watcher.board["seats"]["801"]["call"] == row["call"]
        ringing = [
            told for told in watcher.events
            if (told["patch"].get("calls") or {}).get(row["call"], {}).get("state") == "ringing"
        ]  # fmt: skip
        assert ringing[0]["patch"]["calls"][row["call"]]["ringing_seats"] == ["801"]
        await call.hang_up()
        await watcher.until(lambda board: not board["calls"])
        await watcher.until(lambda board: board["today"]["answered"] == 1)
        assert watcher.board["today"]["within_rate"] == 1.0
        assert [told["seq"] for told in watcher.events] == list(
            range(watcher.head["seq"] + 1, watcher.head["seq"] + 1 + len(watcher.events))
        )
        assert seat.number == "801"


async def test_after_a_restart_in_mid_call_the_board_and_the_days_figures_are_there_again(
    service: RunningService,
) -> None:
    async with service.seat("801"), service.citizen() as citizen:
        async with watching(service) as watcher:
            await watcher.until(lambda board: board["seats"]["801"]["state"] == "ready")
            call = await service.dial(citizen)
            await watcher.until(lambda board: any(row["seat"] == "801" for row in board["calls"].values()))
            epoch = watcher.head["epoch"]
            await watcher.until(lambda board: board["today"]["answered"] > 1)
            answered = watcher.board["today"]["answered"]
            (talk,) = watcher.board["calls"]

        async def is_saved() -> bool:  # behind the talk
            record = await service.record(CallId(talk))
            return record is not None and record.answered is not None

        await until(is_saved)
        dead = service.kill("controller")
        await service.serving(not_pid=dead)
        async with watching(service) as watcher:
            assert watcher.head["epoch"] != epoch
            await watcher.until(lambda board: any(row["seat"] == "801" for row in board["calls"].values()))
            (row,) = watcher.board["calls"].values()
            assert (row["state"], row["caller"], row["flow"]) == ("talking", citizen.number, "main")
            await watcher.until(lambda board: board["today"]["answered"] == answered)
            await watcher.until(lambda board: all(row["known"] for row in board["calls"].values()))
            await watcher.until(lambda board: board["seats"]["801"]["state"] == "talking")
            await call.hang_up()
            await watcher.until(lambda board: not board["calls"])
    assert service.tracebacks() == []
