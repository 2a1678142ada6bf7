"""How the machine reads Chinese aloud: as a person at the hotline would."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.voice.reading import numbers_in_words, pinyin


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("12345热线", "幺二三四五热线"),
        ("请拨打119", "请拨打幺幺九"),
        ("电话010-12345678", "电话零幺零幺二三四五六七八"),
        ("手机13800001234", "手机幺三八零零零零幺二三四"),
        ("请按1", "请按一"),
        ("共2个人", "共两个人"),
        ("2026年", "二零二六年"),
        ("费用3500.5元", "费用三千五百点五元"),
        ("15%", "百分之十五"),
        ("第10位", "第十位"),
        ("下午2:05", "下午两点零五分"),
        ("20:00", "二十点"),
        ("没有数字", "没有数字"),
    ],
)
def test_numbers_are_said_as_people_say_them(written: str, said: str) -> None:
    assert numbers_in_words(written) == said


def test_hanzi_become_toned_pinyin_with_pauses() -> None:
    assert pinyin("您好，请说。") == "nin2 hao3, qing3 shuo1."


def test_the_vowel_ü_and_the_neutral_tone_are_kept() -> None:
    assert pinyin("绿的") == "lv4 de5"


def test_what_many_readings_hide_is_read_right() -> None:
    assert pinyin("长大") == "zhang3 da4"


def test_wide_digits_are_read_and_those_of_other_scripts_are_not() -> None:
    assert pinyin("１２路") == pinyin("12路")
    assert pinyin("꤀٣") == ""


@given(st.text(max_size=200))
def test_nothing_reaches_the_synthesiser_but_syllables_and_pauses(text: str) -> None:
    """espeak-ng takes [[…]] and <…> as commands; a prompt may contain neither."""
    assert re.fullmatch(r"(?:[a-zü]+[1-5][,.]?(?: |$))*", pinyin(text))


@given(st.text("0123456789.:%- 年个", max_size=30))
def test_no_digit_is_left(text: str) -> None:
    assert not re.search(r"\d", numbers_in_words(text))
