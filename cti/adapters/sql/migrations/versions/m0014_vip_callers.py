"""Callers who are served with special care."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import UtcInstant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "vip_callers",
        sa.Column("caller", sa.String(length=32), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("caller", name=op.f("pk_vip_callers")),
    )


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
