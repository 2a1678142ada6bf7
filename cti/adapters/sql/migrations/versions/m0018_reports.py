"""Reports drafted and kept, and the information that units send in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import PlainJson, UtcInstant

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_drafts",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("report", PlainJson, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("made", UtcInstant(), nullable=False),
        sa.Column("made_by", sa.String(length=200), nullable=False),
        sa.Column("issued_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column("issued", UtcInstant(), nullable=True),
        sa.PrimaryKeyConstraint("name", "since", "until", name=op.f("pk_report_drafts")),
    )
    op.create_table(
        "information",
        sa.Column("unit", sa.String(length=120), nullable=False),
        sa.Column("duty", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("unit", "duty", "period", name=op.f("pk_information")),
    )


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
