"""The service runs the orders' timers: late ones at once, and through an outage of the database."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Any

from cti.server.life_timers import AT_ONCE, run_timers
from ivr.errors import StoreAwayError
from tests.fakes import NOON
from workorder.life.ports import Fired
from workorder.life.timers import Timer
from workorder.order import OrderNumber


class Clock:
    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0


class Waiting:
    """A store whose database is away at first, and that then has more late timers than fit into one go."""

    def __init__(self) -> None:
        self.left = 2 * AT_ONCE + 3
        self.asked = 0

    async def fire(self, server: str, now: datetime, limit: int = 100) -> tuple[Fired, ...]:
        self.asked += 1
        if self.asked <= 2:
            raise StoreAwayError("数据库不在")
        taken = min(limit, self.left)
        self.left -= taken
        timer = Timer(now - timedelta(days=1), "due")
        return tuple(Fired(OrderNumber("WO20261122-000001"), timer, ()) for _ in range(taken))


async def test_late_timers_run_as_soon_as_the_database_is_back_and_the_relay_is_woken() -> None:
    store, woken, is_done = Waiting(), [], asyncio.Event()
    any_store: Any = store

    def wake() -> None:
        woken.append(store.left)
        if len(woken) == 3:
            is_done.set()

    task = asyncio.create_task(run_timers(any_store, Clock(), "one", wake, every_seconds=0.001))
    async with asyncio.timeout(30):
        await is_done.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert woken == [AT_ONCE + 3, 3, 0]
