"""Chinese full-text search without a dictionary: what is indexed of a transcript, and what a searcher's words mean.

The index holds pairs of neighbouring characters (路灯坏 → 路灯 灯坏 坏), so every word of two characters and more is
found, in whatever way it would have been cut. Numbers are written in digits on both sides: 二十六号楼 finds 26号楼.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ivr.speech.numerals import write_numbers

CHUNK = 8_000
"""Characters that lie in one row of the index: some half an hour of talk. Words joined by AND must meet in a row."""

LONGEST_CALL = 200_000
"""Characters of a call that are searched, its first: half a day of talk. The turns themselves are kept whole."""

MOST_WORDS = 8
LONGEST_WORD = 50
_OVERLAP = LONGEST_WORD


@dataclass(frozen=True, slots=True)
class Plain:
    """The letters, digits and hanzi of a text as they are compared; `spans[i]` is where `text[i]` stands in it."""

    text: str
    spans: tuple[tuple[int, int], ...]


def plain(text: str) -> Plain:
    """Return what of `text` is searched: lower case, numbers in digits, without punctuation and spaces."""
    written = write_numbers(text)
    kept = [
        (low, span)
        for char, span in zip(written.text, written.spans, strict=True)
        if char.isalnum() and len(low := char.lower()) == 1
    ]
    return Plain("".join(char for char, _ in kept), tuple(span for _, span in kept))


def query_words(text: str) -> tuple[str, ...]:
    """Return the words of a query, all of which must occur in a call; ValueError, with the remedy, for none."""
    words = [word for part in text.split()[:MOST_WORDS] if (word := plain(part[: LONGEST_WORD * 2]).text)]
    if not words:
        raise ValueError("没有可查的字。改法：写要找的词，例如：路灯，或：武威路 井盖")
    if any(len(word) > LONGEST_WORD for word in words):
        raise ValueError(f"要找的词太长。改法：一个词最多 {LONGEST_WORD} 个字，几个词之间用空格")
    return tuple(dict.fromkeys(words))


def pairs(text: str) -> Iterator[str]:
    """Yield the index terms of one plain text: its neighbouring characters, and its last one alone."""
    for at in range(len(text)):
        yield text[at : at + 2]


def searched(texts: Iterable[str]) -> Iterator[str]:
    """Yield of each of a call's texts what is searched, until LONGEST_CALL characters are through."""
    left = LONGEST_CALL
    for text in texts:
        if left <= 0:
            return
        yield text[:left]
        left -= len(text)


def chunks(texts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the index terms of a call's turns, row by row; a word never spans two turns."""
    terms: list[str] = []
    for whole in searched(texts):
        text = plain(whole).text
        for begin in range(0, len(text), CHUNK):
            piece = text[begin : begin + CHUNK + _OVERLAP]
            if terms and len(terms) + len(piece) > CHUNK:
                yield tuple(terms)
                terms = []
            terms.extend(pairs(piece))
    if terms:
        yield tuple(terms)


def places_of(word: str, text: Plain) -> Iterator[tuple[int, int]]:
    """Yield where `word` stands in the source of `text`."""
    at = text.text.find(word)
    while at >= 0:
        yield text.spans[at][0], text.spans[at + len(word) - 1][1]
        at = text.text.find(word, at + len(word))
