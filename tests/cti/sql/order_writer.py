"""A process that saves one draft after another and prints the number of each that it was told is saved."""

import asyncio
import sys
from pathlib import Path
from types import MappingProxyType

from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.sql.outbox_store import SqlOutboxStore
from cti.adapters.sql.spool_file import SpoolFile
from cti.adapters.sql.spooling import SpoolingStore
from ivr.call import CallId
from tests.fakes import NOON
from workorder.draft import Draft, Field, FieldName


async def main(url: str, folder: Path, first: int) -> None:
    database = Database(url)
    stores = SqlOrderStore(database), SqlCallStore(database), SqlOutboxStore(database)
    store = SpoolingStore(*stores, SpoolFile(folder))
    await store.drain()
    nth = first
    while True:
        call = CallId(f"hl-1763827200.{nth}")
        await store.save_draft(Draft(call, MappingProxyType({FieldName.TITLE: Field(f"第{nth}件")})), NOON)
        print(nth, flush=True)
        nth += 1


asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
