"""FastAGI as bytes and values."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.asterisk.agi import AgiError, AgiHangUp, AgiMessage, AgiParser, AgiReply, AgiRequest, encode_command
from ivr.adapters.asterisk.agi_turn import DIAL_OUTCOMES, QUEUE_OUTCOMES, checked_context, turn_of
from ivr.adapters.asterisk.steps_handover import variables_for
from ivr.call import CallId, QueueName
from ivr.commands import Dial, Enqueue, HangUp, RecordMessage
from ivr.errors import UnsafeHeaderError

CALL = CallId("hl-1763774000.12")
ENVIRONMENT = (
    "agi_network: yes\nagi_request: agi://127.0.0.1:4573/call\nagi_channel: PJSIP/pstn-00000000\n"
    f"agi_uniqueid: {CALL}\nagi_callerid: 13812345678\nagi_calleridname: 张三\nagi_extension: s\n"
    "agi_arg_1: 12345\nagi_arg_2: main\nagi_arg_3: \nagi_arg_4: queue\nagi_arg_5: TIMEOUT\nagi_arg_6: \n\n"
).encode()


def parse(data: bytes, size: int = 0) -> list[AgiMessage]:
    parser = AgiParser()
    pieces = [data[start : start + size] for start in range(0, len(data), size)] if size else [data]
    return [message for piece in pieces for message in parser.feed(piece)]


def replies(text: str) -> list[AgiMessage]:
    return parse(ENVIRONMENT + text.encode())[1:]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_turn_is_read_whatever_the_network_did_to_it(size: int) -> None:
    messages = parse(ENVIRONMENT + b"200 result=49 endpos=420\nHANGUP\n200 result=-1 endpos=0\n", size)
    assert isinstance(messages[0], AgiRequest)
    turn = turn_of(messages[0])
    assert (turn.call, turn.channel, turn.caller.digits, turn.called) == (
        CALL,
        "PJSIP/pstn-00000000",
        "13812345678",
        "12345",
    )
    assert (turn.flow, turn.original_line, turn.did, turn.result, turn.key) == ("main", "", "queue", "TIMEOUT", "")
    assert messages[1] == AgiReply(200, 49, "", 420, "result=49 endpos=420")
    assert messages[2] == AgiHangUp()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("200 result=0 endpos=-1", (200, 0, "", 0)),
        ("200 result=1 (REMOTESTOPPED)", (200, 1, "REMOTESTOPPED", 0)),
        ('200 result=1 (a"b(c),d;张 三)', (200, 1, 'a"b(c),d;张 三', 0)),
        ("200 result= (timeout)", (200, 0, "timeout", 0)),
        ("200 result=", (200, 0, "", 0)),
        ("510 Invalid or unknown command", (510, -1, "", 0)),
        ("511 Command Not Permitted on a dead channel or intercept routine", (511, -1, "", 0)),
        ("100 result=0 Trying...\n200 result=5", (200, 5, "", 0)),
    ],
)
def test_replies_as_asterisk_writes_them(line: str, expected: tuple[int, int, str, int]) -> None:
    (reply,) = replies(f"{line}\n")
    assert isinstance(reply, AgiReply)
    assert (reply.code, reply.result, reply.value, reply.end_position) == expected


def test_a_usage_text_of_many_lines_is_one_reply_and_hides_no_hang_up() -> None:
    messages = replies("520-Invalid command syntax.\nUsage: X\nHANGUP\n more\n520 End of proper usage.\n200 result=0\n")
    assert [type(message) for message in messages] == [AgiHangUp, AgiReply, AgiReply]
    assert messages[1].code == 520  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\n", b"agi_x" * 2000, b"agi_a: b\n" * 200, b"no colon here\n"],
)
def test_a_stranger_is_recognised_within_the_limits(garbage: bytes) -> None:
    with pytest.raises(AgiError):
        parse(garbage)


@given(st.binary(max_size=2000), st.integers(1, 50))
def test_no_bytes_can_hurt_the_parser(data: bytes, size: int) -> None:
    for prefix in (b"", ENVIRONMENT):
        with contextlib.suppress(AgiError):
            parse(prefix + data, size)


@given(st.text(max_size=300))
def test_an_argument_stays_one_argument(argument: str) -> None:
    try:
        sent = encode_command("SET VARIABLE", "HL_NODE", argument)
    except UnsafeHeaderError:
        return
    assert sent.count(b"\n") == 1
    quoted = sent.decode().removesuffix("\n").removeprefix('SET VARIABLE "HL_NODE" "').removesuffix('"')
    assert re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) == argument
    assert not re.search(r'(?<!\\)(\\\\)*"', quoted)


@pytest.mark.parametrize("hostile", ["a\nEXEC System x", "a\r", "a\0b", "x" * 3000])
def test_a_hostile_argument_is_refused(hostile: str) -> None:
    with pytest.raises(UnsafeHeaderError):
        encode_command("SET VARIABLE", "HL_NODE", hostile)
    with pytest.raises(UnsafeHeaderError):
        encode_command(hostile)


def test_a_request_that_is_not_from_our_dialplan_is_refused() -> None:
    with pytest.raises(AgiError):
        turn_of(AgiRequest({"uniqueid": "a b"}, ()))
    assert turn_of(AgiRequest({"uniqueid": CALL}, ("unknown",))).called == ""


def test_the_done_flag_is_always_the_last_thing_the_dialplan_is_told() -> None:
    told = {
        type(command).__name__: variables_for(command)
        for command in (
            Enqueue(CALL, QueueName("general"), 5, 60, "0"),
            Dial(CALL, "09311234567", 20),
            RecordMessage(CALL),
            HangUp(CALL, 17),
        )
    }
    assert all(variables[-1] == ("HL_DONE", "1") for variables in told.values())
    assert dict(told["Enqueue"]) == {
        "HL_QUEUE": "general",
        "HL_PRIO": "5",
        "HL_WAIT": "60",
        "HL_KEYS": "0",
        "HL_DO": "queue",
        "HL_DONE": "1",
    }
    assert dict(told["Dial"])["HL_DIAL"] == "09311234567"
    assert dict(told["RecordMessage"])["HL_RECORD_SECONDS"] == "120"
    assert dict(told["HangUp"])["HL_CAUSE"] == "17"


def test_every_word_of_asterisk_for_the_end_of_a_wait_is_one_of_ours() -> None:
    assert set(QUEUE_OUTCOMES.values()) == {"answered", "timeout", "full", "empty", "key"}
    assert set(DIAL_OUTCOMES.values()) == {"answered", "busy", "no_answer", "refused"}


def test_what_110_tells_is_kept_where_it_makes_sense() -> None:
    told = {"id": "110-2026_7.a", "type": "noise", "place": "%E4%B8%9C%E5%B2%97%E8%A5%BF%E8%B7%AF56%E5%8F%B7"}
    assert checked_context(told) == {**told, "place": "东岗西路56号"}
    assert turn_of(AgiRequest({"uniqueid": CALL}, ("12345", "", "", "", "", "", "110"))).sent_by == "110"
    assert turn_of(AgiRequest({"uniqueid": CALL}, ("12345", "", "", "", "", "", "119"))).sent_by == ""


@given(st.text(max_size=700), st.text(max_size=80), st.text(max_size=700))
def test_nothing_that_comes_in_a_header_of_110_can_be_more_than_a_short_printable_word(a: str, b: str, c: str) -> None:
    for name, value in checked_context({"id": a, "type": b, "place": c}).items():
        assert value.isprintable()
        assert len(value) <= 64
        assert name == "place" or value.isascii()


@pytest.mark.parametrize("place", ["%0d%0aX: y", "a\r\nb", "%00", "x" * 61, "%FF"])
def test_a_place_with_a_line_break_or_no_text_is_dropped(place: str) -> None:
    assert checked_context({"place": place}) == {}
