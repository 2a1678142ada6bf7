"""Follows the controller: its board and every change of it, for as long as it lives, and its next life after that."""

from __future__ import annotations

import asyncio
import json
import logging

from cti.adapters.control.door_client import DoorClient
from cti.adapters.control.visit import ControllerAwayError
from cti.adapters.web.hub import Hub
from cti.live_reading import PlaceOf, readable_fact, with_places

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 2.0
HEAD_SECONDS = 5.0
PROBE_SECONDS, PROBE_DEADLINE_SECONDS = 5.0, 3.0


async def follow(door: DoorClient, hub: Hub, place_of: PlaceOf = lambda _number: "") -> None:
    """Keep the hub told until cancelled; `place_of` says where a number is from."""
    await asyncio.to_thread(place_of, "13800000000")  # its tables are read once
    pause = FIRST_PAUSE_SECONDS
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_probe(door, hub), name="probe")
        while True:
            try:
                async with door.line({"verb": "watch"}) as reader:
                    await _read(reader, hub, place_of)
            except (OSError, ValueError, KeyError, TypeError, TimeoutError) as odd:
                log.info("watch_ended", extra={"reason": str(odd)[:200]})
            except Exception:
                log.exception("watch_failed")  # a mistake of ours: a new snapshot mends it
            else:
                pause = FIRST_PAUSE_SECONDS
            hub.lost()
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE_SECONDS, pause * 2) if not hub.has_controller else FIRST_PAUSE_SECONDS


async def _read(reader: asyncio.StreamReader, hub: Hub, place_of: PlaceOf) -> None:
    async with asyncio.timeout(HEAD_SECONDS):
        head = json.loads(await reader.readline() or b"null")
    if not isinstance(head, dict) or not head.get("ok"):
        raise ValueError(str((head or {}).get("text") or "no snapshot")[:200])
    board = {**head["board"], "calls": with_places(head["board"].get("calls") or {}, place_of)}
    hub.reset(str(head["epoch"]), int(head["seq"]), board)
    log.info("watching", extra={"epoch": hub.epoch, "seq": hub.seq})
    nth = 0
    while line := await reader.readline():
        hub.take(readable_fact(json.loads(line), place_of))
        nth += 1
        if nth % 50 == 0:
            await asyncio.sleep(0)  # a full buffer is read without a pause: let the pages have theirs


async def _probe(door: DoorClient, hub: Hub) -> None:
    """A controller that hangs keeps its line open and says nothing: ask whether it still answers."""
    while True:
        await asyncio.sleep(PROBE_SECONDS)
        try:
            await door.ask("ping", PROBE_DEADLINE_SECONDS)  # whatever it answers, it lives
        except ControllerAwayError:
            hub.lost()
        else:
            hub.back()
