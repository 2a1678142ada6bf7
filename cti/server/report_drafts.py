"""Reports that draft themselves when their week or month is over; each once, whichever server looks first."""

from __future__ import annotations

import asyncio
import logging

from cti.server.reports import Reports
from ivr.errors import AuthorError, StoreError
from ivr.ports import Clock
from workorder.audit import Person
from workorder.order import order_day
from workorder.reports.periods import last_whole
from workorder.reports.report import Report

log = logging.getLogger(__name__)

EVERY_SECONDS = 300.0
AGAIN_SECONDS = 10.0


async def draft_due(reports: Reports, clock: Clock, server: str) -> tuple[Report, ...]:
    """Draft what is over and not drafted yet; returns what this server drafted. AuthorError for a broken template.

    A period in which nothing happened is not drafted.
    """
    now, made = clock.now(), []
    for template in reports.templates().values():
        if not template.is_drafted:
            continue
        since, until = last_whole(template.period, order_day(now))
        if await reports.store.has(template.name, since, until):
            continue
        report = await reports.make(template.name, since, until, now)
        if not report.is_empty and await reports.store.draft(report, Person(server, "system"), now):
            log.info("report_drafted", extra={"report": report.name, "since": since.isoformat()})
            made.append(report)
    return tuple(made)


async def draft_reports(reports: Reports, clock: Clock, server: str, every_seconds: float = EVERY_SECONDS) -> None:
    """Look until cancelled; a database that is away is waited for, a template that cannot be read is told of."""
    while True:
        pause = every_seconds
        try:
            await draft_due(reports, clock, server)
        except StoreError as error:
            log.warning("report_drafts_wait", extra={"reason": str(error)[:200]})
            pause = min(AGAIN_SECONDS, every_seconds)
        except (AuthorError, OSError) as error:
            log.error("report_template_not_read", extra={"reason": str(error)[:300]})
        await asyncio.sleep(pause)
