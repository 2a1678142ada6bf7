"""Notes on orders: untrue, not really done, violations, abuse; each with its review."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import PlainJson, UtcInstant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_marks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reviewer", sa.String(length=200), server_default="", nullable=False),
        sa.Column("reviewed", UtcInstant(), nullable=True),
        sa.Column("finding", sa.Text(), server_default="", nullable=False),
        sa.Column("conditions", PlainJson, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_marks")),
    )
    op.create_index(op.f("ix_order_marks_number"), "order_marks", ["number"], unique=False)
    op.create_index(op.f("ix_order_marks_kind_state"), "order_marks", ["kind", "state"], unique=False)


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
