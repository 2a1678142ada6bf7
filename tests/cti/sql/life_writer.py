"""A process that opens, accepts and dispatches one order after another, and fires timers in between; prints each."""

import asyncio
import sys
from datetime import timedelta

from cti.adapters.sql.database import Database
from cti.adapters.sql.life_store import SqlLifeStore
from tests.workorder.life.packs import AGENT, BEGUN, CALENDAR, FOLDER, WATER, pack_of
from workorder.life import actions as a
from workorder.order import OrderNumber

EDITION = pack_of("suqian").edition


def number_of(nth: int) -> OrderNumber:
    return OrderNumber(f"WO20261120-{nth:06d}")


async def main(url: str, first: int) -> None:
    database = Database(url)
    store = SqlLifeStore(database, lambda: CALENDAR)
    await store.keep_pack((FOLDER / "suqian.yaml").read_text(encoding="utf-8"), BEGUN)
    nth = first
    while True:
        number, at = number_of(nth), BEGUN + timedelta(minutes=nth)
        await store.open(a.Open(EDITION, "sudden"), AGENT, at, number)
        await store.act(number, a.Accept(), AGENT, at)
        await store.act(number, a.Dispatch(WATER), AGENT, at)
        print(nth, flush=True)
        await store.fire("writer", at + timedelta(minutes=5), limit=5)
        nth += 1


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
