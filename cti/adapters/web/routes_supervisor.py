"""`/api/search`, `/api/recordings`, `/api/reports`: what a supervisor reads; each view of people's words is kept."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from cti.access import Account, Permission, hidden_from, mask_number
from cti.adapters.sql.archive import SqlTranscriptArchive
from cti.adapters.sql.report_rows import CallFilter, ListedCall, SqlReportRows
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.desk_days import instants, period
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.pace import Pace
from cti.adapters.web.sessions import require
from cti.report_tables import OF_ORDERS, TITLES, ReportTable, shares, to_plain, traffic, workload
from ivr.speech.redact import PrivateKind
from workorder.audit import AuditRow
from workorder.search import Query as Wanted
from workorder.search_words import query_words

SEARCHES_PER_MINUTE = 60

Searcher = Annotated[Account, Depends(require(Permission.SEARCH))]
Listener = Annotated[Account, Depends(require(Permission.RECORDINGS))]
Counter = Annotated[Account, Depends(require(Permission.REPORTS))]
Day = Annotated[date | None, Query()]
Short = Annotated[str, Query(max_length=80)]


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api", tags=["supervisor"], responses=answers(401, 403, 404, 422, 429, 503))
    archive = SqlTranscriptArchive(deps.database, deps.masking)
    rows = SqlReportRows(deps.database)
    pace = Pace(SEARCHES_PER_MINUTE, deps.clock.monotonic)

    @router.get("/search")
    async def search(
        me: Searcher, words: Annotated[str, Query(max_length=200)], since: Day = None, until: Day = None
    ) -> dict[str, Any]:
        """Find words in transcripts: in which call, which turn, and at which second of the recording."""
        if not pace.allows(me.name):
            raise refused(429, headers={"retry-after": "5"})
        try:
            wanted = query_words(words)
        except ValueError as error:
            raise refused(422, str(error), "no_words") from None
        first, last = period(since, until, deps.clock.now(), usual_days=31)
        begin, end = instants(first, last)
        hits = await archive.search(Wanted(wanted, begin, end, 20), me.person, deps.clock.now())
        calls = {each.record.call: each for each in await rows.these(list(dict.fromkeys(hit.call for hit in hits)))}
        hidden = hidden_from(me, deps.masking)
        return {
            "hits": [hit.to_plain() for hit in hits],
            "calls": {call: plain_of(each, hidden) for call, each in calls.items()},
            "since": first.isoformat(),
            "until": last.isoformat(),
        }

    @router.get("/recordings")
    async def recordings(
        me: Listener,
        seat: Short = "",
        queue: Short = "",
        outcome: Short = "",
        since: Day = None,
        until: Day = None,
        page: Annotated[int, Query(ge=1, le=10_000)] = 1,
        size: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> dict[str, Any]:
        """Return one page of calls that ended, the newest first."""
        first, last = period(since, until, deps.clock.now())
        begin, end = instants(first, last)
        wanted = CallFilter(clean(seat), clean(queue), clean(outcome), begin, end)
        found, total = await rows.page(wanted, (page - 1) * size, size)
        hidden = hidden_from(me, deps.masking)
        detail = {"calls": [each.record.call for each in found]}
        await deps.audit.note(AuditRow(deps.clock.now(), me.person, "recording.list", "recordings", detail))
        shown = [plain_of(each, hidden) for each in found]
        return {"calls": shown, "total": total, "page": page, "size": size, "since": first, "until": last}

    @router.get("/reports")
    async def reports(me: Counter) -> dict[str, Any]:
        """Return which reports there are."""
        return {"reports": [{"name": name, "title": title} for name, title in TITLES.items()]}

    @router.get("/reports/{name}")
    async def report(name: str, me: Counter, since: Day = None, until: Day = None) -> dict[str, Any]:
        """Return one report as a table with its formulas; what chart suits it stands beside."""
        if name not in TITLES:
            raise refused(404, "没有这张报表。改法：从列表里选", "no_such_report")
        first, last = period(since, until, deps.clock.now())
        return to_plain(await report_of(rows, name, first, last))

    return router


async def report_of(rows: SqlReportRows, name: str, first: date, last: date) -> ReportTable:
    """Return the report of these days; `name` is one of TITLES."""
    begin, end = instants(first, last)
    if name in OF_ORDERS:
        return shares(name, await rows.order_counts(name, begin, end), first, last)
    calls = await rows.calls(begin, end)
    if name == "seats":
        return await asyncio.to_thread(workload, calls, first, last)
    return await asyncio.to_thread(traffic, name, calls, first, last)


def plain_of(listed: ListedCall, hidden: frozenset[PrivateKind]) -> dict[str, Any]:
    """Return a listed call as JSON can hold it, the number as this person may see it."""
    record = listed.record
    talked = (record.ended - record.answered).total_seconds() if record.ended and record.answered else None
    return {
        "call": record.call,
        "caller": mask_number(record.caller.digits, hidden),
        "called": record.called,
        "queue": record.queue,
        "seat": record.seat,
        "outcome": record.outcome,
        "started_at": record.started.isoformat() if record.started else None,
        "talked_s": None if talked is None else round(max(0.0, talked), 1),
        "recorded_s": round(listed.recorded_s, 1),
        "problem": listed.problem,
        "total": listed.total,
    }


def clean(text: str) -> str:
    """Return a text that every database can compare: without NUL."""
    return text.replace("\0", "").strip()
