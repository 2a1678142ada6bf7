"""Quality checks: draws without bias, and judgements of calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import PlainJson, UtcInstant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quality_draws",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("wanted", PlainJson, nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("calls", PlainJson, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_draws")),
    )
    op.create_index(op.f("ix_quality_draws_at"), "quality_draws", ["at"], unique=False)
    op.create_table(
        "quality_reviews",
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("seat", sa.Text(), nullable=False),
        sa.Column("form", sa.Integer(), nullable=False),
        sa.Column("marks", PlainJson, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("remark", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_quality_reviews_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "who", name=op.f("pk_quality_reviews")),
    )
    op.create_index(op.f("ix_quality_reviews_at"), "quality_reviews", ["at"], unique=False)
    op.create_index(op.f("ix_quality_reviews_seat"), "quality_reviews", ["seat"], unique=False)


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
