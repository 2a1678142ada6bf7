"""The tables of the pages themselves: accounts, sessions, and every version of a file that was published."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from cti.adapters.sql.schema import metadata
from cti.adapters.sql.types import PlainJson, UtcInstant

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("title", Text, nullable=False),
    Column("roles", PlainJson, nullable=False),
    Column("unit", Text, nullable=False),
    Column("usual_seat", String(8), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
    Column("created", UtcInstant, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("name", String(60), ForeignKey("accounts.name", ondelete="CASCADE"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("seat", String(8), nullable=False),
    Column("opened", UtcInstant, nullable=False),
    Column("used", UtcInstant, nullable=False),
    Column("ends", UtcInstant, nullable=False),
    Column("address", String(64), nullable=False),
    Index(None, "name"),
    Index(None, "used"),
)
"""Browsers that are signed in; `token_hash` is the SHA-256 of the cookie, so who reads the table is nobody."""

file_versions = Table(
    "file_versions",
    metadata,
    Column("shelf", String(16), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(16), nullable=False),
    Column("at", UtcInstant, nullable=False),
    Column("by", String(200), nullable=False),
    Column("note", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("back_to", Integer, nullable=False),
    Column("files", PlainJson, nullable=False),
)
