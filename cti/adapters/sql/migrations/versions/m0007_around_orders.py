"""Around orders: their units, files, exports, alerts and sealed content; and the knowledge base."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import PlainJson, UtcInstant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("order_lives") as lives:
        lives.add_column(sa.Column("channel", sa.String(length=24), server_default="call", nullable=False))
        lives.add_column(sa.Column("lead", sa.String(length=120), server_default="", nullable=False))
        lives.add_column(sa.Column("told", UtcInstant(), nullable=True))
    op.create_index(op.f("ix_order_lives_opened"), "order_lives", ["opened"], unique=False)
    op.create_table(
        "order_units",
        sa.Column("unit", sa.String(length=120), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["order_lives.number"], name=op.f("fk_order_units_number")),
        sa.PrimaryKeyConstraint("unit", "number", name=op.f("pk_order_units")),
    )
    op.create_index(op.f("ix_order_units_number"), "order_units", ["number"], unique=False)
    op.create_table(
        "order_files",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media", sa.String(length=80), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=120), server_default="", nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_files")),
    )
    op.create_index(op.f("ix_order_files_number"), "order_files", ["number"], unique=False)
    op.create_table(
        "exports",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("wanted", PlainJson, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("asked", UtcInstant(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("decided_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column("decided", UtcInstant(), nullable=True),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("taken", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index(op.f("ix_exports_state_asked"), "exports", ["state", "asked"], unique=False)
    op.create_table(
        "sealed_orders",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("key_name", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("readers", PlainJson, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_sealed_orders")),
    )
    op.create_table(
        "hot_alerts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("numbers", PlainJson, nullable=False),
        sa.Column("raised", UtcInstant(), nullable=False),
        sa.Column("grown", UtcInstant(), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column("acknowledged", UtcInstant(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hot_alerts")),
    )
    op.create_index(op.f("ix_hot_alerts_raised"), "hot_alerts", ["raised"], unique=False)
    op.create_table(
        "articles",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(length=120), nullable=False),
        sa.Column("category", sa.Text(), server_default="", nullable=False),
        sa.Column("review_by", sa.Date(), nullable=False),
        sa.Column("is_public", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("used", sa.Integer(), server_default="0", nullable=False),
        sa.Column("submitted_by", sa.String(length=200), nullable=False),
        sa.Column("submitted", UtcInstant(), nullable=False),
        sa.Column("decided_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column("decided", UtcInstant(), nullable=True),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
    )
    op.create_index(op.f("ix_articles_state_review_by"), "articles", ["state", "review_by"], unique=False)
    op.create_index(op.f("ix_articles_unit"), "articles", ["unit"], unique=False)


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
