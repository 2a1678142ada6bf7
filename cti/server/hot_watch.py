"""Looks every few seconds whether something has become hot; who watches is told by the pages and by the bus."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import workorder
from cti.adapters.sql.alert_store import SqlAlerts
from cti.adapters.sql.database import Database
from cti.server.orders import Orders
from ivr.errors import AuthorError, StoreError
from ivr.ports import Clock
from workorder.cities.pack import TriggerWhen
from workorder.hot import CriticalClass, Hot, critical_of, hot_matters, read_critical, windows_of
from workorder.life.actions import Supervise
from workorder.life.actors import SYSTEM

log = logging.getLogger(__name__)

EVERY_SECONDS = 10.0
STRANGE_WITHIN, STRANGE_AT_LEAST = timedelta(minutes=10), 5
"""So many orders that are not one's own, opened within so long, are no slip of the hand."""
SHIPPED_CRITICAL = Path(workorder.__file__).parent / "critical.yaml"


def shipped_critical() -> tuple[CriticalClass, ...]:
    """Return the six critical classes; AuthorError with every problem."""
    classes, problems = read_critical(SHIPPED_CRITICAL.read_text(encoding="utf-8"), str(SHIPPED_CRITICAL))
    if not classes:
        raise AuthorError(problems)
    return classes


class HotWatch:
    """One look after another; what was raised once is not raised again, whoever else looks too."""

    def __init__(self, database: Database, orders: Orders, clock: Clock) -> None:
        self._alerts = SqlAlerts(database)
        self._orders = orders
        self._clock = clock
        self._classes = shipped_critical()

    async def look(self) -> tuple[Hot, ...]:
        """Raise what is hot now; returns what is new. A lasting matter is put under supervision where the city says."""
        now = self._clock.now()
        pack = await self._orders.pack(now)
        windows = windows_of(pack)
        told = await self._alerts.told_since(now - windows.longest)
        found = await asyncio.to_thread(hot_matters, told, windows)
        critical = [hot for each in told for hot in critical_of(each, self._classes)]
        strange = await self._alerts.strange_access(now - STRANGE_WITHIN, STRANGE_AT_LEAST)
        new = await self._alerts.raise_alerts([*found, *critical, *strange], now)
        trigger = pack.trigger(TriggerWhen.RECURRING)
        for hot in new:
            log.warning("hot_alert", extra={"kind": hot.kind, "alert": hot.id, "count": len(hot.numbers)})
            if trigger is not None and hot.kind in ("lasting", "concentrated") and len(hot.numbers) >= trigger.at_least:
                wish = Supervise(TriggerWhen.RECURRING.value, f"{trigger.title}：{len(hot.numbers)} 件，自动督办。")
                await self._orders.lives.act(hot.numbers[-1], wish, SYSTEM, now)
        return new


async def watch_hot(watch: HotWatch, every_seconds: float = EVERY_SECONDS) -> None:
    """Look until cancelled; a database that is away is waited for."""
    while True:
        try:
            await watch.look()
        except StoreError as error:
            log.warning("hot_watch_waits", extra={"reason": str(error)[:200]})
        await asyncio.sleep(every_seconds)
