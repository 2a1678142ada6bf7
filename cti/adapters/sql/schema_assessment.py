"""The tables of the assessment: marks given by hand, months kept for good, and what a grade asks of a unit."""

from __future__ import annotations

from sqlalchemy import Column, Date, String, Table, Text

from cti.adapters.sql.schema import metadata
from cti.adapters.sql.types import PlainJson, UtcInstant

assessment_marks = Table(
    "assessment_marks",
    metadata,
    Column("city", String(40), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("unit", String(120), primary_key=True),
    Column("dimension", String(80), primary_key=True),
    Column("mark", String(8), nullable=False),
    Column("why", Text, nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", UtcInstant, nullable=False),
)

assessment_months = Table(
    "assessment_months",
    metadata,
    Column("city", String(40), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("snapshot", PlainJson, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", UtcInstant, nullable=False),
)
"""A month once taken is never written again."""

assessment_tasks = Table(
    "assessment_tasks",
    metadata,
    Column("city", String(40), primary_key=True),
    Column("year", String(4), primary_key=True),
    Column("unit", String(120), primary_key=True),
    Column("grade", String(40), nullable=False),
    Column("what", Text, nullable=False),
    Column("due", Date),
    Column("report", Text, nullable=False, server_default=""),
    Column("sha256", String(64), nullable=False, server_default=""),
    Column("done_by", String(200), nullable=False, server_default=""),
    Column("done", UtcInstant),
)
"""What a year's grade brings; one with a `due` day waits for a written report."""
