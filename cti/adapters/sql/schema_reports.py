"""The tables of reports: those drafted each week and kept, and what units sent in of the information they owe."""

from __future__ import annotations

from sqlalchemy import Column, Date, String, Table, Text

from cti.adapters.sql.schema import metadata
from cti.adapters.sql.types import PlainJson, UtcInstant

report_drafts = Table(
    "report_drafts",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("since", Date, primary_key=True),
    Column("until", Date, primary_key=True),
    Column("title", Text, nullable=False),
    Column("report", PlainJson, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("made", UtcInstant, nullable=False),
    Column("made_by", String(200), nullable=False),
    Column("issued_by", String(200), nullable=False, server_default=""),
    Column("issued", UtcInstant),
)
"""A report of some days, drafted once whoever drafts it, and issued once by a person."""

information = Table(
    "information",
    metadata,
    Column("unit", String(120), primary_key=True),
    Column("duty", String(40), primary_key=True),
    Column("period", String(10), primary_key=True),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", UtcInstant, nullable=False),
)
"""What a unit sent in for a month or week; the first sending counts, so that nobody becomes punctual afterwards."""
