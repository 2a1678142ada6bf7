"""Masking of private numbers, written and spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.redact import PrivateKind, find_private, redact


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("我电话13900000701谢谢", "我电话139****0701谢谢"),
        ("我电话幺三九零零零零零七零幺谢谢", "我电话139****0701谢谢"),
        ("身份证620102199001011234", "身份证6201************34"),
        ("车牌甘A12345停在门口", "车牌甘A***45停在门口"),
        ("座机0931-2330050", "座机093****0050"),
        ("二十六号楼502室", "二十六号楼502室"),
    ],
)
def test_private_numbers_are_masked_and_the_rest_is_untouched(said: str, masked: str) -> None:
    assert redact(said) == masked


def test_only_the_kinds_that_a_role_may_not_see_are_masked() -> None:
    text = "电话13900000701车牌甘A12345"
    assert redact(text, {PrivateKind.PLATE}) == "电话13900000701车牌甘A***45"


def test_a_private_number_is_found_where_it_was_spoken() -> None:
    text = "打幺三九零零零零零七零幺"
    (private,) = find_private(text)
    assert (private.kind, private.digits) == (PrivateKind.PHONE, "13900000701")
    assert text[private.begin : private.end] == "幺三九零零零零零七零幺"


@given(st.text(alphabet="0123456789一三九零幺甘Ax-， 电话号", max_size=50))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.text(alphabet="电话是，我", max_size=6), st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True))
def test_no_mobile_number_survives(before: str, number: str) -> None:
    assert number not in redact(before + number)
