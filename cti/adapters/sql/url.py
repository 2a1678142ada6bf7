"""Which database a settings URL names, and how SQLAlchemy spells it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from ivr.errors import StoreError

_REMEDY = (
    "改法：写成 sqlite:///相对路径/hotline.db、sqlite:////绝对路径/hotline.db 或 postgresql://用户:密码@主机:端口/库名"
)
_POSTGRESQL = frozenset({"postgresql", "postgres"})


def database_url(text: str) -> URL:
    """Return the URL for a synchronous engine (SQLite, or PostgreSQL by psycopg); StoreError tells what is wrong."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StoreError(f"数据库地址看不懂。{_REMEDY}") from None  # the text may hold a password
    kind = url.get_backend_name()
    if kind == "sqlite":
        if not url.database or url.database == ":memory:":
            raise StoreError(f"SQLite 数据库地址里没有文件名。{_REMEDY}")
        return url.set(drivername="sqlite")
    if kind in _POSTGRESQL:
        if not url.database:
            raise StoreError(f"PostgreSQL 数据库地址里没有库名。{_REMEDY}")
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(f"不支持 {kind} 数据库。{_REMEDY}")


def async_url(url: URL) -> URL:
    """Return `url` for an asyncio engine; psycopg has one name for both."""
    return url.set(drivername="sqlite+aiosqlite") if is_sqlite(url) else url


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def sqlite_file(url: URL) -> Path:
    """Return the file of an SQLite URL."""
    return Path(url.database or "")
