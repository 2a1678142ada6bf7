"""While the database is away every acknowledged write waits on the disk, and comes into the database in order."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from types import MappingProxyType

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.sql.outbox_store import SqlOutboxStore
from cti.adapters.sql.spool_file import SpoolFile
from cti.adapters.sql.spooling import SpoolingStore
from cti.adapters.sql.writes import SaveCall, SaveDraft, SaveTurns, from_plain, to_plain
from ivr.call import CallId, Leg, PhoneNumber
from ivr.errors import StoreAwayError, StoreError, StoreRefusedError
from ivr.ports import Heard, HeardWord
from tests.fakes import NOON, FakeCallStore, FakeDatabase, FakeOrderStore, FakeOutboxStore
from workorder.call_record import CallRecord
from workorder.draft import Draft, Field, FieldName
from workorder.envelope import call_event
from workorder.order import WorkOrder

CALL = CallId("hl-1763827200.12")


def draft(title: str, call: CallId = CALL) -> Draft:
    return Draft(call, MappingProxyType({FieldName.TITLE: Field(title)}))


def spooling(folder: Path, database: FakeDatabase) -> tuple[SpoolingStore, SpoolFile]:
    spool = SpoolFile(folder)
    stores = FakeOrderStore(database), FakeCallStore(database), FakeOutboxStore(database)
    return SpoolingStore(*stores, spool), spool


async def test_writes_wait_on_the_disk_through_a_restart_and_come_in_order(tmp_path: Path) -> None:
    database = FakeDatabase(away=True)
    store, spool = spooling(tmp_path, database)
    assert await store.save_draft(draft("第一稿"), NOON) is None
    assert await store.save_draft(draft("第二稿"), NOON) is None
    await store.save_call(CallRecord(CALL, PhoneNumber("13812345678")), (call_event(CALL, "ended", NOON, {}),))
    assert store.is_behind
    drained = await store.drain()
    assert not drained
    spool.close()  # the process ends here

    store, spool = spooling(tmp_path, database)
    database.away = False
    assert await store.save_draft(draft("第三稿"), NOON) is None  # behind the others, not before them
    drained = await store.drain()
    assert drained
    order = await store.order_of(CALL)
    assert order is not None
    assert (order.draft.value(FieldName.TITLE), order.revision) == ("第三稿", 3)
    assert [row.topic.rsplit("/", 1)[1] for row in database.rows] == ["drafted", "revised", "ended", "revised"]
    assert not store.is_behind
    assert isinstance(await store.save_draft(draft("第四稿"), NOON), WorkOrder)
    spool.close()


async def test_a_line_the_database_refuses_is_laid_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    database = FakeDatabase(away=True)
    store, spool = spooling(tmp_path, database)
    await store.save_draft(draft("一"), NOON)
    spool.append({"write": "Nonsense"})
    await store.save_draft(draft("二"), NOON)
    database.away = False
    assert await store.drain()
    assert (tmp_path / "spool.refused.jsonl").read_text() == '{"write":"Nonsense"}\n'
    order = await store.order_of(CALL)
    assert order is not None
    assert order.revision == 2
    spool.close()


def test_a_torn_last_line_is_cut_off_and_a_second_process_is_refused(tmp_path: Path) -> None:
    spool = SpoolFile(tmp_path)
    spool.append({"n": 1})
    with pytest.raises(StoreError, match="另一个进程"):
        SpoolFile(tmp_path)
    spool.close()
    with (tmp_path / "spool.jsonl").open("ab") as file:
        file.write(b'{"n": 2')
    spool = SpoolFile(tmp_path)
    found = spool.first()
    assert found is not None
    assert found[0] == {"n": 1}
    spool.done(found[1])
    assert spool.is_empty
    assert (tmp_path / "spool.jsonl").stat().st_mode & 0o777 == 0o600
    spool.close()


def test_a_spool_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="改法"):
        SpoolFile(tmp_path / "file")


words = st.text(max_size=20)


@given(words, words, words)
def test_every_write_comes_back_from_the_disk_as_it_was(title: str, called: str, text: str) -> None:
    heard = Heard(CALL, Leg.CALLER, text, True, 0.5, 1.5, (HeardWord(text, 0.5, 1.5, 0.9),))
    record = CallRecord(CALL, PhoneNumber("138"), called, started=NOON, path=(text, called))
    for write in (SaveDraft(draft(title), NOON), SaveCall(record, ()), SaveTurns(CALL, (heard,))):
        assert from_plain(to_plain(write)) == write


async def test_a_locked_database_is_away_with_a_remedy_and_the_order_is_safe_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "hotline.db"
    database = Database(f"sqlite:///{file}", deadline_seconds=2.5)
    await database.open()
    orders = SqlOrderStore(database)
    spool = SpoolFile(tmp_path / "spool")
    store = SpoolingStore(orders, SqlCallStore(database), SqlOutboxStore(database), spool)
    locker = sqlite3.connect(file, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreAwayError, match="改法"):
        await orders.save_draft(draft("一"), NOON)
    assert await store.save_draft(draft("一"), NOON) is None
    assert await store.latest_orders() == ()  # reading goes on
    locker.execute("COMMIT")
    locker.close()
    assert await store.drain()
    order = await store.order_of(CALL)
    assert order is not None
    assert order.revision == 1
    await database.close()
    spool.close()


async def test_the_service_starts_without_its_database_and_catches_up_when_it_comes(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    database = Database(f"sqlite:///{tmp_path / 'data' / 'hotline.db'}", deadline_seconds=5)
    spool = SpoolFile(tmp_path / "spool")
    store = SpoolingStore(SqlOrderStore(database), SqlCallStore(database), SqlOutboxStore(database), spool)
    async with asyncio.TaskGroup() as tasks:
        opening = tasks.create_task(database.open_patiently())
        assert await store.save_draft(draft("一"), NOON) is None
        (tmp_path / "data").unlink()
        async with asyncio.timeout(60):
            await opening
    assert await store.drain()
    order = await store.order_of(CALL)
    assert order is not None
    assert order.number == "WO20261122-000001"
    await database.close()
    spool.close()


async def test_a_database_without_our_tables_is_away_not_a_reason_to_lay_an_order_aside(postgres_url: str) -> None:
    database = Database(postgres_url)
    with pytest.raises(StoreAwayError):
        await SqlOrderStore(database).save_draft(draft("一"), NOON)
    await database.close()


async def test_a_postgresql_that_is_away_is_told_with_a_remedy() -> None:
    database = Database("postgresql://hotline@127.0.0.1:1/none", deadline_seconds=2)
    with pytest.raises(StoreAwayError, match="PostgreSQL 是否在运行"):
        await SqlOrderStore(database).order_of(CALL)
    await database.close()


async def test_connections_cut_by_the_server_cost_a_retry_not_an_order(postgres_url: str) -> None:
    database = Database(postgres_url)
    await database.open()
    orders = SqlOrderStore(database)
    assert await orders.save_draft(draft("一"), NOON)
    with psycopg.connect(postgres_url, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    order = await orders.save_draft(draft("二"), NOON)
    assert order is not None
    assert order.revision == 2
    await database.close()


async def test_a_value_the_database_will_never_take_is_refused(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
    await database.open()
    with pytest.raises(StoreRefusedError, match="不接受"):
        await database.write(
            "试写", lambda connection: connection.exec_driver_sql("INSERT INTO orders (number) VALUES (NULL)")
        )
    await database.close()
