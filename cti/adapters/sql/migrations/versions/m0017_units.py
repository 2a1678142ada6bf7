"""Units' systems: their heartbeats and moves, requests handed to other cities' services; what else is sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import PlainJson, UtcInstant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unit_beats",
        sa.Column("unit", sa.String(length=120), nullable=False),
        sa.Column("slot", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("unit", "slot", name=op.f("pk_unit_beats")),
    )
    op.create_table(
        "partner_moves",
        sa.Column("partner", sa.String(length=60), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", PlainJson, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("partner", "id", name=op.f("pk_partner_moves")),
    )
    op.create_table(
        "outside_requests",
        sa.Column("partner", sa.String(length=60), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("token", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("request_id", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("status", sa.String(length=24), nullable=False, server_default=""),
        sa.Column("notes", sa.Text(), nullable=False, server_default=""),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("next_try", UtcInstant(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("partner", "number", name=op.f("pk_outside_requests")),
    )
    op.create_index(op.f("ix_outside_requests_next_try"), "outside_requests", ["next_try"], unique=False)
    op.create_table(
        "order_identities",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("key_name", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("verified_by", sa.String(length=80), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_order_identities")),
    )
    op.create_table(
        "sealed_events",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_name", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", "seq", name=op.f("pk_sealed_events")),
    )
    op.create_index(op.f("ix_sealed_events_key_name"), "sealed_events", ["key_name"], unique=False)
    op.add_column("order_files", sa.Column("key_name", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("quality_reviews", sa.Column("complaint", sa.String(length=24), nullable=False, server_default=""))


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
