"""The tables of the digital-city centre (数字城管): cases, their costs, collectors on duty and their tracks."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, String, Table, Text, UniqueConstraint, false

from cti.adapters.sql.schema import metadata
from cti.adapters.sql.types import PlainJson, UtcInstant

city_cases = Table(
    "city_cases",
    metadata,
    Column("number", String(24), primary_key=True),
    Column("source", String(16), nullable=False),
    Column("matter", String(80), nullable=False),
    Column("hotline_order", String(24)),
    Column("collector", String(40), nullable=False, server_default=""),
    Column("asset", String(40), nullable=False, server_default=""),
    Column("lon", Float),
    Column("lat", Float),
    Column("grid", String(40), nullable=False, server_default=""),
    Column("unit", String(120), nullable=False, server_default=""),
    Column("why", Text, nullable=False, server_default=""),
    Column("catalogue", String(120), nullable=False),
    Column("solve_first", Boolean, nullable=False, server_default=false()),
    Column("checklist", PlainJson, nullable=False),
    Column("reported", UtcInstant, nullable=False),
    Column("filed", UtcInstant),
    Column("filed_by", String(200), nullable=False, server_default=""),
    UniqueConstraint("hotline_order"),
    Index(None, "reported"),
    Index(None, "collector", "reported"),
)
"""What the centre knows of an order beyond its life: who found it, which matter, where, whose, by which catalogue."""

city_costs = Table(
    "city_costs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", String(24), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("fen", BigInteger, nullable=False),
    Column("unit", String(120), nullable=False),
    Column("note", Text, nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", UtcInstant, nullable=False),
    Index(None, "number"),
)
"""Money of cases that were solved first: advanced by somebody, later paid by whose duty it was. In fen."""

collector_duties = Table(
    "collector_duties",
    metadata,
    Column("collector", String(40), primary_key=True),
    Column("began", UtcInstant, primary_key=True),
    Column("ended", UtcInstant),
    Column("notice", String(40), nullable=False),
)
"""When a collector was on duty, and which edition of the privacy notice they were shown and agreed to."""

collector_tracks = Table(
    "collector_tracks",
    metadata,
    Column("collector", String(40), primary_key=True),
    Column("at", UtcInstant, primary_key=True),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("accuracy", Float, nullable=False),
    Column("grid", String(40), nullable=False, server_default=""),
    Index(None, "at"),
)
"""Where a collector was while on duty; kept as many days as the roster says."""
