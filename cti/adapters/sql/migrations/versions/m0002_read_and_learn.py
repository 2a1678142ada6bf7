"""Orders that are confirmed, linked and merged; who read what; transcripts that can be searched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cti.adapters.sql.types import PlainJson, SearchTerms, UtcInstant
from workorder.search_words import chunks

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FTS5 = (
    "CREATE VIRTUAL TABLE transcript_words USING fts5("
    "words, content='transcript_index', content_rowid='number', tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER transcript_words_in AFTER INSERT ON transcript_index BEGIN"
    " INSERT INTO transcript_words (rowid, words) VALUES (new.number, new.words); END",
    "CREATE TRIGGER transcript_words_out AFTER DELETE ON transcript_index BEGIN"
    " INSERT INTO transcript_words (transcript_words, rowid, words) VALUES ('delete', old.number, old.words); END",
)
_GIN = "CREATE INDEX transcript_words_gin ON transcript_index USING gin (words) WITH (fastupdate = off)"


def upgrade() -> None:
    op.add_column("orders", sa.Column("confirmed", UtcInstant(), nullable=True))
    op.add_column("orders", sa.Column("confirmed_by", sa.Text(), server_default="", nullable=False))
    op.add_column("orders", sa.Column("place_key", sa.String(length=24), server_default="", nullable=False))
    op.add_column("orders", sa.Column("touched", sa.Integer(), server_default="0", nullable=False))
    op.create_index(op.f("ix_orders_confirmed"), "orders", ["confirmed"], unique=False)
    op.create_index(op.f("ix_orders_place_key"), "orders", ["place_key"], unique=False)
    op.create_table(
        "order_links",
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("other", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["orders.number"], name=op.f("fk_order_links_number")),
        sa.ForeignKeyConstraint(["other"], ["orders.number"], name=op.f("fk_order_links_other")),
        sa.PrimaryKeyConstraint("number", "other", name=op.f("pk_order_links")),
    )
    op.create_index(op.f("ix_order_links_other"), "order_links", ["other"], unique=False)
    op.create_table(
        "nuisance_marks",
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_nuisance_marks_call_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_nuisance_marks")),
    )
    op.create_index(op.f("ix_nuisance_marks_caller"), "nuisance_marks", ["caller"], unique=False)
    op.create_table(
        "audit",
        sa.Column("number", _BIG, autoincrement=True, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("detail", PlainJson, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"], unique=False)
    index = op.create_table(
        "transcript_index",
        sa.Column("number", _BIG, autoincrement=True, nullable=False),
        sa.Column("call_id", sa.String(length=80), nullable=False),
        sa.Column("words", SearchTerms(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_transcript_index_call_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_transcript_index")),
    )
    op.create_index(op.f("ix_transcript_index_call_id"), "transcript_index", ["call_id"], unique=False)
    for statement in (_GIN,) if op.get_bind().dialect.name == "postgresql" else _FTS5:
        op.execute(statement)
    _index_what_is_there(index)


def _index_what_is_there(index: sa.Table) -> None:
    """Make the calls of before searchable, oldest first."""
    bind = op.get_bind()
    calls = bind.execute(sa.text("SELECT id FROM calls ORDER BY started, id")).scalars().all()
    said = sa.text("SELECT text FROM turns WHERE call_id = :call ORDER BY nth")
    for call in calls:
        texts = bind.execute(said, {"call": call}).scalars().all()
        for words in chunks(texts):
            bind.execute(index.insert(), {"call_id": call, "words": words})


def downgrade() -> None:
    """There is no way back: take a copy of the database before an upgrade."""
    raise NotImplementedError
