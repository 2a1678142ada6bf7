"""Work beside the pages: it never stalls their loop, ends when it drags on, and survives the death of its process."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import pytest

from cti.server import side_process
from cti.server.side_process import SideProcess, SideWorkError


def busy(seconds: float) -> float:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        pass
    return seconds


def who() -> int:
    return os.getpid()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def refuse() -> None:
    raise ValueError("not like this")


async def test_work_that_drags_on_is_ended_and_the_next_is_done() -> None:
    side = SideProcess(deadline_seconds=0.3)
    try:
        first = await side.run(who)
        with pytest.raises(SideWorkError, match="拆小"):
            await side.run(busy, 60.0)
        assert await side.run(who) == first != os.getpid()
        with pytest.raises(ValueError, match="not like this"):
            await side.run(refuse)
    finally:
        side.close()


async def test_a_process_that_dies_is_started_again_and_work_that_kills_it_is_refused() -> None:
    side = SideProcess()
    try:
        first = await side.run(who)
        os.kill(first, signal.SIGKILL)
        assert await side.run(who) != first
        with pytest.raises(SideWorkError, match="意外结束"):
            await side.run(die)
        assert await side.run(busy, 0.0) == 0.0
    finally:
        side.close()


async def test_more_than_can_be_done_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_process, "MOST_WAITING", 2)
    side = SideProcess()
    try:
        await side.run(who)
        tasks = [asyncio.create_task(side.run(busy, 0.3)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(SideWorkError, match="太多"):
            await side.run(who)
        assert await asyncio.gather(*tasks) == [0.3, 0.3]
    finally:
        side.close()
