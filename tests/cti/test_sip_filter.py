"""What a browser may say to the switch: as its own seat and as nobody else, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.sip_filter import said

REGISTER = """REGISTER sip:127.0.0.1 SIP/2.0
Via: SIP/2.0/WS x.invalid;branch=z9hG4bK1
To: <sip:801@127.0.0.1>
From: "李晓梅" <sip:801@127.0.0.1>;tag=a
Call-ID: 1
CSeq: 1 REGISTER
Contact: <sip:k3j@x.invalid;transport=ws>
Content-Length: 0

"""


def written(text: str) -> str:
    return text.replace("\n", "\r\n")


def may(text: str) -> bool:
    return said(written(text), "801").may_pass


def test_the_seat_registers_answers_and_speaks_within_its_dialogs() -> None:
    assert may(REGISTER)
    assert may(REGISTER.replace("Contact:", 'Authorization: Digest username="801", realm="asterisk"\nContact:'))
    assert may(REGISTER.replace("From:", "f:").replace("To:", "t:"))
    assert may("SIP/2.0 200 OK\nFrom: <sip:13812345678@x>\n\n")
    assert may("BYE sip:asterisk@127.0.0.1 SIP/2.0\nFrom: <sip:k3j@x.invalid>;tag=a\nTo: <sip:1@x>;tag=b\n\n")
    assert may("\n\n")
    assert said("\r\n\r\n", "801").method == "keepalive"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('From: "李晓梅" <sip:801@', "From: <sip:802@"),
        ("To: <sip:801@", "To: <sip:802@"),
        ('From: "李晓梅" <sip:801@', 'From: "<sip:801@x>" <sip:802@'),
        ('From: "李晓梅" <sip:801@', 'From: "\\"<sip:801@x>" <sip:802@'),
        ('From: "李晓梅" <sip:801@127.0.0.1>', "From: <sip:802@x> <sip:801@x>"),
        ("Contact:", "From: <sip:802@x>;tag=z\nContact:"),
        ("Contact:", "f: <sip:802@x>;tag=z\nContact:"),
        ("Contact:", 'Authorization: Digest username="802"\nContact:'),
        ("Contact:", 'Authorization: Digest username="801", username="802"\nContact:'),
        ("Contact:", " folded\nContact:"),
        ("REGISTER sip", "MESSAGE sip"),
        ("REGISTER sip", "SUBSCRIBE sip"),
        ("REGISTER sip:127.0.0.1 SIP/2.0", "REGISTER sip:127.0.0.1"),
        ("REGISTER sip:127.0.0.1 SIP/2.0", "INVITE sip:12345@127.0.0.1 SIP/2.0\nFrom: <sip:110@x>"),
        ("From:", "X:"),
    ],
)
def test_nobody_speaks_in_the_name_of_another(old: str, new: str) -> None:
    assert old in REGISTER
    assert not may(REGISTER.replace(old, new))


def test_a_call_begins_only_in_the_name_of_the_seat() -> None:
    invite = REGISTER.replace("REGISTER", "INVITE").replace("To: <sip:801@", "To: <sip:12345@")
    assert may(invite)
    assert not may(invite.replace("<sip:801@", "<sip:13812345678@"))


@given(st.text(max_size=400))
def test_any_text_is_judged_and_none_in_the_name_of_another_passes(text: str) -> None:
    told = said(text, "801")
    assert told.may_pass or told.refused
    hostile = said(written(REGISTER).replace("sip:801@", "sip:802@") + text, "801")
    assert not hostile.may_pass
