"""When the first emergency of a call was noticed: the report of a day finds its orders by it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import UtcInstant

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("emergency_at", UtcInstant(), nullable=True))
    op.create_index(op.f("ix_orders_emergency_at"), "orders", ["emergency_at"], unique=False)


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
