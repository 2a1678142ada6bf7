"""What every store promises: the same suite for the fake, SQLite, PostgreSQL, and SQLite behind the spool."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.sql.outbox_store import SqlOutboxStore
from cti.adapters.sql.spool_file import SpoolFile
from cti.adapters.sql.spooling import SpoolingStore
from ivr.call import CallId, Leg, PhoneNumber
from ivr.ports import Heard, HeardWord
from ivr.recording import Part, Recording
from tests.fakes import NOON, FakeCallStore, FakeDatabase, FakeOrderStore, FakeOutboxStore
from workorder.call_record import CallbackRequest, CallRecord, Survey
from workorder.draft import Draft, Evidence, Field, FieldName
from workorder.envelope import Envelope, call_event, decode
from workorder.order import OrderNumber, OrderState
from workorder.outbox import OutboxRow
from workorder.ports import CallStore, OrderStore, Outbox, OutboxStore

CALL = CallId("hl-1763827200.12")
OTHER = CallId("hl-1763827201.13")


@dataclass
class Stores:
    orders: OrderStore
    calls: CallStore
    put: Outbox
    outbox: OutboxStore


@pytest.fixture(params=["fake", "sqlite", "postgresql", "spooling"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    if request.param == "fake":
        fake = FakeDatabase()
        outbox = FakeOutboxStore(fake)
        yield Stores(FakeOrderStore(fake), FakeCallStore(fake), outbox, outbox)
        return
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hotline.db'}"
    database = Database(url)
    await database.open()
    orders, calls, real = SqlOrderStore(database), SqlCallStore(database), SqlOutboxStore(database)
    if request.param == "spooling":
        spooling = SpoolingStore(orders, calls, real, SpoolFile(tmp_path / "spool"))
        yield Stores(spooling, spooling, spooling, real)
    else:
        yield Stores(orders, calls, real, real)
    await database.close()


def draft(call: CallId = CALL, **values: str) -> Draft:
    evidence = (Evidence(0, 2, 4, 1.25, 2.5, "井盖"),)
    fields = {FieldName(name): Field(value, 0.5, evidence, source="lexicon-1") for name, value in values.items()}
    return Draft(call, MappingProxyType(fields), ("井盖 → 市政",))


WHOLE = draft(
    caller_number="13812345678",
    request_type="求助",
    category="城乡建设/市政/井盖",
    unit="市政处",
    place="武威路 9 号",
    time="今天上午",
    phone="13900000000",
    title="井盖缺失",
    summary="市民反映井盖缺失。",
)


async def waiting(outbox: OutboxStore, relay: str = "r", at: datetime = NOON) -> tuple[OutboxRow, ...]:
    return await outbox.claim(relay, 1000, at, 10)


# ------------------------------------------------------------------------------------------------------- work orders


async def test_a_draft_becomes_an_order_and_tells_of_it_in_one_breath(stores: Stores) -> None:
    order = await stores.orders.save_draft(WHOLE, NOON)
    assert order is not None
    assert (order.number, order.state, order.revision) == ("WO20261122-000001", OrderState.DRAFTED, 1)
    assert await stores.orders.order(order.number) == order
    assert await stores.orders.order_of(CALL) == order
    assert order.draft == WHOLE
    (row,) = await waiting(stores.outbox)
    told = decode(row.payload)
    assert row.topic == "hotline/v1/orders/WO20261122-000001/drafted"
    assert (told.order, told.call, told.at) == (order.number, CALL, NOON)
    assert told.data["caller"] == "138****5678"
    assert "13812345678" not in row.payload.decode()


async def test_saving_again_revises_the_one_order_of_the_call_and_the_same_again_changes_nothing(
    stores: Stores,
) -> None:
    first = await stores.orders.save_draft(draft(unit="市政处"), NOON)
    later = NOON + timedelta(minutes=1)
    second = await stores.orders.save_draft(WHOLE, later)
    third = await stores.orders.save_draft(WHOLE, later + timedelta(minutes=1))
    assert first is not None
    assert second is not None
    assert (second.number, second.revision, second.created, second.updated) == (first.number, 2, NOON, later)
    assert third == second
    assert [row.topic.rsplit("/", 1)[1] for row in await waiting(stores.outbox)] == ["drafted", "revised"]


async def test_orders_saved_at_once_get_numbers_of_their_own_without_a_gap(stores: Stores) -> None:
    calls = [CallId(f"hl-1763827200.{n}") for n in range(40)]
    saved = await asyncio.gather(*(stores.orders.save_draft(draft(call), NOON) for call in calls))
    assert sorted(order.number for order in saved if order) == [f"WO20261122-{n:06d}" for n in range(1, 41)]


async def test_one_call_saved_many_times_at_once_makes_one_order(stores: Stores) -> None:
    saved = await asyncio.gather(*(stores.orders.save_draft(draft(title=f"第{n}稿"), NOON) for n in range(12)))
    assert {order.number for order in saved if order} == {"WO20261122-000001"}
    assert sorted(order.revision for order in saved if order) == list(range(1, 13))
    assert len(await waiting(stores.outbox)) == 12


async def test_the_day_of_an_order_is_the_day_in_china(stores: Stores) -> None:
    evening = datetime(2026, 11, 22, 16, 30, tzinfo=UTC)
    order = await stores.orders.save_draft(draft(), evening)
    assert order is not None
    assert order.number == "WO20261123-000001"


async def test_the_newest_orders_come_first(stores: Stores) -> None:
    for n in range(5):
        await stores.orders.save_draft(draft(CallId(f"hl-1763827200.{n}")), NOON + timedelta(seconds=n))
    latest = await stores.orders.latest_orders(2)
    assert [order.number for order in latest] == ["WO20261122-000005", "WO20261122-000004"]
    assert await stores.orders.order(OrderNumber("WO20261122-000009")) is None
    assert await stores.orders.order_of(OTHER) is None


@pytest.mark.parametrize(
    "hostile",
    ["'; DROP TABLE orders; --", "<script>alert(1)</script>", "a\0b", "\ud800", "话" * 100_000, "\u202e\ufeff", "${x}"],
)
async def test_hostile_words_are_kept_as_words(stores: Stores, hostile: str) -> None:
    order = await stores.orders.save_draft(draft(caller_number=hostile, title=hostile, unit=hostile[:500]), NOON)
    assert order is not None
    found = await stores.orders.order_of(CALL)
    assert found is not None
    kept = found.draft.value(FieldName.TITLE)
    assert kept in (hostile, hostile.replace("\0", ""), hostile.replace("\ud800", "?"))
    await stores.calls.save_call(CallRecord(CALL, PhoneNumber(""), called=hostile))
    await stores.calls.save_turns(CALL, (Heard(CALL, Leg.CALLER, hostile, True, 0, 1),))
    await stores.calls.save_survey(Survey(CALL, {hostile[:50]: "1"}, NOON))
    assert len(await stores.calls.turns(CALL)) == 1
    assert (
        await stores.orders.save_draft(draft(caller_number=hostile, title=hostile, unit=hostile[:500]), NOON) == order
    )


# -------------------------------------------------------------------------------------------------------------- calls


async def test_a_call_is_kept_anew_whenever_it_moves_on(stores: Stores) -> None:
    begun = CallRecord(CALL, PhoneNumber("13812345678"), called="12345", flow="main", started=NOON)
    await stores.calls.save_call(begun, (call_event(CALL, "offered", NOON, {"caller": begun.caller}),))
    ended = replace(
        begun,
        original_line="12319",
        path=("welcome", "queue"),
        queued=NOON + timedelta(seconds=3.25),
        answered=NOON + timedelta(seconds=9),
        ended=NOON + timedelta(seconds=99),
        queue="general",
        seat="801",
        outcome="answered",
        their_id="110-20261122-7",
    )
    await stores.calls.save_call(ended)
    await stores.calls.save_call(ended)
    assert await stores.calls.call(CALL) == ended
    assert await stores.calls.call(OTHER) is None
    (row,) = await waiting(stores.outbox)
    assert row.topic == f"hotline/v1/calls/{CALL}/offered"
    assert decode(row.payload).data == {"caller": "138****5678"}


async def test_the_newest_calls_come_first(stores: Stores) -> None:
    for n in range(3):
        await stores.calls.save_call(CallRecord(CallId(f"c{n}"), PhoneNumber(""), started=NOON + timedelta(hours=n)))
    assert [record.call for record in await stores.calls.latest_calls(2)] == ["c2", "c1"]


async def test_what_hangs_on_a_call_may_come_before_the_call_itself_and_replaces_what_was_there(stores: Stores) -> None:
    word = HeardWord("井盖", 0.5, 0.9, 0.87)
    heard = (
        Heard(CALL, Leg.CALLER, "井盖坏了", True, 0.5, 1.75, (word,)),
        Heard(CALL, Leg.AGENT, "在哪里", True, 2.0, 2.5),
    )
    files = (
        Recording(CALL, Part.AGENT, "2026/11/22/a.wav", 12.5, -23.75, "0" * 64),
        Recording(CALL, Part.CALLER, "2026/11/22/c.wav", 0.0, -100.0, "", "没有录音文件"),
    )
    request = CallbackRequest(CALL, PhoneNumber("13812345678"), "排队太久", NOON, {"queue": "general"})
    survey = Survey(CALL, {"满意吗": "1"}, NOON)
    for _ in range(2):
        await stores.calls.save_turns(CALL, (heard[0],))
        await stores.calls.save_turns(CALL, heard)
        await stores.calls.save_recordings(CALL, files)
        await stores.calls.save_callback(request, (call_event(CALL, "callback_asked", NOON, {}),))
        await stores.calls.save_survey(survey)
    assert await stores.calls.turns(CALL) == heard
    assert await stores.calls.recordings(CALL) == files
    assert await stores.calls.callbacks() == (request,)
    await stores.calls.callbacks_done(PhoneNumber("13812345679"), NOON)
    await stores.calls.callbacks_done(request.number, NOON - timedelta(seconds=1))
    assert await stores.calls.callbacks() == (request,), "somebody else, or before they asked"
    await stores.calls.callbacks_done(request.number, NOON)
    await stores.calls.callbacks_done(request.number, NOON)
    assert await stores.calls.callbacks() == ()
    assert await stores.calls.survey(CALL) == survey
    assert await stores.calls.survey(OTHER) is None
    assert len(await waiting(stores.outbox)) == 1
    await stores.calls.save_call(CallRecord(CALL, PhoneNumber("13812345678"), started=NOON))
    assert await stores.calls.turns(CALL) == heard


# ------------------------------------------------------------------------------------------------------------- outbox


def event(nth: int, call: CallId = CALL) -> Envelope:
    return call_event(call, "moved", NOON, {"nth": nth}, nth)


def nths(rows: tuple[OutboxRow, ...], call: CallId = CALL) -> list[int]:
    return [json.loads(row.payload)["data"]["nth"] for row in rows if f"/{call}/" in row.topic]


async def test_the_outbox_gives_back_what_was_put_in_its_order_and_each_key_once(stores: Stores) -> None:
    await stores.put.put(event(1), event(2))
    await stores.put.put(event(2), event(3))
    assert await stores.outbox.waiting() == 3
    rows = await waiting(stores.outbox)
    assert nths(rows) == [1, 2, 3]
    await stores.outbox.mark_sent([row.number for row in rows[:2]], NOON)
    assert nths(await waiting(stores.outbox)) == [3]
    await stores.put.put(event(1))
    assert await stores.outbox.waiting() == 1


async def test_two_relays_never_hold_the_same_call_and_the_second_takes_over_when_the_first_is_dead(
    stores: Stores,
) -> None:
    for n in range(60):
        await stores.put.put(event(n, CallId(f"c{n}")))
    first, second = await asyncio.gather(waiting(stores.outbox, "a"), waiting(stores.outbox, "b"))
    assert {row.number for row in first} & {row.number for row in second} == set()
    third = await waiting(stores.outbox, "a")
    assert len(third) + len(await waiting(stores.outbox, "b")) == 60
    late = NOON + timedelta(seconds=60)
    assert len(await waiting(stores.outbox, "c", late)) == 60
    assert await waiting(stores.outbox, "a", late) == ()
    await stores.outbox.release("c")
    assert len(await waiting(stores.outbox, "a", late)) == 60


async def test_what_a_fallen_broker_may_have_lost_is_sent_again_but_only_from_our_own_lanes(stores: Stores) -> None:
    await stores.put.put(event(1), event(2), event(3))
    rows = await waiting(stores.outbox, "a")
    await stores.outbox.mark_sent([rows[0].number], NOON)
    await stores.outbox.mark_sent([rows[1].number], NOON + timedelta(seconds=60))
    await stores.outbox.mark_sent([rows[2].number], NOON + timedelta(seconds=62))
    assert await stores.outbox.send_again("b", 3) == 0
    assert await stores.outbox.send_again("a", 3) == 2
    assert nths(await waiting(stores.outbox, "a")) == [2, 3]


async def test_only_what_was_sent_long_ago_is_pruned(stores: Stores) -> None:
    await stores.put.put(event(1), event(2), event(3))
    rows = await waiting(stores.outbox)
    await stores.outbox.mark_sent([rows[0].number], NOON)
    await stores.outbox.mark_sent([rows[1].number], NOON + timedelta(days=8))
    assert await stores.outbox.prune(NOON + timedelta(days=7)) == 1
    assert await stores.outbox.waiting() == 1
    assert await stores.outbox.prune(NOON + timedelta(days=9)) == 1
