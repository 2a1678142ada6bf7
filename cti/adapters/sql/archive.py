"""Transcripts as people read them, in SQL: masked for the reader's role, and never without a row in the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import audit_of_row, put_audit
from cti.adapters.sql.call_store import heard_of_row
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import audit, calls, transcript_index, turns
from ivr.call import CallId
from ivr.ports import Heard
from ivr.speech.redact import PrivateKind, redact
from workorder.audit import AuditRow, Person
from workorder.masking import Masking, masked
from workorder.search import Hit, Query, hits_in
from workorder.search_words import pairs, searched

_MOST_PAGES = 5
"""So many pages of calls are looked through for words that the reader may see; more would be a denial of service."""


class SqlTranscriptArchive:
    """`TranscriptArchive` on either database."""

    def __init__(self, database: Database, masking: Masking) -> None:
        self._database = database
        self._masking = masking

    async def read(self, call: CallId, person: Person, at: datetime) -> tuple[Heard, ...]:
        heard = (await self._turns((call,))).get(call, ())
        await self._note(AuditRow(at, person, "transcript.read", call, {"turns": len(heard)}))
        return await asyncio.to_thread(masked, heard, self._masking.hidden_from(person.role))

    async def search(self, query: Query, person: Person, at: datetime) -> tuple[Hit, ...]:
        hidden = self._masking.hidden_from(person.role)
        found: list[Hit] = []
        seen: set[CallId] = set()
        before: int | None = None
        for _ in range(_MOST_PAGES):
            page = await self._page(query, before)
            fresh = [call for _, call in page if call not in seen]
            heard = await self._turns(fresh)
            seen.update(fresh)
            found.extend(await asyncio.to_thread(_visible_hits, list(heard.values()), hidden, query.words))
            if len(page) < query.limit or len({hit.call for hit in found}) >= query.limit:
                break
            before = page[-1][0]
        shown = list(dict.fromkeys(hit.call for hit in found))[: query.limit]
        detail = {"words": redact(" ".join(query.words)), "calls": shown}
        await self._note(AuditRow(at, person, "transcript.search", "transcripts", detail))
        return tuple(hit for hit in found if hit.call in shown)

    async def trail(self, subject: str = "", limit: int = 100) -> tuple[AuditRow, ...]:
        async def work(connection: AsyncConnection) -> tuple[AuditRow, ...]:
            query = select(audit).order_by(audit.c.number.desc()).limit(limit)
            if subject:
                query = query.where(audit.c.subject == subject)
            return tuple(audit_of_row(row) for row in await connection.execute(query))

        return await self._database.read("读取审计记录", work)

    async def _note(self, row: AuditRow) -> None:
        """Nothing is shown unless this is kept: the caller of this returns only afterwards."""
        await self._database.write("写入审计记录", lambda connection: put_audit(connection, row))

    async def _turns(self, wanted: Sequence[CallId]) -> Mapping[CallId, tuple[Heard, ...]]:
        async def work(connection: AsyncConnection) -> dict[CallId, tuple[Heard, ...]]:
            query = select(turns).where(turns.c.call_id.in_(wanted)).order_by(turns.c.call_id, turns.c.nth)
            found: dict[CallId, list[Heard]] = {}
            for row in await connection.execute(query):
                found.setdefault(CallId(row.call_id), []).append(heard_of_row(row))
            return {call: tuple(found[call]) for call in wanted if call in found}

        return await self._database.read("读取通话转写", work) if wanted else {}

    async def _page(self, query: Query, before: int | None) -> Sequence[tuple[int, CallId]]:
        """Return the newest rows of the index that may hold the words."""
        is_sqlite = self._database.is_sqlite
        c = transcript_index.c
        statement = select(c.number, c.call_id).order_by(c.number.desc()).limit(query.limit)
        if is_sqlite:
            words = text("transcript_words MATCH :words").bindparams(words=_fts5(query.words))
            index = text("transcript_words")
            statement = (
                select(c.number, c.call_id)
                .select_from(index, transcript_index)
                .where(words, text("transcript_words.rowid = transcript_index.number"))
                .order_by(text("transcript_words.rowid DESC"))
                .limit(query.limit)
            )
        else:
            match = text("transcript_index.words @@ CAST(:words AS tsquery)")
            statement = statement.where(match.bindparams(words=_tsquery(query.words)))
        if before is not None:
            statement = statement.where(
                text("transcript_words.rowid < :before").bindparams(before=before) if is_sqlite else c.number < before
            )
        if query.since is not None or query.until is not None:
            statement = statement.where(calls.c.id == c.call_id)
        if query.since is not None:
            statement = statement.where(calls.c.started >= query.since)
        if query.until is not None:
            statement = statement.where(calls.c.started < query.until)

        async def work(connection: AsyncConnection) -> Sequence[Any]:
            return (await connection.execute(statement)).all()

        return [(row.number, CallId(row.call_id)) for row in await self._database.read("检索通话转写", work)]


def _visible_hits(
    of_calls: Sequence[Sequence[Heard]], hidden: frozenset[PrivateKind], words: Sequence[str]
) -> list[Hit]:
    """Return the hits that the reader may see, call by call."""
    return [hit for heard in of_calls for hit in hits_in(masked(_searched(heard), hidden), words)]


def _searched(heard: Sequence[Heard]) -> Sequence[Heard]:
    """Return the part of a call that its index tells of."""
    parts = searched(each.text for each in heard)
    return [each if part == each.text else replace(each, text=part) for each, part in zip(heard, parts, strict=False)]


def _terms(word: str) -> Sequence[str]:
    """The index terms of a word of two characters and more: without its last character alone."""
    return [pair for pair in pairs(word) if len(pair) == 2]


def _fts5(words: Sequence[str]) -> str:
    return " AND ".join(f'"{" ".join(_terms(word))}"' if len(word) > 1 else f'"{word}" *' for word in words)


def _tsquery(words: Sequence[str]) -> str:
    return " & ".join(
        f"({' <-> '.join(_quoted(term) for term in _terms(word))})" if len(word) > 1 else f"{_quoted(word)}:*"
        for word in words
    )


def _quoted(term: str) -> str:
    """Return a term as PostgreSQL reads it; terms hold letters, digits and hanzi only."""
    return f"'{term}'"
