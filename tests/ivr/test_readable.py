"""Readable turns: punctuation, digits, fillers and dates; the raw words underneath with every character's time."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import Leg
from ivr.ports import HeardWord
from ivr.speech.readable import MarkKind, ReadableTurn, character_times, readable
from ivr.speech.readable_dates import find_dates
from ivr.speech.transcript import Turn

DAY = date(2026, 11, 22)  # a Sunday


def spoken(*pieces: str | float, leg: Leg = Leg.CALLER) -> Turn:
    """Return a turn of words, a quarter of a second for each character; numbers are pauses in seconds."""
    words: list[HeardWord] = []
    at = 1.0
    for piece in pieces:
        if isinstance(piece, float):
            at += piece
            continue
        words.append(HeardWord(piece, at, at + 0.25 * len(piece), 0.9))
        at += 0.25 * len(piece)
    return Turn(leg, "".join(word.text for word in words), tuple(words), 1.0, at)


def read(*pieces: str | float) -> ReadableTurn:
    return readable([spoken(*pieces)], DAY)[0]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (("你好", "我家", "楼下", "路灯", "坏了"), "你好，我家楼下路灯坏了。"),
        (("路灯坏了", 0.5, "晚上看不见"), "路灯坏了，晚上看不见。"),
        (("我家的路灯已经坏了", 1.2, "你们快来修一下"), "我家的路灯已经坏了。你们快来修一下。"),
        (("请问", "办居住证", "要什么材料"), "请问办居住证要什么材料？"),
        (("能修吗", 0.4, "我等着"), "能修吗？我等着。"),
        (("路灯坏了好几天", "但是", "没有人来修"), "路灯坏了好几天，但是没有人来修。"),
        (("我电话", "幺三九", 0.6, "零零零零", 0.6, "零七零幺"), "我电话13900000701。"),
        (("路都走不过去幺三九零零零零零五零幺我姓刘",), "路都走不过去，13900000501，我姓刘。"),
        (("我住二十六号楼三单元五零二室",), "我住26号楼3单元502室。"),
        (("交了三百五十块",), "交了350块。"),
        (("早上七点半就开始吵",), "早上7点半就开始吵。"),
        (("我不知道找谁",), "我不知道找谁。"),
        ((), ""),
    ],
)
def test_a_turn_reads_as_one_would_write_it(pieces: tuple[str | float, ...], text: str) -> None:
    assert read(*pieces).text == text


def test_fillers_are_marked_and_stay() -> None:
    turn = read("嗯", "那个那个", "路灯坏了")
    marked = [turn.text[mark.begin : mark.end] for mark in turn.marks if mark.kind is MarkKind.FILLER]
    assert marked == ["嗯", "那个那个"]
    assert turn.raw == "嗯那个那个路灯坏了"


def test_each_character_can_be_played() -> None:
    turn = read("我住", 1.0, "二十六号楼")
    at = turn.text.index("26")
    assert turn.seconds(at, at + 2) == (2.5, 3.25)
    assert turn.seconds(turn.text.index("号"), turn.text.index("号") + 1) == (3.25, 3.5)


def test_what_is_still_being_said_has_no_full_stop() -> None:
    turn = Turn(Leg.CALLER, "我家路灯", (), 1.0, 2.0, is_final=False)
    assert readable([turn])[0].text == "我家路灯"


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("昨天晚上停水了", "2026-11-21"),
        ("大前天报过", "2026-11-19"),
        ("上周三就说了", "2026-11-11"),
        ("上个星期天", "2026-11-15"),
        ("本月5号开始", "2026-11-05"),
        ("本月31号", None),
        ("12月20号截止", "2026-12-20"),
        ("1月3日", "2027-01-03"),
        ("11月26号楼", None),
    ],
)
def test_days_are_counted_from_the_day_of_the_call(said: str, day: str | None) -> None:
    assert [found.isoformat() for _, _, found in find_dates(said, DAY)] == ([day] if day else [])


def test_a_month_without_a_year_is_the_nearest() -> None:
    assert [found for _, _, found in find_dates("12月30号", date(2027, 1, 4))] == [date(2026, 12, 30)]


WORDS = st.lists(
    st.tuples(
        st.text(alphabet="我家路灯坏了吗嗯那个但是请问一三九零幺十号楼点abc，。 ", min_size=1, max_size=6),
        st.floats(0, 3),
        st.floats(0, 2),
    ),
    max_size=12,
)


@given(WORDS, st.booleans(), st.booleans())
def test_the_way_back_is_total_and_never_goes_back(
    said: list[tuple[str, float, float]], has_words: bool, is_final: bool
) -> None:
    words: list[HeardWord] = []
    at = 0.0
    for text, lasts, pause in said:
        words.append(HeardWord(text, at, at + lasts, 1.0))
        at += lasts + pause
    raw = "".join(word.text for word in words)
    turn = Turn(Leg.CALLER, raw, tuple(words) if has_words else (), 0.0, at, is_final)
    (whole,) = readable([turn], DAY)
    assert len(whole.sources) == len(whole.text)
    assert len(whole.times) == len(raw)
    reached = 0
    for since, until in whole.sources:
        assert since <= reached <= max(until, reached)
        reached = max(reached, until)
    assert reached == len(raw)
    assert [since for since, _ in whole.sources] == sorted(since for since, _ in whole.sources)
    begins = [begun for begun, _ in whole.times]
    assert begins == sorted(begins)
    assert all(begun <= ended for begun, ended in whole.times)
    assert all(0 <= begun <= at + 0.01 for begun in begins)
    for mark in whole.marks:
        assert 0 <= mark.begin < mark.end <= len(whole.text)


@pytest.mark.parametrize("said", ["嗯", "零一二三", "请问吗", "<b>x"])
def test_an_hour_of_anything_takes_bounded_time(said: str) -> None:
    text = said * (60_000 // len(said))
    (turn,) = readable([Turn(Leg.CALLER, text, (), 0.0, 3600.0)], DAY)
    assert turn.raw == text


@given(st.text(alphabet="路灯坏了一二", max_size=10), st.lists(st.floats(-5, 50), max_size=10))
def test_words_with_odd_times_still_give_every_character_a_time(text: str, odd: list[float]) -> None:
    words = tuple(HeardWord(char, at, at - 1, 1.0) for char, at in zip(text, odd, strict=False))
    times = character_times(Turn(Leg.CALLER, text, words, 2.0, 9.0))
    assert len(times) == len(text)
    assert all(a[0] <= b[0] for a, b in pairwise(times))
