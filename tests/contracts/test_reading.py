"""Desk and archive keep one contract on both databases: edits, confirmations, links; reading, searching, the trail."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.archive import SqlTranscriptArchive
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.caller_book import SqlCallerBook
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_desk import SqlOrderDesk
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.sql.outbox_store import SqlOutboxStore
from cti.adapters.sql.schema import order_lives
from cti.server.files.policy_files import shipped_masking
from ivr.call import CallId, Leg, PhoneNumber
from ivr.errors import ChangedMeanwhileError, StoreRefusedError
from ivr.ports import Heard, HeardWord
from tests.fakes import NOON
from workorder.audit import Person
from workorder.call_record import CallRecord
from workorder.draft import Draft, Field, FieldName, FieldState
from workorder.known_caller import KnownCaller
from workorder.links import LinkKind, OrderLink
from workorder.order import OrderNumber, WorkOrder
from workorder.ports import CallerBook, CallStore, OrderDesk, OrderStore, TranscriptArchive
from workorder.search import Query
from workorder.search_words import CHUNK, query_words

AGENT, REVIEWER, STRANGER = Person("801 李晓梅", "agent"), Person("评议员", "reviewer"), Person("某人", "")


@dataclass
class Office:
    orders: OrderStore
    calls: CallStore
    desk: OrderDesk
    archive: TranscriptArchive
    outbox: SqlOutboxStore
    book: CallerBook
    database: Database


@pytest.fixture(params=["sqlite", "postgresql"])
async def office(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Office]:
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hotline.db'}"
    database = Database(url)
    await database.open()
    archive = SqlTranscriptArchive(database, shipped_masking())
    desk, outbox = SqlOrderDesk(database), SqlOutboxStore(database)
    yield Office(
        SqlOrderStore(database), SqlCallStore(database), desk, archive, outbox, SqlCallerBook(database), database
    )
    await database.close()


def draft(call: str, **values: str) -> Draft:
    fields = {FieldName(name): Field(value, 0.5, source="lexicon") for name, value in values.items()}
    return Draft(CallId(call), MappingProxyType(fields))


async def opened(office: Office, call: str, **values: str) -> WorkOrder:
    order = await office.orders.save_draft(draft(call, **values), NOON)
    assert order is not None
    return order


def said(call: str, *texts: str, leg: Leg = Leg.CALLER) -> tuple[Heard, ...]:
    return tuple(
        Heard(
            CallId(call), leg, text, True, 10.0 * nth, 10.0 * nth + len(text),
            tuple(HeardWord(char, 10.0 * nth + at, 10.0 * nth + at + 1, 0.9) for at, char in enumerate(text)),
        )
        for nth, text in enumerate(texts)
    )  # fmt: skip


async def kept(office: Office, call: str, *texts: str, hours: float = 0) -> None:
    started = NOON + timedelta(hours=hours)
    await office.calls.save_call(CallRecord(CallId(call), PhoneNumber("13812345678"), started=started))
    await office.calls.save_turns(CallId(call), said(call, *texts))


async def found(office: Office, words: str, person: Person = REVIEWER, **more: object) -> list[tuple[str, str]]:
    hits = await office.archive.search(Query(query_words(words), **more), person, NOON)  # type: ignore[arg-type]
    return [(hit.call, hit.text[hit.begin : hit.end]) for hit in hits]


# ------------------------------------------------------------------------------------------------------ what people do


async def test_later_speech_revises_suggestions_but_never_what_an_agent_typed(office: Office) -> None:
    first = await opened(office, "c1", unit="城管执法局", place="武威路")
    edited = await office.desk.edit(first.number, {FieldName.UNIT: "水务局"}, first.revision, AGENT, NOON)
    assert edited.draft[FieldName.UNIT].state is FieldState.EDITED
    later = await opened(office, "c1", unit="公安局", place="武威路9号")
    assert (later.draft.value(FieldName.UNIT), later.draft.value(FieldName.PLACE)) == ("水务局", "武威路9号")
    again = await opened(office, "c1", unit="公安局", place="武威路9号")
    assert again == later


async def test_two_people_never_overwrite_each_other_and_speech_is_no_conflict(office: Office) -> None:
    seen = await opened(office, "c1", unit="城管执法局")
    await opened(office, "c1", unit="城管执法局", place="武威路")
    mine = await office.desk.edit(seen.number, {FieldName.UNIT: "水务局"}, seen.revision, AGENT, NOON)
    with pytest.raises(ChangedMeanwhileError, match="改法"):
        await office.desk.edit(seen.number, {FieldName.UNIT: "公安局"}, seen.revision, STRANGER, NOON)
    with pytest.raises(ChangedMeanwhileError):
        await office.desk.confirm(seen.number, seen.revision, STRANGER, NOON)
    assert await office.orders.order(seen.number) == mine
    ours = await office.desk.edit(seen.number, {FieldName.UNIT: "公安局"}, mine.revision, STRANGER, NOON)
    assert ours.draft.value(FieldName.UNIT) == "公安局"


async def test_a_confirmed_order_says_who_confirmed_it_and_when_and_all_of_it_is_in_the_trail(office: Office) -> None:
    order = await opened(office, "c1", unit="城管执法局")
    edited = await office.desk.edit(order.number, {FieldName.UNIT: "水务局"}, 1, AGENT, NOON)
    later = NOON + timedelta(minutes=1)
    confirmed = await office.desk.confirm(order.number, edited.revision, AGENT, later)
    assert (confirmed.confirmed, confirmed.confirmed_by) == (later, AGENT.name)
    assert {entry.state for entry in confirmed.draft.fields.values()} == {FieldState.CONFIRMED}
    assert await office.orders.order(order.number) == confirmed
    assert await office.desk.confirm(order.number, confirmed.revision, AGENT, later) == confirmed
    trail = await office.archive.trail(order.number)
    assert [(row.action, row.person) for row in trail] == [("order.confirm", AGENT), ("order.edit", AGENT)]
    assert trail[1].detail == {"fields": ["unit"]}
    told = [row.topic.rsplit("/", 1)[1] for row in await office.outbox.claim("r", 10, NOON, 10)]
    assert told == ["drafted", "revised", "revised"]


async def test_orders_are_linked_and_merged_but_never_in_a_circle(office: Office) -> None:
    a, b, c = [(await opened(office, call)).number for call in ("c1", "c2", "c3")]
    related = OrderLink(a, c, LinkKind.RELATED, AGENT, NOON)
    merged = OrderLink(a, b, LinkKind.MERGED, AGENT, NOON)
    for link in (related, merged, merged):
        await office.desk.link(link)
    assert {(link.number, link.other, link.kind) for link in await office.desk.links_of(a)} == {
        (a, c, LinkKind.RELATED),
        (a, b, LinkKind.MERGED),
    }
    for number, other in ((b, a), (c, a), (a, c), (a, a), (a, OrderNumber("WO20261122-000099"))):
        with pytest.raises(StoreRefusedError, match="改法"):
            await office.desk.link(OrderLink(number, other, LinkKind.MERGED, AGENT, NOON))


async def test_an_edit_of_no_order_or_with_hostile_words_is_refused_or_kept_as_words(office: Office) -> None:
    with pytest.raises(StoreRefusedError, match="没有工单"):
        await office.desk.edit(OrderNumber("WO20261122-000099"), {FieldName.UNIT: "x"}, 1, AGENT, NOON)
    order = await opened(office, "c1")
    hostile = "'; DROP TABLE orders; -- <script>\0\ud800"
    kept = await office.desk.edit(order.number, {FieldName.PLACE: hostile}, 1, AGENT, NOON)
    assert kept.draft.value(FieldName.PLACE) == "'; DROP TABLE orders; -- <script>?"
    assert await office.orders.order(order.number) == kept


# ---------------------------------------------------------------------------------------------------- callers, matters


async def test_the_past_of_a_number_is_its_calls_orders_last_agent_and_nuisances(office: Office) -> None:
    number = PhoneNumber("13812345678")
    for nth, seat in enumerate(("802", "801", "")):
        started = NOON + timedelta(hours=nth)
        await office.calls.save_call(CallRecord(CallId(f"c{nth}"), number, started=started, seat=seat))
    await office.calls.save_call(CallRecord(CallId("other"), PhoneNumber("13900000000"), seat="803"))
    mine = await opened(office, "c1", caller_number=number.digits, unit="水务局")
    await opened(office, "other", caller_number="13900000000")
    await office.book.mark_nuisance(CallId("c0"), number, "谩骂", AGENT, NOON)
    await office.book.mark_nuisance(CallId("c0"), number, "谩骂", AGENT, NOON)
    known = await office.book.known(number, CallId("now"))
    assert (known.calls, known.last_seat, known.nuisances) == (3, "801", 1)
    assert known.last_call_at == NOON + timedelta(hours=2)
    assert known.orders == (mine,)
    assert (await office.book.known(number, CallId("c2"))).calls == 2
    assert await office.book.known(PhoneNumber(""), CallId("now")) == KnownCaller(PhoneNumber(""))
    assert not known.is_vip
    for reason in ("独居", "独居，行动不便"):
        await office.book.mark_vip(number, reason, AGENT, NOON)
    assert (await office.book.known(number, CallId("now"))).is_vip
    assert not (await office.book.known(PhoneNumber("13900000000"), CallId("now"))).is_vip
    assert await office.book.unmark_vip(number, AGENT, NOON)
    assert not await office.book.unmark_vip(number, AGENT, NOON)
    assert not (await office.book.known(number, CallId("now"))).is_vip


async def test_orders_near_a_draft_are_those_of_its_place_or_caller_that_are_not_merged(office: Office) -> None:
    place = await opened(office, "c1", place="七里河区武威路9号")
    caller = await opened(office, "c2", caller_number="13812345678", place="平凉路")
    merged = await opened(office, "c3", place="武威路口")
    await opened(office, "c4", place="平凉路", caller_number="13900000000")
    await office.desk.link(OrderLink(merged.number, place.number, LinkKind.MERGED, AGENT, NOON))
    asked = draft("c9", place="武威路", phone="13812345678")
    near = await office.book.near(asked, NOON - timedelta(days=1))
    assert {order.number for order in near} == {place.number, caller.number}
    assert await office.book.near(asked, NOON + timedelta(days=1)) == ()
    assert await office.book.near(draft("c9"), NOON - timedelta(days=1)) == ()
    assert place.draft.call not in {
        each.draft.call for each in await office.book.near(draft("c1", place="武威路"), NOON - timedelta(days=1))
    }


async def test_a_place_is_near_under_either_of_its_names_and_a_neighbour_in_the_same_street_is_not(
    office: Office,
) -> None:
    standard = "七里河区西站街道兰州西站对面"
    station = await opened(office, "c1", place="西客站对面", place_standard=standard)
    as_said = await opened(office, "c2", place="兰州西站对面")
    await opened(office, "c3", place="小西湖立交桥", place_standard="七里河区西站街道小西湖立交桥")
    asked = draft("c9", place="西客站对面", place_standard=standard)
    near = await office.book.near(asked, NOON - timedelta(days=1))
    assert {order.number for order in near} == {station.number, as_said.number}


async def test_what_is_closed_is_not_near(office: Office) -> None:
    working, closed = [await opened(office, call, place="武威路9号") for call in ("c1", "c2")]
    for order, state in ((working, "handling"), (closed, "closed")):
        life = {"number": order.number, "version": 1, "state": state, "owner": "", "pack": "p", "category": ""}

        async def live(connection: AsyncConnection, row: dict[str, object] = life) -> None:
            await connection.execute(insert(order_lives), {**row, "opened": NOON, "updated": NOON})

        await office.database.write("test", live)
    near = await office.book.near(draft("c9", place="武威路"), NOON - timedelta(days=1))
    assert [order.number for order in near] == [working.number]


# ------------------------------------------------------------------------------------------------- reading and masking


async def test_whoever_reads_a_transcript_leaves_a_row_and_sees_what_the_role_may_see(office: Office) -> None:
    await kept(office, "c1", "电话幺三九零零零零零七零幺", "身份证六二零一零二一九九零零一零一一二三四")
    for person, shown in (
        (AGENT, "电话幺三九零零零零零七零幺"),
        (REVIEWER, "电话139****0701"),
        (STRANGER, "电话139****0701"),
    ):
        heard = await office.archive.read(CallId("c1"), person, NOON)
        assert heard[0].text == shown
        assert "一九九零" not in heard[1].text
        assert "".join(word.text for word in heard[0].words) == shown
    assert [(row.action, row.person) for row in await office.archive.trail("c1")] == [
        ("transcript.read", STRANGER),
        ("transcript.read", REVIEWER),
        ("transcript.read", AGENT),
    ]
    assert await office.archive.read(CallId("nobody"), AGENT, NOON) == ()
    assert len(await office.archive.trail("nobody")) == 1


async def test_what_is_masked_for_a_role_cannot_be_found_out_by_searching(office: Office) -> None:
    await kept(office, "c1", "我电话幺三九零零零零零七零幺")
    assert await found(office, "13900000701", AGENT) == [("c1", "幺三九零零零零零七零幺")]
    for words in ("13900000701", "900000", "电话 390000"):
        assert await found(office, words, REVIEWER) == []
    assert "13900000701" not in str([row.detail for row in await office.archive.trail()])


# -------------------------------------------------------------------------------------------------------------- search


async def test_words_of_one_two_and_more_characters_are_found_where_they_were_said(office: Office) -> None:
    await kept(office, "c1", "你好", "我家楼下的路灯坏了")
    await kept(office, "c2", "武威路的井盖没了")
    assert await found(office, "路灯") == [("c1", "路灯")]
    assert await found(office, "了") == [("c2", "了"), ("c1", "了")]
    assert await found(office, "路灯坏了") == [("c1", "路灯坏了")]
    assert await found(office, "武威 井盖") == [("c2", "武威"), ("c2", "井盖")]
    assert await found(office, "路灯 井盖") == []
    assert await found(office, "好我") == []
    (hit,) = await office.archive.search(Query(query_words("路灯")), REVIEWER, NOON)
    assert (hit.turn, hit.begin, hit.end, hit.begun_s, hit.ended_s) == (1, 5, 7, 15.0, 17.0)


async def test_numbers_are_found_however_they_were_said(office: Office) -> None:
    await kept(office, "c1", "我住二十六号楼")
    assert await found(office, "26号楼") == [("c1", "二十六号楼")]
    assert await found(office, "二十六号楼") == [("c1", "二十六号楼")]


async def test_the_newest_calls_come_first_within_the_days_asked_for(office: Office) -> None:
    for nth in range(8):
        await kept(office, f"c{nth}", "路灯坏了", hours=nth)
    assert [call for call, _ in await found(office, "路灯", limit=3)] == ["c7", "c6", "c5"]
    since, until = NOON + timedelta(hours=2), NOON + timedelta(hours=4)
    assert [call for call, _ in await found(office, "路灯", since=since, until=until)] == ["c3", "c2"]


async def test_a_call_saved_anew_is_found_by_its_new_words_only(office: Office) -> None:
    await kept(office, "c1", "路灯坏了")
    await kept(office, "c1", "井盖坏了")
    assert await found(office, "路灯") == []
    assert await found(office, "坏了") == [("c1", "坏了")]
    await office.calls.save_turns(CallId("c1"), ())
    assert await found(office, "坏了") == []


async def test_in_a_transcript_of_any_length_every_word_is_found(office: Office) -> None:
    edge = "嗯" * (CHUNK - 2) + "武威路井盖" + "啊" * (3 * CHUNK) + "收尾"
    await kept(office, "c1", edge)
    for words in ("武威路井盖", "威路", "收尾", "尾"):
        assert await found(office, words) == [("c1", words)]


async def test_of_a_transcript_of_five_megabytes_all_is_kept_and_the_beginning_is_searched(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    text = "武威路的路灯坏了" + "我家楼下二十六号楼停水三天了" * 120_000 + "收尾"
    assert len(text.encode()) > 5_000_000
    begun = time.process_time()
    whole = tuple(Heard(CallId("c1"), Leg.CALLER, each, True, 0.0, 9.0) for each in (text, "第二句"))
    await office.calls.save_turns(CallId("c1"), whole)
    for words, hits in (("武威路", [("c1", "武威路")]), ("收尾", []), ("第二句", [])):
        assert await found(office, words) == hits
    assert time.process_time() - begun < 10
    assert await office.calls.turns(CallId("c1")) == whole
    assert "transcript_indexed_in_part" in caplog.messages


@pytest.mark.parametrize("hostile", ['路灯" OR "x', "路灯'", "路灯*", "a:* | b", "NEAR(路 灯)", "路灯 -- ;", "%_路灯"])
async def test_hostile_queries_are_words_like_any_other(office: Office, hostile: str) -> None:
    await kept(office, "c1", "路灯坏了", "Robert'); DROP TABLE")
    await found(office, hostile)
    assert await found(office, "DROP") == [("c1", "DROP")]
