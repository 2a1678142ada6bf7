"""The main job, end to end: a citizen chooses by key, a seat answers, and all that a call must leave is there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.caller_book import SqlCallerBook
from cti.adapters.sql.order_store import SqlOrderStore
from ivr.call import CallId, Leg, PhoneNumber
from ivr.speech.transcript import text_of
from ivr.speech.transcript_cer import character_error_rate
from tests.system.running_service import RunningService, service_of
from workorder.audit import Person
from workorder.call_record import CallRecord
from workorder.draft import Draft, Field, FieldName

pytestmark = pytest.mark.xdist_group("service-job")

GREETING = "您好，这里是政务服务便民热线，请讲。"
COMPLAINT = "我要投诉，人民路和建设路的路口有一个雨水井盖坏了，我的电话是一三九八七六五四三二一。"


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_of() as running:
        yield running


async def test_a_complaint_by_key_ends_as_recording_transcript_and_draft(service: RunningService) -> None:
    said, greeting = await service.speech(COMPLAINT, "f4"), await service.speech(GREETING, "linda")
    async with service.bus() as bus, service.seat("801", lines=(greeting,)), service.citizen() as phone:
        line = await service.dial(phone, "12319")
        call = await service.offered(bus, phone)
        await line.press("2")
        assert (await bus.event(call, "answered"))["data"]["queue"] == "complaint"
        await line.wait_for_audio(30)
        await line.wait_for_silence(1.0, 10)
        await line.say(said)
        await line.wait_for_silence(1.0, 5)
        await line.hang_up()
        drafted = await bus.event(call, "drafted", 40)
        finished = await bus.event(call, "finished", 40)
    record = await service.finished(call)
    assert (record.flow, record.queue, record.seat, record.outcome) == ("menu", "complaint", "801", "answered")
    assert record.path[-2:] == ("main_menu", "complaint")
    assert record.original_line == "12319"
    assert record.started
    assert record.answered
    assert record.ended
    # the recording: three files, each as long as the call, each sealed
    lasted = (record.ended - record.started).total_seconds()
    tapes = await service.recordings(call)
    assert sorted(tape.part for tape in tapes) == ["agent", "caller", "mix"]
    for tape in tapes:
        content = (service.settings.recordings_folder / tape.file).read_bytes()
        assert tape.sha256 == hashlib.sha256(content).hexdigest()
        assert tape.seconds == pytest.approx(lasted, abs=1.0)
        assert tape.problem == ""
        assert tape.rms_dbfs > -60
    # the words of both
    turns = await service.turns(call)
    assert character_error_rate(COMPLAINT, text_of(turns, Leg.CALLER)) <= 0.3
    assert character_error_rate(GREETING, text_of(turns, Leg.AGENT)) <= 0.35
    # the draft
    order = await service.order(call)
    assert order is not None
    draft = order.draft
    assert draft.value(FieldName.REQUEST_TYPE) == "投诉"
    assert draft.value(FieldName.PHONE) == "13987654321"
    assert draft.value(FieldName.UNIT)
    assert len(draft.category) == 3
    assert draft.value(FieldName.CALLER_NUMBER) == phone.number
    # the bus, and the journal
    assert (drafted["order"], drafted["data"]["unit"]) == (order.number, draft.value(FieldName.UNIT))
    assert finished["data"]["order"] == order.number
    assert phone.number not in str(bus.envelopes)
    code, told = await service.hotline("replay", call)
    assert (code, "指令完全相同" in told) == (0, True), told
    assert not service.tracebacks()


async def test_an_agent_knows_a_returning_caller_before_the_ring_and_reads_the_draft_while_he_talks(
    service: RunningService,
) -> None:
    said = await service.speech("人民路和建设路的路口雨水井盖坏了，你们快来修一下。", "f4")
    async with service.bus() as bus, service.seat("801"), service.citizen() as phone:
        earlier = CallId("hl-1763827200.12")
        fields = {
            FieldName.CALLER_NUMBER: phone.number,
            FieldName.KEYWORDS: "井盖 雨水",
            FieldName.TITLE: "雨水井盖坏了",
        }
        old = Draft(earlier, MappingProxyType({name: Field(value, 0.9) for name, value in fields.items()}))
        async with service.database() as database:
            order = await SqlOrderStore(database).save_draft(old, datetime.now(UTC))
            number, person = PhoneNumber(phone.number), Person("班长", "supervisor")
            await SqlCallStore(database).save_call(CallRecord(earlier, number, started=datetime.now(UTC), seat="802"))
            await SqlCallerBook(database).mark_nuisance(earlier, number, "谩骂", person, datetime.now(UTC))
        line = await service.dial(phone, "12319")
        call = await service.offered(bus, phone)
        await line.press("2")
        await bus.event(call, "answered")
        types = [each["type"] for each in bus.envelopes if each["call"] == call]
        assert types.index("caller_known") < types.index("offered")
        known = (await bus.event(call, "caller_known"))["data"]
        assert (known["nuisances"], known["last_seat"]) == (1, "802")
        assert [each["number"] for each in known["orders"]] == [order.number]
        await line.say(said)
        similar = await bus.event(call, "similar", 40)
        assert order.number in {each["number"] for each in similar["data"]["orders"]}
        drafts = [each["data"] for each in bus.envelopes if (each["call"], each["type"]) == (call, "draft")]
        assert drafts
        assert all(each["ms"] <= 300 for each in drafts)
        await line.hang_up()
        await bus.event(call, "finished", 40)
    assert phone.number not in str(bus.envelopes)
    code, told = await service.hotline("search", "井盖", "--json")
    assert (code, call in told) == (0, True), told
    assert not service.tracebacks()
