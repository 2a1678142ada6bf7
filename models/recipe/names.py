"""How names are built: places, people, surnames. The language model holds each class as a small automaton of its own.

A name is rarely in any text, so its characters must be guessed from what names are made of, and only where a name
can stand. Kept apart like this, the many odd characters of names do not disturb ordinary words. All parts are combined
freely and belong to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from .lexicon import dictionary_tags, dictionary_words
from .text_files import read_table

PLACE, PERSON, SURNAME = "<place>", "<person>", "<surname>"


@dataclass(frozen=True, slots=True)
class Stage:
    """One step inside a name: the words that may come, each with its probability and the next stage, and the end."""

    words: Mapping[str, tuple[float, int]]
    leave: float


NameClass = tuple[Stage, ...]


def _shares(words: Iterable[str], extra: Mapping[str, float] | None = None) -> dict[str, float]:
    """Return the share of each word in a list with repetitions, plus fixed extra weights."""
    weights: dict[str, float] = dict(extra or {})
    for word in words:
        weights[word] = weights.get(word, 0.0) + 1.0
    total = sum(weights.values())
    return {word: weight / total for word, weight in weights.items()}


def _stage(parts: Iterable[tuple[float, Mapping[str, float], int]], leave: float = 0.0) -> Stage:
    """Return a stage of alternatives: (mass, shares, next stage). A word found twice keeps the first."""
    words: dict[str, tuple[float, int]] = {}
    for mass, shares, following in parts:
        for word, share in shares.items():
            words.setdefault(word, (mass * share, following))
    total = sum(probability for probability, _ in words.values())
    scale = (1 - leave) / total if total else 0.0
    return Stage({word: (probability * scale, following) for word, (probability, following) in words.items()}, leave)


@lru_cache(maxsize=1)
def name_classes() -> Mapping[str, NameClass]:
    """Return every class by its token; a name starts in stage 0, and the last stage only leaves."""
    parts = read_table("names")
    tags = dictionary_tags()
    known = {word: count for word, count in dictionary_words(80_000) if tags[word] == "ns" and len(word) >= 2}
    nouns = {word: count for word, count in dictionary_words(12_000) if tags[word] in ("n", "nz", "a", "t", "s", "f")}
    whole = _shares(parts["known_places"], {word: 0.02 * count**0.5 for word, count in known.items()})
    common = _shares((), {word: count**0.3 for word, count in nouns.items() if len(word) == 2})
    general = {word: 0.02 * count**0.3 for word, count in dictionary_words(6_000) if len(word) == 1}
    characters = _shares("".join(parts["place_characters"]), general)
    surnames = _shares(parts["surnames"][:100] * 3 + parts["surnames"])
    given = _shares("".join(parts["given_characters"]), general)
    end = Stage({}, 1.0)
    place = (
        _stage([(0.40, whole, 3), (0.10, common, 3), (0.50, characters, 1)]),
        _stage([(1.0, characters, 2)]),
        _stage([(1.0, characters, 3)], leave=0.85),
        end,
    )
    person = (
        _stage([(1.0, surnames, 1)]),
        _stage([(1.0, given, 2)]),
        _stage([(1.0, given, 3)], leave=0.4),
        end,
    )
    return {PLACE: place, PERSON: person, SURNAME: (_stage([(1.0, surnames, 1)]), end)}
