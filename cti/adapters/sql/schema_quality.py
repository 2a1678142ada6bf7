"""The tables of quality checks: the draws, and how each drawn call was judged."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from cti.adapters.sql.schema import metadata
from cti.adapters.sql.types import PlainJson, UtcInstant

quality_draws = Table(
    "quality_draws",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", UtcInstant, nullable=False),
    Column("who", String(200), nullable=False),
    Column("seed", String(64), nullable=False),
    Column("wanted", PlainJson, nullable=False),
    Column("population", Integer, nullable=False),
    Column("calls", PlainJson, nullable=False),
    Index(None, "at"),
)
"""A draw is never changed: seed and population prove that nobody chose."""

quality_reviews = Table(
    "quality_reviews",
    metadata,
    Column("call_id", String(80), ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("who", String(200), primary_key=True),
    Column("at", UtcInstant, nullable=False),
    Column("seat", Text, nullable=False),
    Column("form", Integer, nullable=False),
    Column("marks", PlainJson, nullable=False),
    Column("total", Integer, nullable=False),
    Column("remark", Text, nullable=False),
    Column("complaint", String(24), nullable=False, server_default=""),
    Index(None, "at"),
    Index(None, "seat"),
)
