"""What the store of merchants' orders promises, on SQLite and PostgreSQL, with two servers at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cti.adapters.sql.archive import SqlTranscriptArchive
from cti.adapters.sql.database import Database
from cti.adapters.sql.merchant_store import MerchantFilter, SqlMerchantOrders
from cti.server.files.policy_files import shipped_masking
from ivr.call import CallId
from tests.fakes import NOON
from workorder.audit import Person
from workorder.life.refusal import STALE, Refusal
from workorder.merchant_orders import (
    Citizen,
    Handover,
    MerchantMove,
    MerchantOrder,
    Verdict,
    consented,
    handed_over,
    judged,
    moved,
)
from workorder.merchants import Quality

AGENT = Person("801 李晓梅", "agent")
ORDER = MerchantOrder(
    "SH-1", "M001", "开锁", Citizen("王小明", "13812345678", "武威路9号", "门锁打不开"), "call", NOON, work_order="WO1"
)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    is_postgresql = request.param == "postgresql"
    made = Database(request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hl.db'}")
    await made.open()
    yield made
    await made.close()


async def test_an_order_comes_back_as_it_was_kept_with_every_step(database: Database) -> None:
    store, at = SqlMerchantOrders(database), NOON + timedelta(minutes=5)
    assert await store.begin(ORDER, AGENT) == ORDER
    assert await store.begin(replace(ORDER, merchant="M002"), AGENT) == ORDER, "the same id is the same order"
    call = CallId("hl-1763827200.12")
    steps = (
        lambda order: consented(order, "口头同意\0", "李", at),
        lambda order: handed_over(order, Handover.CALL, call, "李", at),
        lambda order: moved(order, MerchantMove.CONTACT, "", "李", at),
        lambda order: moved(order, MerchantMove.CONFIRM, "今天下午，80 元", "李", at),
        lambda order: judged(order, Verdict(4, True), "李", at),
    )
    kept = ORDER
    for step in steps:
        found = await store.change("SH-1", kept.revision, AGENT, at, step)
        assert isinstance(found, MerchantOrder), found
        kept = found
    read = await store.one("SH-1")
    assert read is not None
    assert (read.state, read.agreed, read.call, read.verdict) == (
        "confirmed",
        "今天下午，80 元",
        call,
        Verdict(4, True),
    )
    assert [each.what for each in read.steps] == ["consent", "handover_call", "contact", "confirm", "judged"]
    assert read.consent is not None
    assert read.consent.how == "口头同意"
    assert await store.quality() == {"M001": Quality(1, 1, 0, 4.0)}
    trail = await SqlTranscriptArchive(database, shipped_masking()).trail(limit=100)
    assert {row.subject for row in trail} == {"SH-1"}
    assert "13812345678" not in str(trail), "the trail holds no number"


async def test_what_citizens_said_of_a_merchant_is_added_up(database: Database) -> None:
    store = SqlMerchantOrders(database)
    said = (
        ("M001", Verdict(5, True)),
        ("M001", Verdict(1, False, "没有来")),
        ("M001", Verdict(4, True, " ")),
        ("M002", Verdict(3, False)),
        ("M003", None),
    )
    for nth, (merchant, verdict) in enumerate(said):
        order = replace(ORDER, id=f"SH-{nth}", merchant=merchant, verdict=verdict)
        await store.begin(order, AGENT)
    assert await store.quality() == {"M001": Quality(3, 2, 1, 10.0), "M002": Quality(1, 0, 0, 3.0)}


async def test_of_two_changes_at_once_one_is_told_that_it_came_second(database: Database) -> None:
    one, two = SqlMerchantOrders(database), SqlMerchantOrders(database)
    await one.begin(ORDER, AGENT)
    found = await asyncio.gather(
        *(each.change("SH-1", 1, AGENT, NOON, lambda o: consented(o, "同意", "李", NOON)) for each in (one, two))
    )
    assert sorted(type(each).__name__ for each in found) == ["MerchantOrder", "Refusal"]
    assert next(each for each in found if isinstance(each, Refusal)).what == STALE
    assert await one.change("SH-2", 1, AGENT, NOON, lambda o: o) is None


async def test_a_list_is_of_one_merchant_and_of_what_was_handed_over_to_them(database: Database) -> None:
    store = SqlMerchantOrders(database)
    for nth, merchant in enumerate(["M001", "M001", "M002"]):
        order = replace(ORDER, id=f"SH-{nth}", merchant=merchant, opened=NOON + timedelta(minutes=nth))
        await store.begin(order, AGENT)
    await store.change("SH-1", 1, AGENT, NOON, lambda o: handed_over(o, Handover.TICKET, None, "李", NOON))
    found, total = await store.page(MerchantFilter(), 0, 2)
    assert ([each.id for each in found], total) == (["SH-2", "SH-1"], 3)
    theirs, total = await store.page(MerchantFilter("M001", is_handed_over=True), 0, 10)
    assert ([each.id for each in theirs], total) == (["SH-1"], 1)
    assert (await store.page(MerchantFilter(state="confirmed"), 0, 10))[1] == 0
    assert (await store.page(MerchantFilter(work_order="WO1"), 0, 10))[1] == 3
