"""The tables around orders: who has them, their files, exports, alerts, sealed content; and the knowledge base."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, false

from cti.adapters.sql.schema import metadata
from cti.adapters.sql.types import PlainJson, UtcInstant

order_units = Table(
    "order_units",
    metadata,
    Column("unit", String(120), primary_key=True),
    Column("number", String(24), ForeignKey("order_lives.number"), primary_key=True),
    Column("role", String(16), nullable=False),
    Index(None, "number"),
)
"""The units that work on an order now: one leads, others assist. Who no longer does is no longer here."""

order_files = Table(
    "order_files",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", String(24), nullable=False),
    Column("name", Text, nullable=False),
    Column("media", String(80), nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("who", String(200), nullable=False),
    Column("unit", String(120), nullable=False, server_default=""),
    Column("at", UtcInstant, nullable=False),
    Column("key_name", String(40), nullable=False, server_default=""),
    Index(None, "number"),
)
"""What was attached to an order; the content lies in a file, encrypted when there is a `key_name`."""

exports = Table(
    "exports",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("what", String(40), nullable=False),
    Column("wanted", PlainJson, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_by", String(200), nullable=False),
    Column("asked", UtcInstant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_by", String(200), nullable=False, server_default=""),
    Column("decided", UtcInstant),
    Column("why", Text, nullable=False, server_default=""),
    Column("taken", Integer, nullable=False, server_default="0"),
    Index(None, "state", "asked"),
)
"""What somebody wishes to take out of the house, and who let them: waiting, approved or refused."""

sealed_orders = Table(
    "sealed_orders",
    metadata,
    Column("number", String(24), primary_key=True),
    Column("key_name", String(40), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("readers", PlainJson, nullable=False),
    Column("at", UtcInstant, nullable=False),
)
"""The content of sensitive orders, encrypted; `readers` are the people named to handle each."""

hot_alerts = Table(
    "hot_alerts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("title", Text, nullable=False),
    Column("numbers", PlainJson, nullable=False),
    Column("raised", UtcInstant, nullable=False),
    Column("grown", UtcInstant, nullable=False),
    Column("acknowledged_by", String(200), nullable=False, server_default=""),
    Column("acknowledged", UtcInstant),
    Column("note", Text, nullable=False, server_default=""),
    Index(None, "raised"),
)
"""Bursts and critical classes of requests, each told once and acknowledged by somebody."""

articles = Table(
    "articles",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("unit", String(120), nullable=False),
    Column("category", Text, nullable=False, server_default=""),
    Column("review_by", Date, nullable=False),
    Column("is_public", Boolean, nullable=False, server_default=false()),
    Column("used", Integer, nullable=False, server_default="0"),
    Column("submitted_by", String(200), nullable=False),
    Column("submitted", UtcInstant, nullable=False),
    Column("decided_by", String(200), nullable=False, server_default=""),
    Column("decided", UtcInstant),
    Column("why", Text, nullable=False, server_default=""),
    Index(None, "state", "review_by"),
    Index(None, "unit"),
)
"""The knowledge base: what an agent may answer with, whose it is, and until when somebody must look at it again."""

publications = Table(
    "publications",
    metadata,
    Column("number", String(24), primary_key=True),
    Column("exclusion", String(24), nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("unit", String(120), nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", UtcInstant, nullable=False),
    Index(None, "exclusion", "at"),
)
"""What everybody may read of an order; with an exclusion, that nobody may."""

order_marks = Table(
    "order_marks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", String(24), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("code", String(80), nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", UtcInstant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reviewer", String(200), nullable=False, server_default=""),
    Column("reviewed", UtcInstant),
    Column("finding", Text, nullable=False, server_default=""),
    Column("conditions", PlainJson, nullable=False),
    Index(None, "number"),
    Index(None, "kind", "state"),
)
"""What people noted of orders beside their course, and what became of each note."""

cameras = Table(
    "cameras",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", String(120), nullable=False),
    Column("site", PlainJson, nullable=False),
    Column("by", String(200), nullable=False),
    Column("at", UtcInstant, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("wanted", PlainJson),
    Column("wanted_by", String(200), nullable=False, server_default=""),
    Column("why", Text, nullable=False, server_default=""),
    Index(None, "owner"),
)
"""The register of cameras, each with the change that waits for approval."""
