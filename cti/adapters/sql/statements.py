"""The few statements that several stores share, written for both databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.schema import calls, order_serials, outbox
from ivr.call import CallId
from workorder.envelope import Envelope
from workorder.outbox import lane_of


async def insert_new(connection: AsyncConnection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose keys are not there yet; the others stay as they are."""
    if rows:
        # One row as a list of one would go the way of many, which costs PostgreSQL a round trip more.
        await connection.execute(_insert_new(connection.dialect.name, table), rows[0] if len(rows) == 1 else rows)


async def insert_first(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> bool:
    """Insert the row unless its key is there; whether it was inserted. Of two at once exactly one hears yes."""
    done = await connection.execute(_insert_first(connection.dialect.name, table), row)
    return done.first() is not None


async def put_row(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> None:
    """Insert one row, or replace the given columns of the one with its primary key."""
    await connection.execute(_put_row(connection.dialect.name, table, tuple(row)), row)


async def next_serial(connection: AsyncConnection, day: str) -> int:
    """Count up the day's order serial and return it; the row stays locked until the transaction ends."""
    counted = await connection.execute(_next_serial(connection.dialect.name), {"day": day, "last": 1})
    return int(counted.scalar_one())


async def ensure_call(connection: AsyncConnection, call: CallId) -> None:
    """Make sure there is a row that others may refer to, should the call itself be saved later, and hold it.

    Two writers of one call stand in line here until the first one's transaction ends.
    """
    if connection.dialect.name == "sqlite":
        await insert_new(connection, calls, [{"id": call}])  # its one writer stands in no line
    else:
        await put_row(connection, calls, {"id": call})


async def put_envelopes(connection: AsyncConnection, envelopes: Sequence[Envelope]) -> None:
    """Lay envelopes into the outbox, in the order given; keys known already are left out."""
    await insert_new(
        connection,
        outbox,
        [
            {
                "lane": lane_of(envelope.stream),
                "key": envelope.key,
                "topic": envelope.topic,
                "payload": envelope.encode(),
                "created": envelope.at,
            }
            for envelope in envelopes
        ],
    )


# Building a statement costs more than running it, so each is built once.


@cache
def _insert_new(dialect: str, table: Table) -> Any:
    return _INSERTS[dialect](table).on_conflict_do_nothing()


@cache
def _insert_first(dialect: str, table: Table) -> Any:
    return _insert_new(dialect, table).returning(*table.primary_key.columns)


@cache
def _put_row(dialect: str, table: Table, names: tuple[str, ...]) -> Any:
    keys = [column.name for column in table.primary_key]
    statement = _INSERTS[dialect](table)
    # A row of keys alone is written over with itself, which locks it.
    changed = [name for name in names if name not in keys] or keys
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in changed}
    )


@cache
def _next_serial(dialect: str) -> Any:
    last = order_serials.c.last
    statement = _INSERTS[dialect](order_serials)
    return statement.on_conflict_do_update(index_elements=["day"], set_={"last": last + 1}).returning(last)


_INSERTS: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""Both dialects have the same upsert, under two names and without a common type."""
