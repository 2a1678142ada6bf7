"""Draws and judgements of quality checks in SQL, each with its row in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_quality import quality_draws, quality_reviews
from cti.adapters.sql.statements import put_row
from cti.adapters.sql.types import storable, storable_json
from ivr.call import CallId
from workorder.audit import AuditRow, Person


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw: the seed, of how many, by whom, and the calls it gave."""

    id: str
    at: datetime
    who: str
    seed: str
    wanted: Mapping[str, object]
    population: int
    calls: tuple[CallId, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """How one person judged one call."""

    call: CallId
    who: str
    at: datetime
    seat: str
    form: int
    marks: Mapping[str, int]
    total: int
    remark: str
    complaint: str = ""


class SqlQuality:
    """Keeps them on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep_draw(self, draw: Draw, person: Person) -> None:
        async def work(connection: AsyncConnection) -> None:
            row = {
                "id": draw.id, "at": draw.at, "who": draw.who, "seed": draw.seed,
                "wanted": storable_json(dict(draw.wanted)),
                "population": draw.population, "calls": list(draw.calls),
            }  # fmt: skip
            await connection.execute(quality_draws.insert(), row)
            detail = {"population": draw.population, "drawn": len(draw.calls)}
            await put_audit(connection, AuditRow(draw.at, person, "quality.draw", draw.id, detail))

        await self._database.write("保存质检抽样", work)

    async def draw(self, identity: str) -> Draw | None:
        found = await self._rows(select(quality_draws).where(quality_draws.c.id == identity))
        return _draw(found[0]) if found else None

    async def latest_draws(self, limit: int = 20) -> Sequence[Draw]:
        return [
            _draw(row)
            for row in await self._rows(select(quality_draws).order_by(quality_draws.c.at.desc()).limit(limit))
        ]

    async def keep_review(self, review: Review, person: Person) -> None:
        """Keep a judgement; the same person's earlier one of the same call is replaced, which the trail shows."""

        async def work(connection: AsyncConnection) -> None:
            row = {
                "call_id": review.call, "who": review.who, "at": review.at, "seat": review.seat, "form": review.form,
                "marks": dict(review.marks), "total": review.total, "remark": storable(review.remark),
                "complaint": review.complaint,
            }  # fmt: skip
            await put_row(connection, quality_reviews, row)
            detail = {"total": review.total, "form": review.form}
            await put_audit(connection, AuditRow(review.at, person, "quality.review", review.call, detail))

        await self._database.write("保存质检评分", work)

    async def of_complaint(self, number: str) -> Sequence[Review]:
        """Return the judgements that a complaint led to, or that bear it out."""
        query = select(quality_reviews).where(quality_reviews.c.complaint == number).order_by(quality_reviews.c.at)
        return [_review(row) for row in await self._rows(query)]

    async def reviews(self, call: CallId) -> Sequence[Review]:
        query = select(quality_reviews).where(quality_reviews.c.call_id == call).order_by(quality_reviews.c.at)
        return [_review(row) for row in await self._rows(query)]

    async def _rows(self, query: Any) -> Sequence[Row[Any]]:
        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(query)).all()

        return await self._database.read("读取质检记录", work)


def _draw(row: Row[Any]) -> Draw:
    calls = tuple(CallId(call) for call in row.calls)
    return Draw(row.id, row.at, row.who, row.seed, row.wanted, row.population, calls)


def _review(row: Row[Any]) -> Review:
    return Review(
        CallId(row.call_id), row.who, row.at, row.seat, row.form, row.marks, row.total, row.remark, row.complaint
    )
