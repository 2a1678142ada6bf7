"""The fast matcher agrees with the plain one, on anything."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from routing.adapters.aho_matcher import AhoMatcher
from routing.classify.matcher import PlainMatcher

_WORDS = st.lists(st.text(alphabet="井盖污水箅子ab", min_size=1, max_size=4), max_size=12, unique=True)
_TEXTS = st.text(alphabet="井盖污水箅子ab，\x00😀", max_size=40)


@given(_WORDS, _TEXTS)
def test_every_overlapping_word_is_found_where_it_stands(words: list[str], text: str) -> None:
    hits = AhoMatcher(words).find(text)
    assert sorted(hits) == sorted(PlainMatcher(words).find(text))
    assert all(text[hit.begin : hit.end] == words[hit.pattern] for hit in hits)


@given(_WORDS, _TEXTS)
def test_a_naive_search_finds_the_same(words: list[str], text: str) -> None:
    naive = {
        (number, begin, begin + len(word))
        for number, word in enumerate(words)
        for begin in range(len(text))
        if text[begin : begin + len(word)] == word
    }
    assert {tuple(hit) for hit in AhoMatcher(words).find(text)} == naive


def test_eight_thousand_characters_of_hits_take_bounded_time() -> None:
    begun = time.process_time()
    hits = AhoMatcher(["井", "井井", "井井井"]).find("井" * 8000)
    assert len(hits) == 8000 + 7999 + 7998
    assert time.process_time() - begun < 1.0
