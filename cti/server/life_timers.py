"""Run the orders' timers: those that came due while nobody was there first, then every few seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ivr.errors import StoreError
from ivr.ports import Clock
from workorder.life.ports import LifeStore

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
AT_ONCE = 100


async def run_timers(
    store: LifeStore,
    clock: Clock,
    server: str,
    on_fired: Callable[[], None] = lambda: None,
    every_seconds: float = EVERY_SECONDS,
) -> None:
    """Fire what is due until cancelled; several servers may do so on one database. A database that is away is waited
    for: what is late is then fired late, and says so."""
    while True:
        try:
            fired = await store.fire(server, clock.now(), AT_ONCE)
        except StoreError as error:
            log.warning("timers_wait", extra={"reason": str(error)[:200]})
            fired = ()
        for each in fired:
            log.info("timer_ran", extra={"order": each.number, "timer": each.timer.name})
        if fired:
            on_fired()
        if len(fired) < AT_ONCE:
            await asyncio.sleep(every_seconds)
