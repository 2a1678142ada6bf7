"""The digital-city centre: cases, costs, collectors on duty and their tracks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import PlainJson, UtcInstant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "city_cases",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("matter", sa.String(length=80), nullable=False),
        sa.Column("hotline_order", sa.String(length=24), nullable=True),
        sa.Column("collector", sa.String(length=40), server_default="", nullable=False),
        sa.Column("asset", sa.String(length=40), server_default="", nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("grid", sa.String(length=40), server_default="", nullable=False),
        sa.Column("unit", sa.String(length=120), server_default="", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("catalogue", sa.String(length=120), nullable=False),
        sa.Column("solve_first", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("checklist", PlainJson, nullable=False),
        sa.Column("reported", UtcInstant(), nullable=False),
        sa.Column("filed", UtcInstant(), nullable=True),
        sa.Column("filed_by", sa.String(length=200), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_city_cases")),
        sa.UniqueConstraint("hotline_order", name=op.f("uq_city_cases_hotline_order")),
    )
    op.create_index(op.f("ix_city_cases_reported"), "city_cases", ["reported"], unique=False)
    op.create_index(op.f("ix_city_cases_collector_reported"), "city_cases", ["collector", "reported"], unique=False)
    op.create_table(
        "city_costs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("fen", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(length=120), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_city_costs")),
    )
    op.create_index(op.f("ix_city_costs_number"), "city_costs", ["number"], unique=False)
    op.create_table(
        "collector_duties",
        sa.Column("collector", sa.String(length=40), nullable=False),
        sa.Column("began", UtcInstant(), nullable=False),
        sa.Column("ended", UtcInstant(), nullable=True),
        sa.Column("notice", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("collector", "began", name=op.f("pk_collector_duties")),
    )
    op.create_table(
        "collector_tracks",
        sa.Column("collector", sa.String(length=40), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("accuracy", sa.Float(), nullable=False),
        sa.Column("grid", sa.String(length=40), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("collector", "at", name=op.f("pk_collector_tracks")),
    )
    op.create_index(op.f("ix_collector_tracks_at"), "collector_tracks", ["at"], unique=False)


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
