"""Find many words in a text at once, overlapping ones included: the port, and a plain matcher for small lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias

LONGEST_TEXT = 8_000
"""Characters that classification reads of one call; what comes later is left to the next turn."""


class Hit(NamedTuple):
    """Pattern number `pattern` stands at characters `begin` to `end` (half open)."""

    pattern: int
    begin: int
    end: int


class Matcher(Protocol):
    """A fixed list of patterns, made ready once."""

    def find(self, text: str) -> Sequence[Hit]:
        """Return every occurrence of every pattern, overlaps included, in order of end then begin."""


MatcherMaker: TypeAlias = Callable[[Sequence[str]], Matcher]
"""Makes a matcher of non-empty, distinct patterns."""


class PlainMatcher:
    """A matcher without any library: looks up each start by its first character. For tests and short lists."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._by_first: dict[str, list[tuple[str, int]]] = {}
        for number, pattern in enumerate(patterns):
            self._by_first.setdefault(pattern[0], []).append((pattern, number))

    def find(self, text: str) -> Sequence[Hit]:
        hits = [
            Hit(number, begin, begin + len(pattern))
            for begin, char in enumerate(text)
            for pattern, number in self._by_first.get(char, ())
            if text.startswith(pattern, begin)
        ]
        return sorted(hits, key=lambda hit: (hit.end, hit.begin))
