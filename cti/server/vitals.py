"""What keeps a controller going: its beat, its memory, readers that survive a mistake, and what an earlier one left."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from cti.shell import CallDesk
from ivr.errors import StoreError, SwitchError
from ivr.ports import Clock, Switch

log = logging.getLogger(__name__)

T = TypeVar("T")

LONGEST_RECOVER_PAUSE_SECONDS = 30.0
BEAT_SECONDS = 1.0


def settle_memory() -> None:
    """What was built so far stays for good: a collection that looked through it would hold everybody for 0.1 s."""
    gc.collect()
    gc.freeze()


async def follow(source: AsyncIterator[T], take: Callable[[T], Awaitable[None]]) -> None:
    """Give every item to `take`; a mistake of ours over one item costs that item alone, never the server."""
    async for item in source:
        try:
            await take(item)
        except Exception:
            log.exception("item_failed", extra={"item": type(item).__name__})


async def beat(switch: Switch, clock: Clock) -> None:
    """Tell the dialplan every second that we are alive; a controller that hangs does not get there."""
    while True:
        await beat_once(switch, clock)
        await asyncio.sleep(BEAT_SECONDS)


async def beat_once(switch: Switch, clock: Clock) -> None:
    """Tell the dialplan that we are alive."""
    with contextlib.suppress(SwitchError):  # the link says itself when it is down
        await switch.beat(int(clock.now().timestamp()))


async def recover(calls: CallDesk) -> None:
    """Finish what an earlier controller left unfinished; patiently, for the database may be away."""
    for attempt in itertools.count():
        try:
            finished = await calls.recover()
        except (StoreError, SwitchError) as error:
            log.warning("calls_not_recovered", extra={"reason": str(error), "attempt": attempt})
            await asyncio.sleep(min(2.0 ** min(attempt, 8), LONGEST_RECOVER_PAUSE_SECONDS))
        else:
            log.info("calls_recovered", extra={"calls": finished})
            return
