"""Reading and writing SIP: exact where it is right, calm where it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.simulator.digest import answer_challenge
from ivr.adapters.simulator.loopback import require_loopback
from ivr.adapters.simulator.phone_errors import NotLoopbackError
from ivr.adapters.simulator.sdp import AudioAddress, Direction, read_sdp, write_sdp
from ivr.adapters.simulator.sip_message import (
    SipRequest,
    SipResponse,
    host_and_port_of,
    parse_sip,
    respond,
    tag_of,
    uri_of,
    user_of,
)

INVITE = SipRequest(
    (
        ("Via", "SIP/2.0/UDP 127.0.0.2:5070;branch=z9hG4bK1"),
        ("Via", "SIP/2.0/UDP 127.0.0.9;branch=z9hG4bK0"),
        ("From", '"张三" <sip:13800001234@127.0.0.2>;tag=a'),
        ("To", "<sip:12345@127.0.0.1>"),
        ("Call-ID", "c1"),
        ("CSeq", "7 INVITE"),
    ),
    b"v=0\r\n",
    "INVITE",
    "sip:12345@127.0.0.1:5060",
)

words = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=30)
names = st.from_regex(r"X-[A-Za-z-]{1,20}", fullmatch=True)


@given(st.lists(st.tuples(names, words), max_size=20), st.binary(max_size=200))
def test_what_is_written_is_read_again(headers: list[tuple[str, str]], body: bytes) -> None:
    message = SipRequest(tuple(headers), body, "OPTIONS", "sip:a@127.0.0.1")
    read = parse_sip(message.encode())
    assert isinstance(read, SipRequest)
    assert read.headers[:-1] == tuple((name, value.strip()) for name, value in headers)
    assert (read.method, read.uri, read.body) == ("OPTIONS", "sip:a@127.0.0.1", body)


@given(st.binary(max_size=2000))
def test_no_datagram_breaks_the_parser(data: bytes) -> None:
    message = parse_sip(data)
    if message is not None:
        assert message.cseq[0] >= 0
        uri_of(message.get("From"))
        read_sdp(message.body)


@given(st.binary(max_size=400))
def test_no_change_of_a_good_message_breaks_the_parser(noise: bytes) -> None:
    good = INVITE.encode()
    at = len(noise) % len(good)
    parse_sip(good[:at] + noise + good[at + len(noise) // 2 :])


@pytest.mark.parametrize(
    "data", [b"", b"\r\n\r\n", b"\0\0\0\0", b"GET / HTTP/1.1\r\n\r\n", b"SIP/2.0 99 x\r\n\r\n", b"x" * 70_000]
)
def test_what_is_not_sip_is_nothing(data: bytes) -> None:
    assert parse_sip(data) is None


def test_short_header_names_and_continued_lines_mean_the_same() -> None:
    read = parse_sip(
        b"BYE sip:x@127.0.0.1 SIP/2.0\r\nv: SIP/2.0/UDP h;branch=b\r\ni: 9\r\nSubject: one\r\n two\r\n\r\n"
    )
    assert isinstance(read, SipRequest)
    assert (read.call_id, read.branch, read.get("subject")) == ("9", "b", "one two")


def test_an_answer_repeats_the_question_s_names_and_adds_our_tag() -> None:
    answer = respond(INVITE, 180, "Ringing", "ours")
    assert answer.all("Via") == INVITE.all("Via")
    assert tag_of(answer.get("To")) == "ours"
    assert answer.cseq == (7, "INVITE")
    assert isinstance(parse_sip(answer.encode()), SipResponse)


def test_a_tag_inside_the_address_is_not_the_tag_of_the_call() -> None:
    assert tag_of("<sip:1@h;tag=inside>;tag=outside") == "outside"
    assert tag_of("<sip:1@h;tag=inside>") == ""


def test_numbers_are_found_in_every_way_of_writing_them() -> None:
    assert user_of('"张三" <sip:13800001234@h;user=phone>') == "13800001234"
    assert user_of("tel:+8613800001234;phone-context=x") == "+8613800001234"
    assert host_and_port_of("sip:801@127.0.0.1:5062;transport=udp") == ("127.0.0.1", 5062)
    assert host_and_port_of("sip:801@127.0.0.1:99999") == ("", 0)


@pytest.mark.parametrize("way", list(Direction))
def test_a_description_of_audio_is_read_as_it_was_written(way: Direction) -> None:
    audio = AudioAddress("127.0.0.3", 40_002, True, 101, way)
    assert read_sdp(write_sdp(audio)) == audio


def test_the_old_way_of_saying_hold_is_understood() -> None:
    body = write_sdp(AudioAddress("127.0.0.3", 40_002)).replace(b"IN IP4 127.0.0.3", b"IN IP4 0.0.0.0")
    read = read_sdp(body)
    assert read is not None
    assert read.direction is Direction.NONE


def test_a_password_is_proved_as_the_standard_s_example_says() -> None:
    """RFC 2617, 3.5: the one example that every implementation is checked against."""
    said = answer_challenge(
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"',
        method="GET",
        uri="/dir/index.html",
        user="Mufasa",
        password="Circle Of Life",
        cnonce="0a4f113b",
    )
    assert 'response="6629fae49393a05397450978507c4ef1"' in said


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.1.9", "0.0.0.0", "example.com", "::1", "128.0.0.1", ""])
def test_no_simulated_phone_ever_talks_to_another_machine(host: str) -> None:
    with pytest.raises(NotLoopbackError):
        require_loopback(host)
