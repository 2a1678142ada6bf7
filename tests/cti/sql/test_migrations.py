"""The migrations lead to exactly the tables that the stores use, whoever starts first."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

import cti.adapters.sql.schema_assessment
import cti.adapters.sql.schema_city
import cti.adapters.sql.schema_orders
import cti.adapters.sql.schema_outreach
import cti.adapters.sql.schema_pages
import cti.adapters.sql.schema_quality
import cti.adapters.sql.schema_reports
import cti.adapters.sql.schema_units  # noqa: F401  # their tables belong to the same metadata
from cti.adapters.sql.migrate import migrate
from cti.adapters.sql.schema import metadata
from cti.adapters.sql.url import database_url
from ivr.errors import StoreError


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'hotline.db'}"


def test_migrations_lead_to_the_tables_that_the_stores_use(url: str) -> None:
    migrate(url)
    with create_engine(database_url(url)).connect() as connection:
        # SQLite does not tell defaults as they were written; PostgreSQL does, and the migration is the same.
        options = {
            "compare_type": True,
            "compare_server_default": "postgresql" in url,
            "include_name": lambda name, _kind, _parents: not str(name).startswith(("transcript_words", "order_words")),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing_and_many_may_start_at_once(url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(migrate, [url] * 6))
    migrate(url)


def test_a_database_of_a_newer_program_is_refused_with_a_remedy(tmp_path: Path) -> None:
    file = tmp_path / "hotline.db"
    migrate(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="升级本程序"):
        migrate(f"sqlite:///{file}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hotline.db",
        "sqlite://",
        "sqlite:///:memory:",
        "mysql://h/db",
        "postgresql://u:secret@h",
        "postgresql://u:secret@h:x/d",
    ],
)
def test_an_address_that_cannot_work_is_refused_with_a_remedy_and_without_its_password(text: str) -> None:
    with pytest.raises(StoreError, match="改法") as raised:
        database_url(text)
    assert "secret" not in str(raised.value)


def test_a_database_that_is_away_or_a_file_that_is_none_is_told_in_our_words(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="改法"):
        migrate("postgresql://nobody@127.0.0.1:1/none")
    (tmp_path / "hotline.db").write_bytes(b"this is no database, but long enough to be read as one" * 100)
    with pytest.raises(StoreError, match="改法"):
        migrate(f"sqlite:///{tmp_path / 'hotline.db'}")
