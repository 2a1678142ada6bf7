"""Tells other systems of every step of every order: signed, in order, again until they acknowledge; never the content.

A receiver that is away or slow holds up itself only. What was acknowledged is remembered in a file, so that a restart
repeats at most the last message; each has an id by which a receiver knows it again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from cti.adapters.files.partner_file import PartnerFile
from cti.adapters.sql.database import Database
from cti.adapters.sql.event_feed import Cursor, EventFeed
from cti.partners import Partner, signature
from ivr.errors import StoreError
from ivr.ports import Clock
from workorder.life.history import LifeEvent

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
ANSWER_SECONDS = 5.0
SETTLED = timedelta(seconds=6)
"""An event this old is followed by none older: every transaction has ended or failed by then."""
LONGEST_PAUSE_SECONDS = 300.0
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a receiver has come, and when it is tried again."""

    cursor: Cursor
    failures: int = 0
    next_try: datetime | None = None


class Webhooks:
    """One round after another; each receiver by itself."""

    def __init__(self, database: Database, partners: PartnerFile, folder: Path, clock: Clock) -> None:
        self._feed = EventFeed(database)
        self._partners = partners
        self._folder = folder
        self._clock = clock
        self._standing: dict[str, Standing] = {}

    async def round(self) -> int:
        """Tell every receiver what it has not heard; returns how many messages were acknowledged."""
        told = 0
        for partner in self._partners.partners():
            if partner.webhook:
                told += await self._tell(partner)
        return told

    async def _tell(self, partner: Partner) -> int:
        now = self._clock.now()
        standing = self._standing.get(partner.name) or Standing(self._read(partner) or Cursor(now, "", 0))
        self._standing[partner.name] = standing
        if standing.next_try is not None and now < standing.next_try:
            return 0
        events = await self._feed.after(standing.cursor, now - SETTLED, AT_ONCE)
        told = 0
        try:
            secret = _secret(partner)
            async with httpx.AsyncClient(timeout=ANSWER_SECONDS, follow_redirects=False, trust_env=False) as client:
                for event in events:
                    await self._post(client, partner, secret, event)
                    standing = Standing(Cursor(event.at, event.number, event.seq))
                    self._standing[partner.name] = standing
                    told += 1
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            pause = min(LONGEST_PAUSE_SECONDS, EVERY_SECONDS * 2.0 ** min(standing.failures, 10))
            later = replace(standing, failures=standing.failures + 1, next_try=now + timedelta(seconds=pause))
            self._standing[partner.name] = later
            log.warning("webhook_failed", extra={"partner": partner.name, "reason": type(error).__name__})
        if told or not self._file(partner).is_file():
            self._keep(partner, self._standing[partner.name].cursor)
        return told

    async def _post(self, client: httpx.AsyncClient, partner: Partner, secret: bytes, event: LifeEvent) -> None:
        body = json.dumps(message_of(event), ensure_ascii=False, separators=(",", ":")).encode()
        stamp = str(int(self._clock.now().timestamp()))
        headers = {
            "content-type": "application/json",
            "x-hotline-id": f"{event.number}/{event.seq}",
            "x-hotline-time": stamp,
            "x-hotline-signature": signature(secret, stamp, body),
        }
        (await client.post(partner.webhook, content=body, headers=headers)).raise_for_status()

    def _file(self, partner: Partner) -> Path:
        return self._folder / f"{Path(partner.secret_file).stem}.sent.json"

    def _read(self, partner: Partner) -> Cursor | None:
        try:
            kept = json.loads(self._file(partner).read_text(encoding="ascii"))
            return Cursor(datetime.fromisoformat(kept["at"]), str(kept["number"]), int(kept["seq"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _keep(self, partner: Partner, cursor: Cursor) -> None:
        file = self._file(partner)
        new = file.with_suffix(".new")
        kept = {"at": cursor.at.isoformat(), "number": cursor.number, "seq": cursor.seq}
        new.write_text(json.dumps(kept), encoding="ascii")
        new.replace(file)


def _secret(partner: Partner) -> bytes:
    return Path(partner.secret_file).read_text(encoding="ascii").strip().encode()


def message_of(event: LifeEvent) -> dict[str, Any]:
    """Return what others hear of an event: where the order stands and whose it is."""
    return {
        "id": f"{event.number}/{event.seq}",
        "order": event.number,
        "step": event.seq,
        "at": event.at.isoformat(),
        "move": type(event.action).__name__,
        "state": event.after.value,
        "owner": event.owner,
        "due": event.due.isoformat() if event.due else None,
    }


async def run_webhooks(hooks: Webhooks, every_seconds: float = EVERY_SECONDS) -> None:
    """Tell until cancelled; a database that is away, or a disk that is full, is waited for."""
    while True:
        try:
            await hooks.round()
        except (StoreError, OSError) as error:  # the disk may be full: what was told may then be told again
            log.warning("webhooks_wait", extra={"reason": str(error)[:200]})
        await asyncio.sleep(every_seconds)
