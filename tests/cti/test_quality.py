"""A draw gives every call the same chance, can be done again by anybody, and a judgement is what its form says."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.quality import FORM, Drawable, ScoreError, drawn, drawn_per_seat, score
from ivr.call import CallId, SeatId

CALLS = [Drawable(CallId(f"hl-17953127{nth:02d}.{nth}"), SeatId(("801", "802", "803")[nth % 3])) for nth in range(60)]


def test_every_call_is_drawn_as_often_as_any_other_whoever_took_it() -> None:
    """Chi-square over 3,000 draws of 6 of 60: 59 degrees of freedom, 104 is exceeded by chance once in 4,000 times."""
    draws, count = 3000, 6
    times = Counter(call for seed in range(draws) for call in drawn(CALLS, count, f"seed-{seed}"))
    expected = draws * count / len(CALLS)
    assert sum((times[each.call] - expected) ** 2 / expected for each in CALLS) < 104
    seats = Counter(each.seat for each in CALLS for _ in range(times[each.call]))
    assert max(seats.values()) / min(seats.values()) < 1.05


def test_neither_place_nor_neighbours_decide_what_is_drawn() -> None:
    chosen = drawn(CALLS, 10, "seed")
    assert drawn(CALLS[::-1], 10, "seed") == chosen
    assert drawn([*CALLS, *CALLS], 10, "seed") == chosen, "a call that is listed twice has no second chance"
    fewer = [each for each in CALLS if each.call != chosen[0]]
    assert drawn(fewer, 9, "seed") == chosen[1:]


def test_of_each_seat_as_many_are_drawn() -> None:
    seat_of = {each.call: each.seat for each in CALLS}
    assert Counter(seat_of[call] for call in drawn_per_seat(CALLS, 4, "s")) == {"801": 4, "802": 4, "803": 4}
    assert len(drawn_per_seat(CALLS[:2], 4, "s")) == 2


@given(st.integers(-3, 80), st.text(max_size=8))
def test_a_draw_never_gives_more_than_asked_or_one_twice(count: int, seed: str) -> None:
    chosen = drawn(CALLS, count, seed)
    assert len(chosen) == len(set(chosen)) == max(0, min(count, len(CALLS)))


FULL = {each.name: each.points for each in FORM.criteria}


def test_the_lines_of_the_form_make_a_hundred_and_a_fatal_one_takes_all() -> None:
    assert FORM.full_marks == 100
    assert score(FORM, FULL) == 100
    assert score(FORM, {**FULL, "greeting": 0}) == 90
    for each in FORM.criteria:
        if each.is_fatal:
            assert score(FORM, {**FULL, each.name: 1}) == 0


@pytest.mark.parametrize("wrong", [{"order": 26}, {"order": -1}, {"leak": 2}, {"kindness": 1}])
def test_marks_out_of_bounds_or_of_no_line_are_refused_in_words(wrong: dict[str, int]) -> None:
    with pytest.raises(ScoreError, match="改法"):
        score(FORM, {**FULL, **wrong})
    with pytest.raises(ScoreError, match="没有打分"):
        score(FORM, {})
