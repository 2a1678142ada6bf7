"""The register of cameras."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import PlainJson, UtcInstant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cameras",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("site", PlainJson, nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("wanted", PlainJson, nullable=True),
        sa.Column("wanted_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cameras")),
    )
    op.create_index(op.f("ix_cameras_owner"), "cameras", ["owner"], unique=False)


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
