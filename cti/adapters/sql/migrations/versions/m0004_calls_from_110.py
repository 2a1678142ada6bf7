"""The id under which 110 knows a call that it sent to us."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("their_id", sa.String(length=64), server_default="", nullable=False))
    op.create_index(op.f("ix_calls_their_id"), "calls", ["their_id"], unique=False)


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
