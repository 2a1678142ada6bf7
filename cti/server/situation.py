"""Reports of the situation (情况快报): how calls and orders stand, as often as the response mode that is on says.

Each is one file, `situation/<instant>.json` in the run folder; the newest tells when the next is due and where it takes
up, so that neither a restart nor another pace skips a report, doubles one, or leaves a call out between two.
"""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cti.adapters.files.replace_files import replace_files
from cti.adapters.sql.database import Database
from cti.adapters.sql.report_rows import SqlReportRows
from cti.report_tables import shares, to_plain, traffic
from cti.response_mode import ResponseMode, Switched, last_of, report_due
from cti.server.modes import mode_on, switches
from cti.settings import Settings
from cti.today import CHINA
from ivr.errors import StoreError
from ivr.ports import Clock

log = logging.getLogger(__name__)

LOOK_SECONDS = 20.0
LONGEST = timedelta(days=7)
"""After a longer silence nobody is told of all that was before: that is what the reports of days and months are for."""
_INSTANT = "%Y%m%dT%H%M%SZ"


class SituationReports:
    """Writes a report whenever one is due."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._rows = SqlReportRows(database)
        self._begun = clock.now()

    async def run(self) -> None:
        """Look for what is due until cancelled; a report that fails is tried again at the next look."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except (StoreError, OSError) as error:
                log.warning("situation_not_reported", extra={"reason": str(error)})

    async def look(self) -> Path | None:
        """Write the report that is due now, if one is; returns its file."""
        now = self._clock.now().replace(microsecond=0)  # as the file's name has it: the next one begins there
        mode, switched, last = await asyncio.to_thread(self._standing)
        if now < report_due(mode, switched, last, self._begun):
            return None
        since = max(last, now - LONGEST) if last is not None else now - timedelta(minutes=mode.report_minutes)
        first, today = since.astimezone(CHINA).date(), now.astimezone(CHINA).date()
        calls = [each for each in await self._rows.calls(since, now) if each.queued and since <= each.queued < now]
        kinds = await self._rows.order_counts("categories", since, now)
        report = {
            "mode": mode.name,
            "title": mode.title,
            "since": since.isoformat(),
            "until": now.isoformat(),
            "every_minutes": mode.report_minutes,
            "traffic": to_plain(traffic("queues", calls, first, today)),
            "orders": to_plain(shares("categories", kinds, first, today)),
        }
        file = situation_folder(self._settings) / f"{now.astimezone(UTC).strftime(_INSTANT)}.json"
        text = json.dumps(report, ensure_ascii=False, indent=1)
        await asyncio.to_thread(replace_files, {file: text.encode("utf-8")})
        log.info("situation_reported", extra={"mode": mode.name or "usual", "calls": len(calls)})
        return file

    def _standing(self) -> tuple[ResponseMode, Switched | None, datetime | None]:
        written = situation_reports(self._settings)
        return mode_on(self._settings)[0], last_of(switches(self._settings)), written[-1] if written else None


def situation_folder(settings: Settings) -> Path:
    """Return where the reports lie."""
    return settings.run_folder / "situation"


def situation_reports(settings: Settings) -> list[datetime]:
    """Return when reports were written, the oldest first."""
    found = []
    for file in situation_folder(settings).glob("*.json"):
        try:
            found.append(datetime.strptime(file.stem, _INSTANT).replace(tzinfo=UTC))
        except ValueError:
            continue
    return sorted(found)
