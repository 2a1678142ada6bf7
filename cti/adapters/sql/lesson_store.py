"""Confirmed orders as lessons, in SQL: the order's labels beside what its caller said."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import orders, turns
from ivr.call import Leg
from ivr.speech.transcript import join_words
from workorder.draft import Draft, FieldName
from workorder.lessons import Lesson
from workorder.order import OrderNumber

_PAGE = 500


class SqlLessonStore:
    """The confirmed orders as lessons, on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lessons(self, most: int = 50_000) -> tuple[Lesson, ...]:
        """Return the latest confirmed orders, oldest first; read page by page, so that no statement takes long."""
        found: list[Lesson] = []
        last: Any = None
        while len(found) < most:
            page = await self._page(last, min(_PAGE, most - len(found)))
            if not page:
                break
            last = page[-1]
            said = await self._said([row.call_id for row in page])
            found.extend(_lesson(row, said.get(row.call_id, "")) for row in page)
        return tuple(reversed(found))

    async def _page(self, last: Any, most: int) -> list[Any]:
        c = orders.c
        columns = (c.number, c.call_id, c.caller, c.draft, c.confirmed)
        query = select(*columns).where(c.confirmed.is_not(None)).order_by(c.confirmed.desc(), c.number.desc())
        if last is not None:
            is_older = (c.confirmed < last.confirmed) | ((c.confirmed == last.confirmed) & (c.number < last.number))
            query = query.where(is_older)

        async def work(connection: AsyncConnection) -> list[Any]:
            return list((await connection.execute(query.limit(most))).all())

        return await self._database.read("读取已确认的工单", work)

    async def _said(self, calls: list[str]) -> dict[str, str]:
        async def work(connection: AsyncConnection) -> dict[str, str]:
            query = (
                select(turns.c.call_id, turns.c.text)
                .where(turns.c.call_id.in_(calls), turns.c.leg == Leg.CALLER.value)
                .order_by(turns.c.call_id, turns.c.nth)
            )
            said: dict[str, list[str]] = {}
            for row in await connection.execute(query):
                said.setdefault(row.call_id, []).append(row.text)
            return {call: join_words(texts) for call, texts in said.items()}

        return await self._database.read("读取通话转写", work)


def _lesson(row: Any, said: str) -> Lesson:
    draft = Draft.from_json(json.dumps(row.draft))
    written = f"{draft.value(FieldName.TITLE)}。{draft.value(FieldName.SUMMARY)}"
    return Lesson(
        order=OrderNumber(row.number),
        caller=row.caller,
        text=said or (written if len(written) > 1 else ""),
        unit=draft.value(FieldName.UNIT),
        category=draft.value(FieldName.CATEGORY),
        suggested_unit=_suggested(draft, FieldName.UNIT),
        suggested_category=_suggested(draft, FieldName.CATEGORY),
        confirmed=row.confirmed,
    )


def _suggested(draft: Draft, name: FieldName) -> str:
    candidates = draft[name].candidates
    return candidates[0].value if candidates else ""
