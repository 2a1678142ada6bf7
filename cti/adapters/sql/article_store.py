"""Articles of the knowledge base in SQL; every decision about one goes into the audit trail with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_orders import articles
from cti.adapters.sql.statements import next_serial, put_row
from cti.adapters.sql.types import storable
from ivr.errors import ChangedMeanwhileError, StoreRefusedError
from workorder.audit import AuditRow, Person
from workorder.knowledge import Article, ArticleState
from workorder.order import order_day

_NOT_THERE = "没有这条知识。改法：检查编号"


class SqlArticles:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def submit(self, article: Article, person: Person, at: datetime) -> Article:
        """Keep a new article, under the day's next number, waiting for review."""

        async def work(connection: AsyncConnection) -> Article:
            day = f"KB{order_day(at):%Y%m%d}"
            new = replace(article, id=f"{day}-{await next_serial(connection, day):04d}", revision=1)
            await self._put(connection, new, AuditRow(at, person, "knowledge.submit", new.id))
            return new

        return await self._database.write("提交知识", work)

    async def change(self, article: Article, revision: int, person: Person, at: datetime, act: str) -> Article:
        """Replace an article that nobody changed since `revision`; ChangedMeanwhileError otherwise."""

        async def work(connection: AsyncConnection) -> Article:
            chosen = select(articles).where(articles.c.id == article.id).with_for_update()
            row = (await connection.execute(chosen)).one_or_none()
            if row is None:
                raise StoreRefusedError(_NOT_THERE)
            if row.revision != revision:
                raise ChangedMeanwhileError("别人刚刚改动了这条知识。改法：刷新后再做")
            new = replace(article, revision=revision + 1, used=row.used)
            await self._put(connection, new, AuditRow(at, person, act, new.id, {"why": new.why[:200]}))
            return new

        return await self._database.write("修改知识", work)

    async def use(self, id: str, times: int = 1) -> bool:
        """Count that orders were answered with a published article; False when there is none of this id."""
        mine = (articles.c.id == id) & (articles.c.state == ArticleState.PUBLISHED.value)

        async def work(connection: AsyncConnection) -> bool:
            done = await connection.execute(update(articles).where(mine).values(used=articles.c.used + times))
            return bool(done.rowcount)

        return await self._database.write("记下引用的知识", work)

    async def one(self, id: str) -> Article | None:
        async def work(connection: AsyncConnection) -> Article | None:
            row = (await connection.execute(select(articles).where(articles.c.id == id))).one_or_none()
            return None if row is None else _article_of(row)

        return await self._database.read("读取知识", work)

    async def all(
        self, state: ArticleState | None = None, unit: str = "", overdue_on: date | None = None, most: int = 20_000
    ) -> tuple[Article, ...]:
        """Return articles, those to be looked at first first."""
        c = articles.c
        query = select(articles).order_by(c.review_by, c.id).limit(most)
        query = query.where(c.state == state.value) if state else query
        query = query.where(c.unit == unit) if unit else query
        if overdue_on:
            query = query.where(c.state == ArticleState.PUBLISHED.value, c.review_by < overdue_on)

        async def work(connection: AsyncConnection) -> tuple[Article, ...]:
            return tuple(_article_of(row) for row in await connection.execute(query))

        return await self._database.read("读取知识", work)

    async def _put(self, connection: AsyncConnection, article: Article, act: AuditRow) -> None:
        row: dict[str, Any] = {
            column.name: storable(value) if isinstance(value := getattr(article, column.name), str) else value
            for column in articles.c
        }
        await put_row(connection, articles, row | {"state": article.state.value})
        await put_audit(connection, act)


def _article_of(row: Row[Any]) -> Article:
    return Article(**{**row._mapping, "state": ArticleState(row.state)})
