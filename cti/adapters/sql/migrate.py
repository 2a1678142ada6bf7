"""Bring a database to the newest schema; two processes may try at once."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from cti.adapters.sql.url import database_url, is_sqlite, sqlite_file
from ivr.errors import StoreError

log = logging.getLogger(__name__)

_SCRIPTS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 12345_0001
_CONNECT_SECONDS = 5


def migrate(url_text: str, revision: str = "head") -> None:
    """Create or upgrade the tables; returns when the database is at `revision`. Blocks: call it in a thread.

    StoreError, with the remedy, when the database is away, read-only, or newer than this program.
    """
    url = database_url(url_text)
    if is_sqlite(url):
        _make_folder(sqlite_file(url))
    engine = _engine(url)
    try:
        with _one_at_a_time(url), engine.begin() as connection:
            if not is_sqlite(url):
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            _upgrade(connection, revision)
    except CommandError as error:
        raise StoreError(
            f"数据库的版本不认识（{error}），多半是由更新的程序建立的。改法：升级本程序，或换一个数据库"
        ) from error
    except DBAPIError as error:
        raise StoreError(
            f"数据库无法建表或升级（{_first_line(error)}）。改法：检查数据库是否启动、地址与账号是否正确、磁盘是否可写"
        ) from error
    except SQLAlchemyError as error:
        raise StoreError(f"数据库无法建表或升级（{type(error).__name__}）。改法：检查数据库地址后重试") from error
    finally:
        engine.dispose()


def _engine(url: URL) -> Engine:
    if not is_sqlite(url):
        return create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": _CONNECT_SECONDS})
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": 30.0, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")  # stays with the file; later a lock could forbid the change
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)

    def steps(present: object, _context: object) -> object:
        return scripts._upgrade_revs(revision, present)  # type: ignore[arg-type]  # what alembic.command.upgrade does

    with EnvironmentContext(config, scripts, fn=steps, destination_rev=revision) as environment:
        environment.configure(connection=connection, render_as_batch=True)
        environment.run_migrations()


@contextmanager
def _one_at_a_time(url: URL) -> Iterator[None]:
    """SQLite: the switch to WAL and the first tables need one process alone; PostgreSQL locks inside itself."""
    if not is_sqlite(url):
        yield
        return
    lock_file = sqlite_file(url).with_name(sqlite_file(url).name + ".migrate-lock")
    try:
        descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"数据库目录不可写：{lock_file.parent}（{error.strerror}）。改法：检查目录权限与磁盘空间"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make_folder(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"建不了数据库目录 {file.parent}（{error.strerror}）。改法：检查路径与权限") from error


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).strip().split("\n", 1)[0][:200]
