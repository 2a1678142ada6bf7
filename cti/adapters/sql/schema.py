"""The tables. A change here needs a migration; a test compares the two on both databases."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from cti.adapters.sql.types import PlainJson, SearchTerms, UtcInstant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_CALL_ID = String(80)
_BIG = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by itself only in an INTEGER column


def _call_key() -> Column[str]:
    return Column("call_id", _CALL_ID, ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True)


calls = Table(
    "calls",
    metadata,
    Column("id", _CALL_ID, primary_key=True),
    Column("caller", Text, nullable=False, server_default=""),
    Column("called", Text, nullable=False, server_default=""),
    Column("original_line", Text, nullable=False, server_default=""),
    Column("flow", Text, nullable=False, server_default=""),
    Column("path", PlainJson),
    Column("started", UtcInstant),
    Column("queued", UtcInstant),
    Column("answered", UtcInstant),
    Column("ended", UtcInstant),
    Column("queue", Text, nullable=False, server_default=""),
    Column("seat", Text, nullable=False, server_default=""),
    Column("outcome", Text, nullable=False, server_default=""),
    Column("their_id", String(64), nullable=False, server_default=""),
    Index(None, "started"),
    Index(None, "caller"),
    Index(None, "their_id"),
)

recordings = Table(
    "recordings",
    metadata,
    _call_key(),
    Column("part", String(16), primary_key=True),
    Column("file", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("rms_dbfs", Float, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("problem", Text, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    _call_key(),
    Column("nth", Integer, primary_key=True, autoincrement=False),
    Column("leg", String(16), nullable=False),
    Column("begun_s", Float, nullable=False),
    Column("ended_s", Float, nullable=False),
    Column("text", Text, nullable=False),
    Column("words", PlainJson, nullable=False),
    Column("is_final", Boolean, nullable=False),
)

callbacks = Table(
    "callbacks",
    metadata,
    _call_key(),
    Column("number", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked", UtcInstant, nullable=False),
    Column("variables", PlainJson, nullable=False),
    Column("is_done", Boolean, nullable=False, server_default=false()),
    Index(None, "is_done", "asked"),
)

surveys = Table(
    "surveys",
    metadata,
    _call_key(),
    Column("answers", PlainJson, nullable=False),
    Column("taken", UtcInstant, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("number", String(24), primary_key=True),
    Column("call_id", _CALL_ID, ForeignKey("calls.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("caller", Text, nullable=False),
    Column("request_type", Text, nullable=False),
    Column("category_1", Text, nullable=False),
    Column("category_2", Text, nullable=False),
    Column("category_3", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("event_time", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("draft", PlainJson, nullable=False),
    Column("created", UtcInstant, nullable=False),
    Column("updated", UtcInstant, nullable=False),
    Column("confirmed", UtcInstant),
    Column("confirmed_by", Text, nullable=False, server_default=""),
    Column("place_key", String(24), nullable=False, server_default=""),
    Column("touched", Integer, nullable=False, server_default="0"),
    Column("emergency_at", UtcInstant),
    UniqueConstraint("call_id"),
    Index(None, "created"),
    Index(None, "caller"),
    Index(None, "confirmed"),
    Index(None, "place_key"),
    Index(None, "emergency_at"),
)

order_links = Table(
    "order_links",
    metadata,
    Column("number", String(24), ForeignKey("orders.number"), primary_key=True),
    Column("other", String(24), ForeignKey("orders.number"), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("who", Text, nullable=False),
    Column("at", UtcInstant, nullable=False),
    Index(None, "other"),
)
"""`number` was linked to, or merged into, `other`."""

nuisance_marks = Table(
    "nuisance_marks",
    metadata,
    _call_key(),
    Column("caller", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcInstant, nullable=False),
    Index(None, "caller"),
)

vip_callers = Table(
    "vip_callers",
    metadata,
    Column("caller", String(32), primary_key=True),
    Column("who", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", UtcInstant, nullable=False),
)
"""Numbers whose callers are served with special care (重点服务对象), such as somebody who lives alone and is ill."""

transcript_index = Table(
    "transcript_index",
    metadata,
    Column("number", _BIG, primary_key=True, autoincrement=True),
    Column("call_id", _CALL_ID, ForeignKey("calls.id", ondelete="CASCADE"), nullable=False),
    Column("words", SearchTerms, nullable=False),
    Index(None, "call_id"),
)
"""What can be searched of the turns. The index over `words` (GIN, or FTS5 kept by triggers) is made by migration 2."""

audit = Table(
    "audit",
    metadata,
    Column("number", _BIG, primary_key=True, autoincrement=True),
    Column("at", UtcInstant, nullable=False),
    Column("who", Text, nullable=False),
    Column("role", String(40), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("detail", PlainJson, nullable=False),
    Index(None, "at"),
    Index(None, "subject"),
)
"""Who saw or changed what; rows are only ever added."""

order_serials = Table(
    "order_serials",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("last", Integer, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("number", _BIG, primary_key=True, autoincrement=True),
    Column("lane", Integer, nullable=False),
    Column("key", String(200), nullable=False),
    Column("topic", String(200), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("created", UtcInstant, nullable=False),
    Column("sent", UtcInstant),
    UniqueConstraint("key"),
    Index(
        "ix_outbox_waiting",
        "lane",
        "number",
        postgresql_where=Column("sent").is_(None),
        sqlite_where=Column("sent").is_(None),
    ),
    Index(None, "sent"),
)

outbox_lanes = Table(
    "outbox_lanes",
    metadata,
    Column("lane", Integer, primary_key=True, autoincrement=False),
    Column("holder", String(80), nullable=False, server_default=""),
    Column("until", UtcInstant),
)

city_packs = Table(
    "city_packs",
    metadata,
    Column("edition", String(120), primary_key=True),
    Column("text", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("kept", UtcInstant, nullable=False),
)

order_lives = Table(
    "order_lives",
    metadata,
    Column("number", String(24), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", String(40), nullable=False),
    Column("owner", String(120), nullable=False),
    Column("pack", String(120), nullable=False),
    Column("category", String(80), nullable=False),
    Column("opened", UtcInstant, nullable=False),
    Column("updated", UtcInstant, nullable=False),
    Column("due", UtcInstant),
    Column("channel", String(24), nullable=False, server_default="call"),
    Column("lead", String(120), nullable=False, server_default=""),
    Column("told", UtcInstant),
    Index(None, "owner", "state", "due"),
    Index(None, "state", "due"),
    Index(None, "opened"),
    Index(None, "category", "opened"),
    Index(None, "channel", "opened"),
)

order_events = Table(
    "order_events",
    metadata,
    Column("number", String(24), ForeignKey("order_lives.number"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcInstant, nullable=False),
    Column("move", String(40), nullable=False),
    Column("actor", String(120), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("event", Text, nullable=False),
    Index(None, "at"),
)

order_timers = Table(
    "order_timers",
    metadata,
    Column("number", String(24), ForeignKey("order_lives.number"), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("at", UtcInstant, primary_key=True),
    Column("is_wanted", Boolean, nullable=False),
    Column("fired", UtcInstant),
    Column("fired_by", String(80), nullable=False, server_default=""),
    Index(
        "ix_order_timers_waiting",
        "at",
        postgresql_where=Column("fired").is_(None),
        sqlite_where=Column("fired").is_(None),
    ),
)
