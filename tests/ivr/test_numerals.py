"""Spoken numbers in digits, with the way back to the words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.speech.numerals import number_value, write_numbers

_SPOKEN = "零幺二三四五六七八九"
_TEXTS = st.text(alphabet="零一二两三四五六七八九十百千万亿幺个号楼点半年月的在 ，1239A", max_size=60)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("我电话幺三九零零零零零七零幺", "我电话13900000701"),
        ("一三九 零零零零 零七零一", "13900000701"),
        ("幺三九，呃，四个零，零七零幺", "13900000701"),
        ("要三九零零零零零七零幺", "13900000701"),
        ("二十六号楼三单元五零二室", "26号楼3单元502室"),
        ("一百二十八号", "128号"),
        ("下午四点半", "下午4点半"),
        ("二零一八年三月", "2018年3月"),
        ("三百五十块钱", "350块钱"),
        ("甘A幺二三四五", "甘A12345"),
        ("电话幺三九零零零零零七零幺二十六号楼", "电话1390000070126号楼"),
    ],
)
def test_numbers_are_written_as_one_writes_them(said: str, written: str) -> None:
    assert write_numbers(said).text == written


@pytest.mark.parametrize(
    "said",
    [
        "三四天了",
        "十几个人",
        "一下",
        "万一",
        "千万别",
        "十字路口",
        "周三",
        "五六百块",
        "一点都不好",
        "我有三点建议",
        "八一前后",
        "两三点",
        "一个星期一到晚上",
    ],
)
def test_what_is_said_in_words_by_custom_stays(said: str) -> None:
    assert write_numbers(said).text == said


@given(st.text(alphabet="0123456789", min_size=7, max_size=20))
def test_every_number_said_digit_by_digit_comes_back(digits: str) -> None:
    said = "".join(_SPOKEN[int(digit)] for digit in digits)
    assert write_numbers(said).text == digits


@given(st.integers(min_value=10, max_value=99_999))
def test_every_number_said_with_units_comes_back(number: int) -> None:
    assert number_value(_with_units(number)) == number


@given(_TEXTS)
def test_every_character_keeps_its_place_and_none_is_lost(text: str) -> None:
    written = write_numbers(text)
    assert len(written.spans) == len(written.text)
    covered = 0
    for begin, end in written.spans:
        assert 0 <= begin < end <= len(text)
        assert begin <= covered
        covered = max(covered, end)
    assert covered == len(text)


@given(_TEXTS)
def test_written_text_is_left_alone(text: str) -> None:
    once = write_numbers(text).text
    assert not any(char in once for char in "\x00")
    assert len(write_numbers(once).text) <= len(once) + 12


def test_a_very_long_text_takes_bounded_time() -> None:
    begun = time.process_time()
    for text in ("零" * 8000, "三个八" * 2600, "一百" * 4000, "幺，" * 4000, "点" * 8000):
        write_numbers(text)
    assert time.process_time() - begun < 2.0


def _with_units(number: int) -> str:
    """Say a number below 100,000 with 万千百十."""
    names = "零一二三四五六七八九"
    said, zero = "", False
    for unit, name in ((10_000, "万"), (1_000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            said += ("零" if zero else "") + names[digit] + name
            zero = False
        else:
            zero = bool(said)
    return said
