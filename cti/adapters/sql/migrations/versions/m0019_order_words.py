"""Orders found by words among a million: in PostgreSQL an index over the pairs of neighbouring characters.

`order_words` is computed by the database, so whoever writes or seals an order keeps the index true.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_PAIRS = """
CREATE FUNCTION order_words(told text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
    SELECT array_agg(DISTINCT substr(told, at, 2)) FROM generate_series(1, greatest(length(told) - 1, 1)) AS at
$$
"""
_INDEX = """
CREATE INDEX order_words_gin ON orders
USING gin (order_words(title || E'\\n' || summary || E'\\n' || place)) WITH (fastupdate = off)
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_PAIRS)
        op.execute(_INDEX)
        op.execute("ANALYZE orders")  # else nobody knows how frequent each pair is


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
