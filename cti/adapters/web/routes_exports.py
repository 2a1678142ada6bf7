"""`/api/exports`: ask for an export, agree to somebody else's, take the file. Other topics add their kinds to KINDS."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, Response

from cti.access import Account, Permission
from cti.adapters.files.report_files import FORMS, MEDIA
from cti.adapters.files.table_files import excel_of, pdf_of
from cti.adapters.sql.export_store import SqlExports
from cti.adapters.sql.report_rows import SqlReportRows
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.desk_days import period
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.routes_supervisor import clean, report_of
from cti.adapters.web.sessions import require
from cti.exporting import ExportRefusedError, ExportState, ExportWish, asked_for, decided, must_be_takeable
from cti.report_tables import TITLES, ReportTable
from ivr.call import CallId
from ivr.recording import Part, recording_file
from workorder.clock.due import spoken_instant
from workorder.order import order_day
from workorder.reports.periods import last_whole
from workorder.reports.report import Report

Asker = Annotated[Account, Depends(require(Permission.EXPORT))]
Decider = Annotated[Account, Depends(require(Permission.EXPORT_APPROVE))]
Form: TypeAlias = Literal["html", "xlsx", "pdf", "wav"]


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is taken out: its name without a suffix, and what makes each form that it has, given what stands below."""

    name: str
    forms: Mapping[str, Callable[[Sequence[str]], bytes | Path]]


Make: TypeAlias = Callable[[PagesDeps, Account, Mapping[str, Any]], Awaitable[Parcel]]
"""Makes the parcel of one kind of export; `refused(422, …)` for what it does not understand."""


class Period(BaseModel):
    """Which report, which days; other kinds of exports read what they need of it."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(default="", max_length=80)
    since: date | None = None
    until: date | None = None
    words: str = Field(default="", max_length=100)


class WishBody(BaseModel):
    """What is wished for, and what for."""

    model_config = ConfigDict(extra="forbid")
    what: str = Field(max_length=40)
    wanted: Period
    reason: str = Field(default="", max_length=500)


class DecisionBody(BaseModel):
    """Yes or no, and why."""

    model_config = ConfigDict(extra="forbid")
    approve: bool
    why: str = Field(default="", max_length=500)


def table_parcel(table: ReportTable) -> Parcel:
    """Return a table as an Excel workbook or a PDF."""
    name = f"{table.name}-{table.since.isoformat()}-{table.until.isoformat()}"
    return Parcel(name, {"xlsx": lambda footer: excel_of(table, footer), "pdf": lambda footer: pdf_of(table, footer)})


def report_parcel(report: Report) -> Parcel:
    """Return a report as a page, a workbook or a PDF."""
    name = f"{report.name}-{report.since.isoformat()}-{report.until.isoformat()}"

    def writer(form: str) -> Callable[[Sequence[str]], bytes]:
        return lambda footer: FORMS[form](report, footer)

    return Parcel(name, {form: writer(form) for form in FORMS})


def days_of(wanted: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """Return the days of a wish as it was kept."""
    since, until = (date.fromisoformat(text) if (text := wanted.get(key)) else None for key in ("since", "until"))
    return since, until


async def _report(deps: PagesDeps, me: Account, wanted: Mapping[str, Any]) -> Parcel:
    name = str(wanted.get("name", ""))
    if name not in TITLES:
        raise refused(422, "没有这张报表。改法：从列表里选", "no_such_report")
    days = period(*days_of(wanted), deps.clock.now())
    return table_parcel(await report_of(SqlReportRows(deps.database), name, *days))


async def _bulletin(deps: PagesDeps, me: Account, wanted: Mapping[str, Any]) -> Parcel:
    """A report by template; one that was issued leaves as it was issued."""
    name, about, now = str(wanted.get("name", "")), str(wanted.get("words", "")).strip(), deps.clock.now()
    template = deps.reports.templates().get(name)
    if template is None:
        raise refused(422, "没有这张报表。改法：从列表里选", "no_such_report")
    since, until = days_of(wanted)
    if since is None and until is None:
        since, until = last_whole(template.period, order_day(now))
    first, last = period(since, until, now)
    kept = None if about else await deps.reports.store.one(name, first, last)
    if kept is not None and kept.issued is not None:
        return report_parcel(kept.report)
    return report_parcel(await deps.reports.make(name, first, last, now, clean(about)))


async def _recording(deps: PagesDeps, me: Account, wanted: Mapping[str, Any]) -> Parcel:
    call = clean(str(wanted.get("name", "")))
    root = deps.settings.recordings_folder.resolve()
    file = (root / recording_file(CallId(call), Part.MIX)).resolve() if _CALL.fullmatch(call) else None
    if file is None or not file.is_relative_to(root) or not await asyncio.to_thread(file.is_file):
        raise refused(422, "没有这通电话的录音。改法：检查通话编号；清理掉的录音不能再导出", "no_recording")
    return Parcel(f"{call}-{Part.MIX.value}", {"wav": lambda _footer: file})


_CALL = re.compile(r"[A-Za-z0-9._-]{1,80}")
KINDS: dict[str, tuple[str, Permission, Make]] = {
    "report": ("统计报表", Permission.REPORTS, _report),
    "bulletin": ("报告", Permission.REPORTS, _bulletin),
    "recording": ("通话录音", Permission.RECORDINGS, _recording),
}
"""What may be exported: its title, the right to see it in the first place, and what makes it."""

ALWAYS_APPROVED: set[str] = set()
"""What leaves only with an approval, whatever the city says of others."""


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/exports", tags=["exports"], responses=answers(401, 403, 404, 409, 422, 503))
    kept = SqlExports(deps.database)

    @router.post("")
    async def ask(body: WishBody, me: Asker) -> dict[str, Any]:
        """Ask for an export; where the city asks for it, it waits until a second person agrees."""
        kind = KINDS.get(body.what)
        if kind is None:
            raise refused(422, "没有这种导出。改法：刷新页面后再试", "no_such_export")
        if not me.may(kind[1]):
            raise refused(403)
        now, wanted = deps.clock.now(), body.wanted.model_dump(mode="json")
        await kind[2](deps, me, wanted)  # what cannot be made is said now, not after somebody has agreed
        wish = ExportWish(
            secrets.token_hex(12), body.what, wanted, clean(body.reason), me.name, now, ExportState.WAITING
        )
        pack = await deps.orders.pack(now)
        try:
            must_wait = body.what in ALWAYS_APPROVED or "export_control" in pack.lists
            wish = asked_for(wish, needs_approval=must_wait)
        except ExportRefusedError as error:
            raise refused(422, str(error), "no_reason") from None
        await kept.begin(wish, me.person)
        return plain_of_wish(wish)

    @router.get("")
    async def listed(me: Asker) -> dict[str, Any]:
        """Return one's own wishes; who may agree sees everybody's."""
        found = await kept.latest("" if me.may(Permission.EXPORT_APPROVE) else me.name)
        pack = await deps.orders.pack(deps.clock.now())
        return {
            "exports": [plain_of_wish(each) for each in found],
            "needs_approval": "export_control" in pack.lists,
            "may_decide": me.may(Permission.EXPORT_APPROVE),
        }

    @router.post("/{identity}/decision")
    async def decide(identity: str, body: DecisionBody, me: Decider) -> dict[str, Any]:
        """Agree to somebody else's export, or not."""
        now = deps.clock.now()

        def step(wish: ExportWish) -> ExportWish:
            return decided(wish, me, now, is_approved=body.approve, why=clean(body.why))

        return plain_of_wish(await changed(identity, me, "export.decided", step))

    @router.get(
        "/{identity}/file.{form}",
        response_class=Response,
        responses={200: {"content": {each: {} for each in ("application/pdf", "application/octet-stream")}}},
    )
    async def file(identity: str, form: Form, me: Asker) -> Response:
        """Return the file, made now from the data of now; 404 for a form that this kind does not have."""
        now = deps.clock.now()

        def look(wish: ExportWish) -> ExportWish:
            must_be_takeable(wish, me, now)
            return replace(wish, taken=wish.taken + 1)

        wish = await changed(identity, me, "export.taken", look)
        kind = KINDS.get(wish.what)
        if kind is None or not me.may(kind[1]):
            raise refused(403)
        parcel = await kind[2](deps, me, wish.wanted)
        make = parcel.forms.get(form)
        if make is None:
            raise refused(404, f"没有这种格式。改法：可用 {'、'.join(parcel.forms)}", "no_such_form")
        agreed = f"，审批人 {wish.decided_by}" if wish.decided_by else ""
        footer = (f"导出人 {me.name}，{spoken_instant(now)}{agreed}，编号 {wish.id}。用途：{wish.reason or '未填'}",)
        content = await asyncio.to_thread(make, footer)
        headers = {
            "content-disposition": f'attachment; filename="{parcel.name}.{form}"',
            "cache-control": "no-store",
        }
        if isinstance(content, Path):
            return FileResponse(content, media_type=MEDIA[form], headers=headers)
        return Response(content, media_type=MEDIA[form], headers=headers)

    async def changed(identity: str, me: Account, action: str, step: Callable[[ExportWish], ExportWish]) -> ExportWish:
        try:
            wish = await kept.change(clean(identity)[:32], me.person, deps.clock.now(), action, step)
        except ExportRefusedError as error:
            raise refused(403, str(error), "export_refused") from None
        if wish is None:
            raise refused(404, "没有这个导出申请。改法：从列表里选", "no_such_export")
        return wish

    return router


def plain_of_wish(wish: ExportWish) -> dict[str, Any]:
    """Return a wish as JSON can hold it."""
    return {
        "id": wish.id,
        "what": wish.what,
        "title": KINDS[wish.what][0] if wish.what in KINDS else wish.what,
        "wanted": dict(wish.wanted),
        "reason": wish.reason,
        "asked_by": wish.asked_by,
        "asked": wish.asked.isoformat(),
        "state": wish.state.value,
        "decided_by": wish.decided_by,
        "decided": wish.decided.isoformat() if wish.decided else None,
        "why": wish.why,
        "taken": wish.taken,
    }
