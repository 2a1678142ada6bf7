"""Accounts of those who sign in to the pages, and the browsers that did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import PlainJson, UtcInstant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("roles", PlainJson, nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("usual_seat", sa.String(length=8), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("created", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_accounts")),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("seat", sa.String(length=8), nullable=False),
        sa.Column("opened", UtcInstant(), nullable=False),
        sa.Column("used", UtcInstant(), nullable=False),
        sa.Column("ends", UtcInstant(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["accounts.name"], name=op.f("fk_sessions_name"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_name"), "sessions", ["name"], unique=False)
    op.create_index(op.f("ix_sessions_used"), "sessions", ["used"], unique=False)


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
