"""The tables of units' systems: heartbeats, moves they made, requests handed to services of others, identities."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from cti.adapters.sql.schema import metadata
from cti.adapters.sql.types import PlainJson, UtcInstant

unit_beats = Table(
    "unit_beats",
    metadata,
    Column("unit", String(120), primary_key=True),
    Column("slot", UtcInstant, primary_key=True),
)
"""In which stretches of time a unit's system was heard of."""

partner_moves = Table(
    "partner_moves",
    metadata,
    Column("partner", String(60), primary_key=True),
    Column("id", String(80), primary_key=True),
    Column("body_sha256", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", PlainJson, nullable=False),
    Column("at", UtcInstant, nullable=False),
)
"""What a unit's system asked for, by its own id, and our answer: asked twice, it is done once."""

outside_requests = Table(
    "outside_requests",
    metadata,
    Column("partner", String(60), primary_key=True),
    Column("number", String(24), primary_key=True),
    Column("token", String(200), nullable=False, server_default=""),
    Column("request_id", String(200), nullable=False, server_default=""),
    Column("status", String(24), nullable=False, server_default=""),
    Column("notes", Text, nullable=False, server_default=""),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("next_try", UtcInstant, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Index(None, "next_try"),
)
"""Orders that another city's Open311 service handles: their ids there, how they stand, and when to ask again."""

order_identities = Table(
    "order_identities",
    metadata,
    Column("number", String(24), primary_key=True),
    Column("key_name", String(40), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("is_verified", Boolean, nullable=False),
    Column("verified_by", String(80), nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", UtcInstant, nullable=False),
)
"""Who asked, by the real name (实名): the papers encrypted, and whether somebody verified them."""

sealed_events = Table(
    "sealed_events",
    metadata,
    Column("number", String(24), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("key_name", String(40), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "key_name"),
)
"""The words of the events of sensitive orders, encrypted; the event itself keeps what is needed to handle it."""
