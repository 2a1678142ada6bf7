"""What leaves the hotline on the bus: whole, small, in place, and without anybody's number."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import CallId, PhoneNumber
from workorder.envelope import MAX_BYTES, Envelope, call_event, decode
from workorder.order import OrderNumber, numbered, order_day, order_number
from workorder.outbox import LANES, lane_of, retry_delay

AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
CALL = CallId("hl-1763827200.12")

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), plain, max_size=4), st.integers(0, 10**6))
def test_an_envelope_comes_back_as_it_was_sent(data: dict[str, object], nth: int) -> None:
    sent = call_event(CALL, "moved", AT, data, nth)
    assert decode(sent.encode()) == sent


def test_the_layout_is_the_one_that_is_written_down() -> None:
    sent = Envelope(
        "orders/WO20261122-000001/1", "drafted", AT, CALL, order_number("WO20261122-000001"), {"unit": "市政处"}
    )
    assert json.loads(sent.encode()) == {
        "v": 1,
        "id": str(sent.id),
        "key": "orders/WO20261122-000001/1",
        "type": "drafted",
        "call": "hl-1763827200.12",
        "order": "WO20261122-000001",
        "at": "2026-11-22T04:00:00Z",
        "data": {"unit": "市政处"},
    }
    assert sent.topic == "hotline/v1/orders/WO20261122-000001/drafted"
    assert sent.stream == call_event(CALL, "moved", AT, {}).stream


def test_the_same_fact_has_the_same_id_however_often_it_is_said() -> None:
    assert call_event(CALL, "moved", AT, {}).id == call_event(CALL, "moved", AT, {"later": True}).id
    assert call_event(CALL, "moved", AT, {}, 1).id != call_event(CALL, "moved", AT, {}, 2).id


def test_numbers_of_people_leave_masked_and_instants_in_utc() -> None:
    china = AT.astimezone(timezone(timedelta(hours=8)))
    payload = call_event(CALL, "offered", china, {"caller": PhoneNumber("13812345678"), "when": china}).encode()
    assert json.loads(payload)["data"] == {"caller": "138****5678", "when": "2026-11-22T04:00:00Z"}
    assert json.loads(payload)["at"] == "2026-11-22T04:00:00Z"


@pytest.mark.parametrize(
    "wrong",
    [
        {"call": "a/b"},
        {"call": "a+"},
        {"call": "#"},
        {"call": ""},
        {"call": None},
        {"order": "WO1/#"},
        {"type": "moved/on"},
        {"type": "+"},
        {"type": ""},
        {"key": "two words"},
        {"key": "x" * 201},
        {"at": datetime(2026, 11, 22)},
    ],
)
def test_what_cannot_stand_in_a_topic_or_a_key_makes_no_envelope(wrong: dict[str, object]) -> None:
    parts: dict[str, object] = {"key": "k", "type": "moved", "at": AT, "call": CALL, **wrong}
    with pytest.raises(ValueError, match=r"^not an? |envelope"):
        Envelope(**parts)  # type: ignore[arg-type]  # wrong on purpose


@pytest.mark.parametrize("data", [{"a": object()}, {"a": float("nan")}, {"a": "话" * MAX_BYTES}])
def test_what_is_no_json_or_too_long_is_refused_when_it_is_put(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"JSON|bytes"):
        call_event(CALL, "moved", AT, data).encode()


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | plain.map(lambda v: json.dumps(v).encode()))
def test_anything_else_is_no_envelope(payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whatever it says
        decode(payload)


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)), st.integers(1, 10**8))
def test_an_order_number_names_its_day_and_serial(at: datetime, serial: int) -> None:
    number = numbered(order_day(at), serial)
    assert order_number(number) == number
    assert int(number.rsplit("-", 1)[1]) == serial


@pytest.mark.parametrize("text", ["", "WO2026-1", "WO20261122-12", "wo20261122-000001", "WO20261122-000001\n", "*"])
def test_anything_else_is_no_order_number(text: str) -> None:
    with pytest.raises(ValueError, match="not an order number"):
        order_number(text)


@given(st.text())
def test_every_stream_has_one_lane(stream: str) -> None:
    assert 0 <= lane_of(stream.encode("utf-8", "replace").decode()) < LANES


def test_lanes_stay_the_same_between_versions_as_rows_of_an_older_one_may_wait() -> None:
    assert (lane_of("hl-1763827200.12"), lane_of("")) == (lane_of("hl-1763827200.12"), 0)
    assert lane_of("a") == 3


def test_waiting_doubles_and_is_bounded() -> None:
    assert [retry_delay(n) for n in (0, 1, 2, 3)] == [0.25, 0.25, 0.5, 1.0]
    assert retry_delay(10**6) == 15.0


def test_an_order_of_a_call_is_named_by_its_number() -> None:
    envelope = Envelope("k", "drafted", AT, order=OrderNumber("WO20261122-000001"))
    assert envelope.stream == "WO20261122-000001"
