"""Orders found by words among a million: in PostgreSQL an index over the pairs of neighbouring characters.

`order_words` is computed by the database, so whoever writes or seals an order keeps the index true. Words are found in
the first 2000 characters; an order is told in far fewer, and what is pasted in must not cost minutes.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_PAIRS = """
CREATE FUNCTION order_words(told text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 1000 AS $$
    SELECT array_agg(DISTINCT substr(first.told, at, 2))
    FROM (SELECT left(told, 2000) AS told) AS first, generate_series(1, greatest(length(first.told) - 1, 1)) AS at
$$
"""
_INDEX = """
CREATE INDEX order_words_gin ON orders
USING gin (order_words(title || E'\\n' || place || E'\\n' || summary)) WITH (fastupdate = off)
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_PAIRS)
        op.execute(_INDEX)
        op.execute("ANALYZE orders")  # else nobody knows how frequent each pair is


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
