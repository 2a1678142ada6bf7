"""Numbers that come over a phone line are read once, at the door, and never shown in full by accident."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import PhoneNumber, call_id


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("13812345678", "13812345678"),
        ("+8613812345678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("+86 138-1234-5678", "13812345678"),
        ("+869318881234", "09318881234"),
        ("+8609318881234", "09318881234"),
        ("(0931)8881234", "09318881234"),
        ("+861088881234", "01088881234"),
        ("+864008123123", "4008123123"),
        ("+8695588", "95588"),
        ("110", "110"),
        ("+15551234567", "15551234567"),
        ("", ""),
        (None, ""),
        ("anonymous", ""),
        ('"x"<sip:1@evil>', ""),
        ("138\r\nAction: Originate", ""),
        ("${SHELL(rm)}", ""),
        ("1" * 1000, ""),
    ],
)
def test_a_number_is_read_as_dialled_nationally_or_not_at_all(said: str | None, digits: str) -> None:
    assert PhoneNumber.parse(said).digits == digits


@given(st.text(max_size=80))
def test_whatever_comes_in_only_digits_come_out(text: str) -> None:
    digits = PhoneNumber.parse(text).digits
    assert digits == "" or (digits.isascii() and digits.isdigit())


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_a_number_never_prints_itself_in_full(digits: str) -> None:
    number = PhoneNumber.parse(digits)
    for shown in (str(number), repr(number), f"{number}", f"{(number,)}"):
        assert digits not in shown
        assert digits[3:7] not in shown.replace(digits[-4:], "")


@pytest.mark.parametrize("text", ["", "../../etc", "a/b", "a b", "x" * 81, "a\n", ".hidden", "通话"])
def test_what_cannot_be_a_file_name_is_no_call_id(text: str) -> None:
    with pytest.raises(ValueError, match="not a call id"):
        call_id(text)
