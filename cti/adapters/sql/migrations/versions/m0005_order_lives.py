"""Orders live: their histories, what they add up to, their timers, and the editions of the cities' rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import UtcInstant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "city_packs",
        sa.Column("edition", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kept", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("edition", name=op.f("pk_city_packs")),
    )
    op.create_table(
        "order_lives",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("pack", sa.String(length=120), nullable=False),
        sa.Column("category", sa.String(length=80), nullable=False),
        sa.Column("opened", UtcInstant(), nullable=False),
        sa.Column("updated", UtcInstant(), nullable=False),
        sa.Column("due", UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_order_lives")),
    )
    op.create_index(op.f("ix_order_lives_owner_state_due"), "order_lives", ["owner", "state", "due"], unique=False)
    op.create_index(op.f("ix_order_lives_state_due"), "order_lives", ["state", "due"], unique=False)
    op.create_table(
        "order_events",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("move", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["order_lives.number"], name=op.f("fk_order_events_number")),
        sa.PrimaryKeyConstraint("number", "seq", name=op.f("pk_order_events")),
    )
    op.create_index(op.f("ix_order_events_at"), "order_events", ["at"], unique=False)
    op.create_table(
        "order_timers",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        sa.Column("fired", UtcInstant(), nullable=True),
        sa.Column("fired_by", sa.String(length=80), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["number"], ["order_lives.number"], name=op.f("fk_order_timers_number")),
        sa.PrimaryKeyConstraint("number", "name", "at", name=op.f("pk_order_timers")),
    )
    op.create_index(
        "ix_order_timers_waiting",
        "order_timers",
        ["at"],
        unique=False,
        postgresql_where=sa.text("fired IS NULL"),
        sqlite_where=sa.text("fired IS NULL"),
    )


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
