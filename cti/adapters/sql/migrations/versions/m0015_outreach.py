"""Merchants' orders, and campaigns with their members."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import PlainJson, UtcInstant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "merchant_orders",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("merchant", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("work_order", sa.String(length=24), server_default="", nullable=False),
        sa.Column("record", PlainJson, nullable=False),
        sa.Column("opened", UtcInstant(), nullable=False),
        sa.Column("updated", UtcInstant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchant_orders")),
    )
    for columns in (["merchant", "opened"], ["state", "opened"], ["work_order"]):
        op.create_index(op.f(f"ix_merchant_orders_{'_'.join(columns)}"), "merchant_orders", columns, unique=False)
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("client", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("plan", PlainJson, nullable=False),
        sa.Column("drawn", PlainJson, nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_index(op.f("ix_campaigns_at"), "campaigns", ["at"], unique=False)
    op.create_table(
        "campaign_members",
        sa.Column("campaign", sa.String(length=32), nullable=False),
        sa.Column("nth", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=16), server_default="", nullable=False),
        sa.Column("result", PlainJson, nullable=False),
        sa.Column("who", sa.String(length=200), server_default="", nullable=False),
        sa.Column("at", UtcInstant(), nullable=True),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_campaign_members_campaign_campaigns")),
        sa.PrimaryKeyConstraint("campaign", "nth", name=op.f("pk_campaign_members")),
    )


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
