"""One database, SQLite or PostgreSQL, with deadlines, bounded retries and errors in our words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

from sqlalchemy import URL, event
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from cti.adapters.sql.migrate import migrate
from cti.adapters.sql.url import async_url, database_url, is_sqlite, sqlite_file
from ivr.errors import StoreAwayError, StoreError, StoreRefusedError
from workorder.outbox import retry_delay

log = logging.getLogger(__name__)

T = TypeVar("T")

_ATTEMPTS = 3
_FIRST_PAUSE_SECONDS = 0.05
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",  # NORMAL may lose the last commits when the power fails
    "PRAGMA foreign_keys=ON",
)


class Database:
    """Engines and transactions. Work given to `write` and `read` may run more than once, so it must be repeatable.

    `async with Database(…)` opens it and closes it again, for who needs it once; StoreError when it is away.
    """

    def __init__(self, url_text: str, *, deadline_seconds: float = 5.0) -> None:
        self._text = url_text
        self._url = database_url(url_text)
        self._deadline = deadline_seconds
        self._writer, self._reader = _engines(self._url, deadline_seconds)

    @property
    def is_sqlite(self) -> bool:
        return is_sqlite(self._url)

    async def open(self) -> None:
        """Create or upgrade the tables; StoreError when the database is away."""
        await asyncio.to_thread(migrate, self._text)

    async def __aenter__(self) -> Self:
        try:
            await self.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open_patiently(self) -> None:
        """Like `open`, but try until it is done: the service starts without its database, writes wait in the spool."""
        failures = 0
        while True:
            try:
                return await self.open()
            except StoreError as error:
                failures += 1
                log.warning("store_not_open", extra={"reason": str(error)[:200], "failures": failures})
                await asyncio.sleep(retry_delay(failures))

    async def close(self) -> None:
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()

    async def write(self, doing: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in one transaction that is durable when this returns; `doing` names it in errors, in Chinese.

        StoreAwayError: not done as far as known, try later. StoreRefusedError: the value cannot be stored, ever.
        """
        return await self._run(doing, self._writer, work)

    async def read(self, doing: str, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in one transaction that sees one state of the database."""
        return await self._run(doing, self._reader, work)

    async def _run(self, doing: str, engine: AsyncEngine, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        try:
            async with asyncio.timeout(self._deadline):
                for attempt in range(1, _ATTEMPTS + 1):
                    try:
                        async with engine.begin() as connection:
                            return await work(connection)
                    except (IntegrityError, DataError) as error:
                        raise StoreRefusedError(
                            f"{doing}失败：数据库不接受这条数据（{_reason(error)}）。改法：请把这句话报告给开发者"
                        ) from error
                    except (DBAPIError, OSError) as error:
                        if attempt == _ATTEMPTS:
                            raise StoreAwayError(f"{doing}失败：{_reason(error)}。{self._remedy()}") from error
                        log.warning("store_retry", extra={"attempt": attempt, "kind": type(error).__name__})
                    await asyncio.sleep(_FIRST_PAUSE_SECONDS * 2**attempt)
        except TimeoutError as error:
            raise StoreAwayError(f"{doing}失败：数据库 {self._deadline:g} 秒没有回应。{self._remedy()}") from error
        except PoolTimeoutError as error:
            raise StoreAwayError(f"{doing}失败：数据库太忙。{self._remedy()}") from error
        except SQLAlchemyError as error:
            raise StoreAwayError(f"{doing}失败：{type(error).__name__}。{self._remedy()}") from error
        raise AssertionError("the last attempt returns or raises")

    def _remedy(self) -> str:
        if self.is_sqlite:
            file = sqlite_file(self._url)
            return f"改法：检查 {file} 是否存在、可写，磁盘是否已满，是否被别的程序长时间锁住"
        return "改法：检查 PostgreSQL 是否在运行、地址与账号是否正确、磁盘是否已满"


def _engines(url: URL, deadline_seconds: float) -> tuple[AsyncEngine, AsyncEngine]:
    """Return the engines for writing and for reading; SQLite has one writer, whose pool of one is its queue."""
    if not is_sqlite(url):
        both = create_async_engine(
            async_url(url),
            pool_size=8,
            max_overflow=8,
            pool_timeout=deadline_seconds,
            connect_args={
                "connect_timeout": max(2, int(deadline_seconds)),
                # A query here takes milliseconds; to compile it or to start helpers for it would take a hundred.
                "options": f"-c statement_timeout={int(deadline_seconds * 1000)} -c timezone=UTC -c jit=off"
                " -c max_parallel_workers_per_gather=0",
            },
        )
        return both, both
    writer = create_async_engine(
        async_url(url),
        pool_size=1,
        max_overflow=0,
        pool_timeout=deadline_seconds,
        connect_args=_sqlite_arguments(deadline_seconds),
    )
    reader = create_async_engine(  # no overflow: what is opened for a peak would be opened and closed all through it
        async_url(url),
        pool_size=8,
        max_overflow=0,
        pool_timeout=deadline_seconds,
        connect_args=_sqlite_arguments(deadline_seconds),
    )
    for engine, begin in ((writer, "BEGIN IMMEDIATE"), (reader, "BEGIN")):
        _prepare_sqlite(engine, begin)
    return writer, reader


def _sqlite_arguments(deadline_seconds: float) -> dict[str, Any]:
    # The driver must not open transactions by itself, and must give up on a lock before our own deadline does.
    return {"isolation_level": None, "timeout": deadline_seconds * 0.8}


def _prepare_sqlite(engine: AsyncEngine, begin: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for pragma in _SQLITE_PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Any) -> None:
        connection.exec_driver_sql(begin)


def _reason(error: BaseException) -> str:
    """Return the driver's own words without the values of the statement, which may be personal."""
    original = getattr(error, "orig", None) or error
    diagnosis = getattr(original, "diag", None)
    words = getattr(diagnosis, "message_primary", None) or str(original)
    return str(words).strip().split("\n", 1)[0][:160] or type(original).__name__
