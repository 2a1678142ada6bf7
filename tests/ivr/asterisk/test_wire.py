"""Bytes to and from the manager interface."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.asterisk.wire import AmiMessage, MessageSplitter, WireError, encode_action, parse_message
from ivr.errors import UnsafeHeaderError

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
CHINESE = "Event: UserEvent\r\nUserEvent: 张三李四王五\r\nText: 二十四小时热线，噪音扰民\r\n\r\n".encode() * 4


def read_in_pieces(pieces: list[bytes]) -> list[AmiMessage]:
    splitter = MessageSplitter()
    return [parse_message(raw) for piece in pieces for raw in splitter.feed(piece)]


def test_chinese_text_survives_the_cut_at_every_single_place() -> None:
    stream = BANNER + CHINESE
    whole = read_in_pieces([stream])
    assert [message["Text"] for message in whole] == ["二十四小时热线，噪音扰民"] * 4
    for cut in range(len(stream) + 1):
        assert read_in_pieces([stream[:cut], stream[cut:]]) == whole, cut


def test_a_peer_that_sends_one_byte_at_a_time_is_understood() -> None:
    stream = BANNER + CHINESE
    assert read_in_pieces([bytes([byte]) for byte in stream]) == read_in_pieces([stream])


@given(
    st.lists(
        st.lists(
            st.tuples(
                st.from_regex(r"[A-Za-z]{1,12}", fullmatch=True), st.text(st.characters(exclude_characters="\r\n"))
            ),
            min_size=1,
            max_size=5,
        ),
        max_size=5,
    ),
    st.lists(st.integers(0, 4000), max_size=8),
)
def test_messages_are_the_same_however_the_network_cut_them(
    messages: list[list[tuple[str, str]]], cuts: list[int]
) -> None:
    stream = BANNER + b"".join(
        "".join(f"{name}: {value}\r\n" for name, value in one).encode("utf-8", "replace") + b"\r\n" for one in messages
    )
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    pieces = [stream[start:end] for start, end in itertools.pairwise(places)]
    read = read_in_pieces(pieces)
    assert read == read_in_pieces([stream])
    assert [message.pairs for message in read] == [
        tuple((name, value.encode("utf-8", "replace").decode()) for name, value in one) for one in messages
    ]


@given(st.binary(max_size=3000))
def test_garbage_is_either_not_a_manager_port_or_a_message_of_odd_words(data: bytes) -> None:
    for prefix in (b"", BANNER):
        splitter = MessageSplitter(max_message_bytes=2000)
        try:
            for raw in splitter.feed(prefix + data):
                parse_message(raw)
        except WireError:
            pass


def test_a_message_without_end_is_given_up_at_the_limit() -> None:
    splitter = MessageSplitter(max_message_bytes=10_000)
    assert list(splitter.feed(BANNER + (b"A: " + b"x" * 500 + b"\r\n") * 19)) == []
    with pytest.raises(WireError):
        splitter.feed((b"A: " + b"x" * 500 + b"\r\n") * 2)


@pytest.mark.parametrize("hostile", ["\r\n", "\n", "\r", "\0", "bob\r\n\r\nAction: Originate\r\nChannel: Local/x"])
def test_no_value_can_smuggle_a_second_line_to_the_switch(hostile: str) -> None:
    with pytest.raises(UnsafeHeaderError):
        encode_action("Setvar", [("Channel", "x"), ("Variable", "A"), ("Value", f"a{hostile}b")], "1")
    with pytest.raises(UnsafeHeaderError):
        encode_action("Setvar", [("Channel", "x")], f"1{hostile}")
    with pytest.raises(UnsafeHeaderError):
        encode_action("Setvar", [(f"Channel{hostile}", "x")], "1")


@pytest.mark.parametrize("action", ["Command", "System", "AGI", "UpdateConfig", "ping", "Ping\r\nX: y", ""])
def test_actions_that_we_never_need_cannot_be_sent(action: str) -> None:
    with pytest.raises(UnsafeHeaderError):
        encode_action(action, [], "1")


def test_headers_that_do_not_belong_to_an_action_cannot_be_sent() -> None:
    with pytest.raises(UnsafeHeaderError):
        encode_action("Ping", [("Channel", "x")], "1")


def test_a_value_longer_than_the_switch_reads_is_refused() -> None:
    with pytest.raises(UnsafeHeaderError):
        encode_action("QueuePause", [("Reason", "小休" * 300)], "1")


@given(st.text(max_size=400))
def test_what_is_sent_is_exactly_one_action(value: str) -> None:
    try:
        sent = encode_action("QueuePause", [("Reason", value)], "7")
    except UnsafeHeaderError:
        return
    assert sent.count(b"\r\n\r\n") == 1
    assert sent.endswith(b"\r\n\r\n")
    (raw,) = whole_messages(sent)
    assert parse_message(raw).pairs == (("Action", "QueuePause"), ("ActionID", "7"), ("Reason", value))


def whole_messages(data: bytes) -> list[bytes]:
    splitter = MessageSplitter()
    return list(splitter.feed(BANNER + data))


def test_a_header_without_value_is_kept_and_a_repeated_one_keeps_its_order() -> None:
    read = parse_message(b"Event: X\r\nChanVariable: A=1\r\nChanVariable: B=2\r\nCallerIDName:\r\nLast: ")
    assert "Last" in read
    assert "CallerIDName" in read
    assert "Absent" not in read
    assert read.every("chanvariable") == ("A=1", "B=2")
    assert parse_message(b"Event: X\r\nChanVariable: A=1").every("ChanVariable") == ("A=1",)
