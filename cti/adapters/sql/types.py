"""Column types that mean the same on both databases, and text that both can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, String, Text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.types import TypeDecorator, TypeEngine

PlainJson = JSON().with_variant(JSONB(), "postgresql")


class SearchTerms(TypeDecorator[Sequence[str]]):
    """Index terms in their order: `tsvector` on PostgreSQL, text with spaces (for FTS5) on SQLite. Never read back."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(TSVECTOR() if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "postgresql":
            return None if value is None else " ".join(value)
        places: dict[str, list[int]] = {}
        for place, term in enumerate(value, 1):  # its own parser would need a locale that knows hanzi
            places.setdefault(term, []).append(place)
        return " ".join(f"'{term}':{','.join(map(str, at[:_MOST_PLACES]))}" for term, at in places.items())

    def process_result_value(self, value: Any, dialect: Dialect) -> Sequence[str] | None:
        raise NotImplementedError("index terms are only asked for by a query")


_MOST_PLACES = 255
"""PostgreSQL keeps no more positions of one term."""


class UtcInstant(TypeDecorator[datetime]):
    """An aware instant: `timestamptz` on PostgreSQL, text in UTC of constant width (so that it sorts) on SQLite."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(32))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone cannot be stored")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # fixed by SQLAlchemy
        if value is None:
            return None
        found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return found.astimezone(UTC)


def storable(text: str) -> str:
    """Return `text` without what PostgreSQL refuses: NUL goes, lone surrogates become `?`."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def storable_json(value: object) -> Any:
    """Return plain JSON values with every text made storable."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): storable_json(entry) for key, entry in value.items()}
    if isinstance(value, Sequence):
        return [storable_json(entry) for entry in value]
    return value
