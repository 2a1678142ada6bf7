"""Who sits where, told to the controller: when a page opens at a seat, and when it is away for longer than a reload."""

from __future__ import annotations

import asyncio
import logging

from cti.adapters.control.door_client import DoorClient
from cti.adapters.control.visit import ControllerAwayError
from cti.adapters.web.hub import Hub

log = logging.getLogger(__name__)

GRACE_SECONDS = 15.0
AGAIN_SECONDS = 5.0
BUSY = frozenset({"ringing", "talking"})


class Desks:
    """Seats whose pages come and go. `tasks` carries what must wait."""

    def __init__(self, door: DoorClient, hub: Hub, grace_seconds: float = GRACE_SECONDS) -> None:
        self._door = door
        self._hub = hub
        self._grace = grace_seconds
        self._leaving: dict[str, asyncio.Task[None]] = {}
        hub.on_snapshot = self.told_anew
        self._telling: set[asyncio.Task[None]] = set()

    def came(self, seat: str, user: str) -> None:
        """A page opened at a seat: nobody is leaving any more, and a controller that forgot is told."""
        leaving = self._leaving.pop(seat, None)
        if leaving is not None:
            leaving.cancel()
        row = self._hub.board["seats"].get(seat) or {}
        if self._hub.has_controller and row.get("user") != user:
            self._in_background(self._tell("seat.sign_in", seat, user))

    def went(self, seat: str) -> None:
        """A page at a seat closed: if none opens there soon, and nobody talks there, the seat is signed out."""
        if seat not in self._leaving:
            task = asyncio.get_running_loop().create_task(self._leave(seat), name=f"leave {seat}")
            self._leaving[seat] = task

    def told_anew(self) -> None:
        """The controller has a new life: tell it who sits at the seats that it thinks empty."""
        for tab in list(self._hub.tabs):
            if tab.seat and not tab.is_taken:
                self.came(tab.seat, tab.name)

    def close(self) -> None:
        """Forget everything that still waits."""
        for task in [*self._leaving.values(), *self._telling]:
            task.cancel()

    async def _leave(self, seat: str) -> None:
        pause = self._grace
        while pause:
            await asyncio.sleep(pause)
            is_busy = (self._hub.board["seats"].get(seat) or {}).get("state") in BUSY
            pause = AGAIN_SECONDS if is_busy else 0.0  # whoever talks there is not taken away from the citizen
        self._leaving.pop(seat, None)
        if self._hub.at_seat(seat) is None:
            await self._tell("seat.sign_out", seat, "")

    async def _tell(self, verb: str, seat: str, user: str) -> None:
        try:
            told = await self._door.ask(verb, 5.0, seat=seat, user=user, by=user or "pages")
            if not told.get("ok"):
                log.warning("seat_not_told", extra={"what": verb, "seat": seat, "reason": str(told.get("text"))[:200]})
        except ControllerAwayError:
            log.warning("seat_not_told", extra={"what": verb, "seat": seat, "reason": "controller away"})

    def _in_background(self, work: object) -> None:
        assert asyncio.iscoroutine(work)
        task = asyncio.get_running_loop().create_task(work)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
