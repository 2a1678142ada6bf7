"""The outbox in SQL: relays hold lanes by a lease, and empty each lane in the order of writing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import outbox, outbox_lanes
from cti.adapters.sql.statements import put_envelopes
from workorder.envelope import Envelope
from workorder.outbox import OutboxRow


class SqlOutboxStore:
    """`OutboxStore` on either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, *envelopes: Envelope) -> None:
        await self._database.write("写入待发消息", lambda connection: put_envelopes(connection, envelopes))

    async def claim(self, relay: str, limit: int, now: datetime, lease_seconds: float) -> tuple[OutboxRow, ...]:
        """See OutboxStore. Lanes that another relay is claiming at this moment are skipped, not waited for."""

        async def work(connection: AsyncConnection) -> tuple[OutboxRow, ...]:
            c = outbox_lanes.c
            ours_or_free = or_(c.holder == relay, c.until.is_(None), c.until < now)
            free = select(c.lane).where(ours_or_free).with_for_update(skip_locked=True)
            lanes = (await connection.execute(free)).scalars().all()
            if not lanes:
                return ()
            until = now + timedelta(seconds=lease_seconds)
            await connection.execute(
                update(outbox_lanes).where(c.lane.in_(lanes)).values(holder=relay, until=until),
            )
            return await _oldest(connection, lanes, limit)

        return await self._database.write("领取待发消息", work)

    async def mark_sent(self, numbers: Sequence[int], at: datetime) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(update(outbox).where(outbox.c.number.in_(numbers)).values(sent=at))

        if numbers:
            await self._database.write("标记消息已发送", work)

    async def send_again(self, relay: str, seconds: float) -> int:
        async def work(connection: AsyncConnection) -> int:
            ours = outbox.c.lane.in_(select(outbox_lanes.c.lane).where(outbox_lanes.c.holder == relay))
            last = (
                await connection.execute(
                    select(outbox.c.sent)
                    .where(ours, outbox.c.sent.is_not(None))
                    .order_by(outbox.c.sent.desc())
                    .limit(1)
                )
            ).scalar_one_or_none()
            if last is None:
                return 0
            since = last - timedelta(seconds=seconds)
            done = await connection.execute(update(outbox).where(ours, outbox.c.sent >= since).values(sent=None))
            return int(done.rowcount)

        return await self._database.write("重新发送消息", work)

    async def release(self, relay: str) -> None:
        async def work(connection: AsyncConnection) -> None:
            mine = update(outbox_lanes).where(outbox_lanes.c.holder == relay)
            await connection.execute(mine.values(holder="", until=None))

        await self._database.write("交还待发消息", work)

    async def waiting(self) -> int:
        async def work(connection: AsyncConnection) -> int:
            query = select(func.count()).select_from(outbox).where(outbox.c.sent.is_(None))
            return int((await connection.execute(query)).scalar_one())

        return await self._database.read("查询待发消息", work)

    async def prune(self, before: datetime) -> int:
        async def work(connection: AsyncConnection) -> int:
            return int((await connection.execute(delete(outbox).where(outbox.c.sent < before))).rowcount)

        return await self._database.write("清理已发消息", work)


async def _oldest(connection: AsyncConnection, lanes: Sequence[int], limit: int) -> tuple[OutboxRow, ...]:
    query = (
        select(outbox.c.number, outbox.c.lane, outbox.c.key, outbox.c.topic, outbox.c.payload)
        .where(outbox.c.sent.is_(None), outbox.c.lane.in_(lanes))
        .order_by(outbox.c.number)
        .limit(limit)
    )
    rows = await connection.execute(query)
    return tuple(OutboxRow(row.number, row.lane, row.key, row.topic, bytes(row.payload)) for row in rows)
