"""`/api/calls/…`: all that is known of one call, for a popup and after a reload; its recordings, by role, audited."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, Response

from cti.access import Account, Permission, hidden_from, mask_plain
from cti.adapters.control.visit import ControllerAwayError
from cti.adapters.sql.archive import SqlTranscriptArchive
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.web.deps import PagesDeps
from cti.adapters.web.errors import answers, refused
from cti.adapters.web.own_calls import call_of, is_own, must_be_own
from cti.adapters.web.sessions import require
from cti.live_reading import with_reading
from ivr.call import CallId
from ivr.recording import Part, recording_file
from workorder.audit import AuditRow
from workorder.call_record import CallRecord

LISTENED_AGAIN_SECONDS = 600.0
"""One listening is many requests for pieces of a file: so long it is one row of the audit trail."""
MOST_REMEMBERED = 5000
DOOR_SECONDS = 4.0

Reader = Annotated[Account, Depends(require(Permission.CALLS_READ, Permission.RECORDINGS))]


class RecordingTold(BaseModel):
    """One recording of a call; `problem` is empty when it is sound."""

    part: str
    seconds: float
    problem: str


class CallBody(BaseModel):
    """All that is known of a call. Parts that nobody could tell now are null."""

    call: dict[str, Any] = Field(description="The row of the board, or of the archive")
    is_live: bool
    caller: dict[str, Any] | None
    words: list[dict[str, Any]]
    draft: dict[str, Any] | None
    similar: list[dict[str, Any]]
    order: str
    recordings: list[RecordingTold]


def routes(deps: PagesDeps) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/calls", tags=["calls"], responses=answers(401, 403, 404, 503))
    calls, orders = SqlCallStore(deps.database), SqlOrderStore(deps.database)
    archive = SqlTranscriptArchive(deps.database, deps.masking)
    listened: OrderedDict[tuple[str, str, str], float] = OrderedDict()

    @router.get("/{call}")
    async def one(call: str, account: Reader) -> CallBody:
        """Return a call: as it is now, or as it was kept."""
        asked = call_of(call)
        row = deps.hub.board["calls"].get(asked)
        record = await calls.call(asked) if row is None else None
        if row is None and record is None:
            raise refused(404, "没有这通电话。改法：检查通话编号", "no_such_call")
        if row is not None or not account.may(Permission.RECORDINGS):  # who reviews calls reads those that are over
            await must_be_own(deps, account, asked)
        body = await (_live(asked, row, account) if row is not None else _kept(asked, record, account))
        seen = mask_plain(body, hidden_from(account, deps.masking))
        return CallBody.model_validate(seen)

    async def _live(call: CallId, row: dict[str, Any], account: Account) -> dict[str, Any]:
        await deps.audit.note(AuditRow(deps.clock.now(), account.person, "call.read", call, {"live": True}))
        verbs = ("call.caller", "call.words", "call.draft", "call.similar")
        caller, words, draft, similar = await asyncio.gather(*(_asked(verb, call) for verb in verbs))
        known = {key: value for key, value in caller.items() if key not in ("ok", "text")}
        return {
            "call": row,
            "is_live": True,
            "caller": known if caller.get("ok") else row.get("known"),
            "words": [with_reading(word) for word in words.get("words") or []],
            "draft": draft.get("draft") if draft.get("ok") else None,
            "similar": similar.get("orders") or [],
            "order": str(row.get("order") or ""),
            "recordings": [],
        }

    async def _asked(verb: str, call: CallId) -> dict[str, Any]:
        try:
            return await deps.door.ask(verb, DOOR_SECONDS, call=call)
        except ControllerAwayError:
            return {"ok": False}

    async def _kept(call: CallId, record: CallRecord | None, account: Account) -> dict[str, Any]:
        assert record is not None
        heard = await archive.read(call, account.person, deps.clock.now())
        order = await orders.order_of(call)
        instants = ("started", "queued", "answered", "ended")
        times = {f"{name}_at": at.isoformat() for name in instants if (at := getattr(record, name)) is not None}
        row = {
            "call": call,
            "caller": record.caller.digits,
            "called": record.called,
            "line": record.original_line,
            "flow": record.flow,
            "path": list(record.path),
            "state": "over",
            "queue": record.queue or None,
            "seat": record.seat or None,
            "outcome": record.outcome,
            **times,
        }
        words = [
            with_reading({"leg": each.leg.value, "text": each.text, "begun_s": each.begun_s, "ended_s": each.ended_s})
            for each in heard
        ]
        return {
            "call": row,
            "is_live": False,
            "caller": None,
            "words": words,
            "draft": order.draft.to_plain() if order else None,
            "similar": [],
            "order": order.number if order else "",
            "recordings": [
                {"part": each.part.value, "seconds": each.seconds, "problem": each.problem}
                for each in await calls.recordings(call)
            ],
        }

    @router.get(
        "/{call}/recording/{part}",
        response_class=Response,
        responses={200: {"content": {"audio/wav": {}}}, 206: {"content": {"audio/wav": {}}}},
    )
    async def recording(call: str, part: Part, account: Reader) -> Response:
        """Return the audio of one side of a call, or of all; in pieces where the browser asks for pieces."""
        asked = call_of(call)
        if not account.may(Permission.RECORDINGS) and not await is_own(deps, account, asked):
            raise refused(403, "这不是您的通话，不能听录音。改法：请班长查看", "not_own_call")
        file = await asyncio.to_thread(_file_of, deps.settings.recordings_folder, asked, part)
        if file is None:
            raise refused(404, "没有这段录音：通话还没有结束，或录音已按期删除。改法：通话结束后再试", "no_recording")
        await _listens(account, asked, part)
        name = f"{asked}-{part.value}.wav"
        return FileResponse(file, media_type="audio/wav", filename=name, content_disposition_type="inline")

    async def _listens(account: Account, call: CallId, part: Part) -> None:
        """Keep that somebody listens, before they hear a second of it."""
        key, now = (account.name, str(call), part.value), deps.clock.monotonic()
        if now - listened.get(key, -LISTENED_AGAIN_SECONDS) < LISTENED_AGAIN_SECONDS:
            return
        row = AuditRow(deps.clock.now(), account.person, "recording.heard", call, {"part": part.value})
        await deps.audit.note(row)
        listened[key] = now
        while len(listened) > MOST_REMEMBERED:
            listened.popitem(last=False)

    return router


def _file_of(root: Path, call: CallId, part: Part) -> Path | None:
    file = (root / recording_file(call, part)).resolve()
    return file if file.is_relative_to(root.resolve()) and file.is_file() else None
