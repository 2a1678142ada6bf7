"""`/api/exports`: ask for an export, agree to somebody else's, take the file. Other topics add their kinds to KINDS."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from cti.access import Account, Permission
from cti.adapters.files.table_files import excel_of, pdf_of
from cti.adapters.sql.export_store import SqlExports
from cti.adapters.sql.report_rows import SqlReportRows
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.desk_days import period
from cti.adapters.web.errors import ErrorBody, refused
from cti.adapters.web.routes_supervisor import clean, report_of
from cti.adapters.web.sessions import require
from cti.exporting import ExportRefusedError, ExportState, ExportWish, asked_for, decided, must_be_takeable
from cti.report_tables import TITLES, ReportTable
from workorder.clock.due import spoken_instant

Asker = Annotated[Account, Depends(require(Permission.EXPORT))]
Decider = Annotated[Account, Depends(require(Permission.EXPORT_APPROVE))]
Make: TypeAlias = Callable[[PagesDeps, Account, Mapping[str, Any]], Awaitable[ReportTable]]
"""Makes the table of one kind of export; `refused(422, …)` for what it does not understand."""


class Period(BaseModel):
    """Which report, which days; other kinds of exports read what they need of it."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(default="", max_length=40)
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


async def _report(deps: PagesDeps, me: Account, wanted: Mapping[str, Any]) -> ReportTable:
    name = str(wanted.get("name", ""))
    if name not in TITLES:
        raise refused(422, "没有这张报表。改法：从列表里选", "no_such_report")
    days = [date.fromisoformat(text) if (text := wanted.get(key)) else None for key in ("since", "until")]
    return await report_of(SqlReportRows(deps.database), name, *period(days[0], days[1], deps.clock.now()))


KINDS: dict[str, tuple[str, Permission, Make]] = {"report": ("统计报表", Permission.REPORTS, _report)}
"""What may be exported: its title, the right to see it in the first place, and what makes its table."""


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    refusals: dict[int | str, dict[str, Any]] = {each: {"model": ErrorBody} for each in (401, 403, 404, 409, 422, 503)}
    router = APIRouter(prefix="/api/exports", tags=["exports"], responses=refusals)
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
            wish = asked_for(wish, needs_approval="export_control" in pack.lists)
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
        responses={200: {"content": {"application/pdf": {}, "application/octet-stream": {}}}},
    )
    async def file(identity: str, form: Literal["xlsx", "pdf"], me: Asker) -> Response:
        """Return the file, made now from the data of now."""
        now = deps.clock.now()

        def step(wish: ExportWish) -> ExportWish:
            must_be_takeable(wish, me, now)
            return replace(wish, taken=wish.taken + 1)

        wish = await changed(identity, me, "export.taken", step)
        kind = KINDS.get(wish.what)
        if kind is None or not me.may(kind[1]):
            raise refused(403)
        table = await kind[2](deps, me, wish.wanted)
        agreed = f"，审批人 {wish.decided_by}" if wish.decided_by else ""
        footer = (f"导出人 {me.name}，{spoken_instant(now)}{agreed}，编号 {wish.id}。用途：{wish.reason or '未填'}",)
        content = await asyncio.to_thread(excel_of if form == "xlsx" else pdf_of, table, footer)
        media = (
            "application/pdf" if form == "pdf" else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        )
        name = f"{table.name}-{table.since.isoformat()}-{table.until.isoformat()}.{form}"
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
        return Response(content, media_type=media, headers=headers)

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
