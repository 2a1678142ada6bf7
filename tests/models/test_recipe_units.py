"""How a pinyin syllable becomes phones and pdfs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.recipe.numerals import DIGITS, spell_colloquial, spell_digits, spell_number, split_units
from models.recipe.units import (
    FINALS,
    INITIALS,
    PDF_COUNT,
    PDFS,
    PHONES,
    UNITS,
    positioned,
    syllable_units,
    tone_siblings,
    unit_of_phone,
    word_units,
)


@pytest.mark.parametrize(
    ("syllable", "units"),
    [
        ("ni3", ("n", "i3")),
        ("zhi1", ("zh", "iii1")),
        ("si4", ("s", "ii4")),
        ("xue2", ("x", "ve2")),
        ("qu4", ("q", "v4")),
        ("nv3", ("n", "v3")),
        ("lüe4", ("l", "ve4")),
        ("yuan2", ("y", "van2")),
        ("you3", ("y", "iu3")),
        ("wu3", ("w", "u3")),
        ("wen4", ("w", "un4")),
        ("er4", ("er4",)),
        ("an1", ("an1",)),
        ("ma5", ("m", "a5")),
    ],
)
def test_a_syllable_splits_into_initial_and_toned_final(syllable, units):
    assert syllable_units(syllable) == units


@pytest.mark.parametrize("no_syllable", ["", "ni", "3", "hello", "xyz3", "ni6", "n2"])
def test_what_is_no_mandarin_syllable_has_no_units(no_syllable):
    assert syllable_units(no_syllable) is None


def test_a_word_with_an_unreadable_syllable_has_no_units():
    assert word_units(["ni3", "qqq1"]) is None
    assert word_units([]) is None
    assert word_units(["ni3", "hao3"]) == ("n", "i3", "h", "ao3")


def test_every_pdf_belongs_to_exactly_one_unit():
    numbers = sorted(pdf for pdfs in PDFS.values() for pdf in pdfs)
    assert numbers == list(range(PDF_COUNT))
    assert len(UNITS) == 1 + len(INITIALS) + 5 * len(FINALS)


def test_positions_tell_where_a_word_begins_and_ends():
    assert [PHONES[phone] for phone in positioned(("n", "i3", "h", "ao3"))] == ["n_B", "i3_I", "h_I", "ao3_E"]
    assert [PHONES[phone] for phone in positioned(("er4",))] == ["er4_S"]
    assert unit_of_phone(positioned(("n", "i3"))[1]) == "i3"


def test_tones_of_one_final_are_siblings_and_initials_stand_alone():
    assert tone_siblings("ao3", 1) == tuple(PDFS[f"ao{tone}"][1] for tone in "12345")
    assert tone_siblings("zh", 0) == (PDFS["zh"][0],) * 5


@pytest.mark.parametrize(
    ("number", "spelt"),
    [
        (0, "零"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (105, "一百零五"),
        (110, "一百一十"),
        (1050, "一千零五十"),
        (10_010, "一万零一十"),
        (32_000, "三万二千"),
        (200_300, "二十万零三百"),
    ],
)
def test_numbers_are_spelt_as_they_are_spoken(number, spelt):
    assert spell_number(number) == spelt


def _read_back(spelt):
    total = part = digit = 0
    for character in spelt:
        if character in DIGITS:
            digit = DIGITS.index(character)
        elif character == "万":
            total, part, digit = (part + digit) * 10_000, 0, 0
        else:
            part += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character]
            digit = 0
    return total + part + digit


@given(st.integers(0, 99_999_999))
def test_a_spelt_number_reads_back_as_itself(number):
    assert _read_back(spell_number(number)) == number


@given(st.integers(0, 99_999_999))
def test_cutting_a_number_into_words_loses_nothing(number):
    spelt = spell_colloquial(number)
    assert "".join(split_units(spelt)) == spelt


def test_numbers_out_of_range_are_refused():
    with pytest.raises(ValueError, match="outside"):
        spell_number(-1)


def test_one_is_yao_on_the_telephone_only():
    assert spell_digits("13800") == "幺三八零零"
    assert spell_digits("12345", phone=False) == "一二三四五"


def test_sums_of_money_say_liang():
    assert spell_colloquial(2200) == "两千两百"
    assert spell_colloquial(20_000) == "两万"
    assert spell_colloquial(12) == "十二"
