"""Calls in SQL: the call itself, its turns, recordings, survey, and who is to be called back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import callbacks, calls, recordings, surveys, transcript_index, turns
from cti.adapters.sql.statements import ensure_call, put_envelopes, put_row
from cti.adapters.sql.types import storable, storable_json
from ivr.call import CallId, Leg, PhoneNumber
from ivr.ports import Heard, HeardWord
from ivr.recording import Part, Recording
from workorder.call_record import CallbackRequest, CallRecord, Survey
from workorder.envelope import Envelope
from workorder.search_words import LONGEST_CALL, chunks

log = logging.getLogger(__name__)


class SqlCallStore:
    """`CallStore` on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save_call(self, record: CallRecord, events: Sequence[Envelope] = ()) -> None:
        async def work(connection: AsyncConnection) -> None:
            await put_row(connection, calls, call_row(record))
            await put_envelopes(connection, events)

        await self._database.write("保存通话记录", work)

    async def save_turns(self, call: CallId, heard: Sequence[Heard]) -> None:
        rows = [{**_turn_row(nth, turn), "call_id": call} for nth, turn in enumerate(heard, 1)]
        texts = [row["text"] for row in rows]
        chunked = await asyncio.to_thread(lambda: tuple(chunks(texts)))  # some ms for a call, seconds for a book
        if (characters := sum(len(text) for text in texts)) > LONGEST_CALL:
            log.warning("transcript_indexed_in_part", extra={"call": call, "characters": characters})
        terms = [{"call_id": call, "words": words} for words in chunked]

        async def work(connection: AsyncConnection) -> None:
            await ensure_call(connection, call)
            for table, new in ((turns, rows), (transcript_index, terms)):
                await connection.execute(delete(table).where(table.c.call_id == call))
                if new:
                    await connection.execute(table.insert(), new)

        await self._database.write("保存通话转写", work)

    async def save_recordings(self, call: CallId, files: Sequence[Recording]) -> None:
        await self._replace("保存录音信息", recordings, call, [_recording_row(file) for file in files])

    async def save_callback(self, request: CallbackRequest, events: Sequence[Envelope] = ()) -> None:
        row = {
            "call_id": request.call,
            "number": request.number.digits,
            "reason": storable(request.reason),
            "asked": request.asked,
            "variables": storable_json(request.variables),
        }
        await self._put("保存回拨请求", callbacks, row, events)

    async def callbacks_done(self, number: PhoneNumber, at: datetime) -> None:
        mine = (callbacks.c.number == number.digits) & (callbacks.c.asked <= at)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(update(callbacks).where(mine).values(is_done=True))

        await self._database.write("记下已回拨", work)

    async def save_survey(self, survey: Survey, events: Sequence[Envelope] = ()) -> None:
        row = {"call_id": survey.call, "answers": storable_json(survey.answers), "taken": survey.taken}
        await self._put("保存满意度评价", surveys, row, events)

    async def call(self, call: CallId) -> CallRecord | None:
        found = await self._rows("读取通话记录", select(calls).where(calls.c.id == call))
        return _call(found[0]) if found else None

    async def latest_calls(self, limit: int = 50) -> tuple[CallRecord, ...]:
        query = select(calls).order_by(calls.c.started.desc().nulls_last(), calls.c.id.desc()).limit(limit)
        return tuple(_call(row) for row in await self._rows("读取通话记录", query))

    async def turns(self, call: CallId) -> tuple[Heard, ...]:
        query = select(turns).where(turns.c.call_id == call).order_by(turns.c.nth)
        return tuple(heard_of_row(row) for row in await self._rows("读取通话转写", query))

    async def recordings(self, call: CallId) -> tuple[Recording, ...]:
        query = select(recordings).where(recordings.c.call_id == call).order_by(recordings.c.part)
        return tuple(_recording(row) for row in await self._rows("读取录音信息", query))

    async def callbacks(self, limit: int = 50) -> tuple[CallbackRequest, ...]:
        open_ones = select(callbacks).where(callbacks.c.is_done.is_(False))
        query = open_ones.order_by(callbacks.c.asked, callbacks.c.call_id).limit(limit)
        return tuple(
            CallbackRequest(CallId(row.call_id), PhoneNumber(row.number), row.reason, row.asked, row.variables)
            for row in await self._rows("读取回拨请求", query)
        )

    async def survey(self, call: CallId) -> Survey | None:
        found = await self._rows("读取满意度评价", select(surveys).where(surveys.c.call_id == call))
        return Survey(call, found[0].answers, found[0].taken) if found else None

    async def _rows(self, doing: str, query: Any) -> Sequence[Row[Any]]:
        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(query)).all()

        return await self._database.read(doing, work)

    async def _put(self, doing: str, table: Table, row: dict[str, Any], events: Sequence[Envelope]) -> None:
        async def work(connection: AsyncConnection) -> None:
            await ensure_call(connection, row["call_id"])
            await put_row(connection, table, row)
            await put_envelopes(connection, events)

        await self._database.write(doing, work)

    async def _replace(self, doing: str, table: Table, call: CallId, rows: Sequence[dict[str, Any]]) -> None:
        async def work(connection: AsyncConnection) -> None:
            await ensure_call(connection, call)
            await connection.execute(delete(table).where(table.c.call_id == call))
            if rows:
                await connection.execute(table.insert(), [{**row, "call_id": call} for row in rows])

        await self._database.write(doing, work)


def call_row(record: CallRecord) -> dict[str, Any]:
    return {
        "id": record.call,
        "caller": record.caller.digits,
        "called": storable(record.called),
        "original_line": storable(record.original_line),
        "flow": storable(record.flow),
        "path": storable_json(record.path),
        "started": record.started,
        "queued": record.queued,
        "answered": record.answered,
        "ended": record.ended,
        "queue": storable(record.queue),
        "seat": storable(record.seat),
        "outcome": storable(record.outcome),
        "their_id": storable(record.their_id)[:64],
    }


def _call(row: Row[Any]) -> CallRecord:
    return CallRecord(
        call=CallId(row.id),
        caller=PhoneNumber(row.caller),
        called=row.called,
        original_line=row.original_line,
        flow=row.flow,
        path=tuple(row.path or ()),
        started=row.started,
        queued=row.queued,
        answered=row.answered,
        ended=row.ended,
        queue=row.queue,
        seat=row.seat,
        outcome=row.outcome,
        their_id=row.their_id,
    )


def _turn_row(nth: int, turn: Heard) -> dict[str, Any]:
    return {
        "nth": nth,
        "leg": turn.leg.value,
        "begun_s": turn.begun_s,
        "ended_s": turn.ended_s,
        "text": storable(turn.text),
        "words": [[storable(word.text), word.begun_s, word.ended_s, word.confidence] for word in turn.words],
        "is_final": turn.is_final,
    }


def heard_of_row(row: Row[Any]) -> Heard:
    """Read a row of `turns`."""
    words = tuple(HeardWord(text, begun, ended, sure) for text, begun, ended, sure in row.words)
    return Heard(CallId(row.call_id), Leg(row.leg), row.text, row.is_final, row.begun_s, row.ended_s, words)


def _recording_row(file: Recording) -> dict[str, Any]:
    return {
        "part": file.part.value,
        "file": storable(file.file),
        "seconds": file.seconds,
        "rms_dbfs": file.rms_dbfs,
        "sha256": file.sha256,
        "problem": storable(file.problem),
    }


def _recording(row: Row[Any]) -> Recording:
    return Recording(CallId(row.call_id), Part(row.part), row.file, row.seconds, row.rms_dbfs, row.sha256, row.problem)
