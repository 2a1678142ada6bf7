"""Published versions of the flows, queues, holidays and words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import PlainJson, UtcInstant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "file_versions",
        sa.Column("shelf", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=16), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("back_to", sa.Integer(), nullable=False),
        sa.Column("files", PlainJson, nullable=False),
        sa.PrimaryKeyConstraint("shelf", "number", name=op.f("pk_file_versions")),
    )


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
