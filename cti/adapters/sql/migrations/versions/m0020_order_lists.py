"""Lists of orders by category and by channel, the newest first, without reading a million of them."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("category", "channel"):
        op.create_index(op.f(f"ix_order_lives_{column}_opened"), "order_lives", [column, "opened"], unique=False)


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
