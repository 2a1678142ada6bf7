"""The few statements that several stores share, written for both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.schema import calls, outbox
from ivr.call import CallId
from workorder.envelope import Envelope
from workorder.outbox import lane_of


async def insert_new(connection: AsyncConnection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose keys are not there yet; the others stay as they are."""
    if rows:
        await connection.execute(_insert(connection, table).on_conflict_do_nothing(), rows)


async def put_row(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> None:
    """Insert one row, or replace the given columns of the one with its primary key."""
    keys = [column.name for column in table.primary_key]
    statement = _insert(connection, table).values(row)
    changed = {name: statement.excluded[name] for name in row if name not in keys}
    await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


async def next_serial(connection: AsyncConnection, table: Table, day: str) -> int:
    """Count up the day's serial and return it; the row stays locked until the transaction ends."""
    statement = _insert(connection, table).values(day=day, last=1)
    counted = statement.on_conflict_do_update(index_elements=["day"], set_={"last": table.c.last + 1})
    return int((await connection.execute(counted.returning(table.c.last))).scalar_one())


async def ensure_call(connection: AsyncConnection, call: CallId) -> None:
    """Make sure there is a row that others may refer to, should the call itself be saved later."""
    await insert_new(connection, calls, [{"id": call}])


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


def _insert(connection: AsyncConnection, table: Table) -> Any:
    """Both dialects have the same upsert, under two names and without a common type."""
    return (sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert)(table)
