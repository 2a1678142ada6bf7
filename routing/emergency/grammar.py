"""Find words of families in a text and join them into patterns: who or what, then a state, near one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from routing.classify.matcher import MatcherMaker
from routing.classify.sound import SoundTable
from routing.emergency.words import Pattern, Words

_SHORTEST_BY_SOUND = 2


class Found(NamedTuple):
    """A word of a family at characters `begin` to `end`; not certain when only its sound stood there."""

    begin: int
    end: int
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Signal:
    """A pattern that was spoken, with the places of its words."""

    pattern: Pattern
    words: tuple[Found, ...]

    @property
    def is_certain(self) -> bool:
        return all(word.is_certain for word in self.words)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the grammar saw in one text: families (with their words), and patterns, both in the order of the text."""

    families: Mapping[str, tuple[Found, ...]]
    signals: tuple[Signal, ...]


class Grammar:
    """All words made ready once; `read` is pure and takes some tens of microseconds."""

    def __init__(self, words: Words, make_matcher: MatcherMaker, sound: SoundTable | None = None) -> None:
        self.contexts = words.contexts
        by_word: dict[str, list[str]] = {}
        for family, members in words.families.items():
            for word in members:
                by_word.setdefault(word, []).append(family)
        masks = [mask for mask in words.masks if mask not in by_word]
        self._families = [*by_word.values(), *([] for _ in masks)]
        self._matcher = make_matcher([*by_word, *masks])
        self._sound = sound
        self._by_sound = None
        if sound is not None:
            sounds: dict[str, list[str]] = {}
            for word, families in by_word.items():
                telling = [family for family in families if family not in words.contexts and family not in _TOO_COMMON]
                if telling and len(word) >= _SHORTEST_BY_SOUND and sound.admits(word):
                    known = sounds.setdefault(sound.of(word), [])
                    known.extend(family for family in telling if family not in known)
            self._sound_families = list(sounds.values())
            self._by_sound = make_matcher(list(sounds))
        self._by_first: dict[str, list[Pattern]] = {}
        for pattern in words.patterns:
            self._by_first.setdefault(pattern.families[0], []).append(pattern)

    def read(self, text: str) -> Reading:
        """Return the families and patterns in `text` (hanzi without blanks or punctuation)."""
        hits = self._matcher.find(text)
        masks = [(hit.begin, hit.end) for hit in hits if not self._families[hit.pattern]]
        found: dict[str, list[Found]] = {}
        certain: set[tuple[int, int]] = set()
        for number, begin, end in hits:
            families = self._families[number]
            if not families or (masks and any(b <= begin and end <= e and (b, e) != (begin, end) for b, e in masks)):
                continue
            certain.add((begin, end))
            word = Found(begin, end, True)
            for family in families:
                found.setdefault(family, []).append(word)
        if self._by_sound is not None and self._sound is not None:
            for number, begin, end in self._by_sound.find(self._sound.of(text)):
                if (begin, end) in certain or (masks and any(b <= begin and end <= e for b, e in masks)):
                    continue
                for family in self._sound_families[number]:
                    found.setdefault(family, []).append(Found(begin, end, False))
        return Reading({name: tuple(words) for name, words in found.items()}, self._signals(found))

    def _signals(self, found: Mapping[str, list[Found]]) -> tuple[Signal, ...]:
        signals = []
        for family in found:
            for pattern in self._by_first.get(family, ()):
                if all(name in found for name in pattern.families):
                    chain = _chain(pattern, found)
                    if chain is not None:
                        signals.append(Signal(pattern, chain))
        return tuple(signals)


_TOO_COMMON = frozenset({"人", "弱者", "现在", "路上", "家中", "部位", "肢体", "建筑里", "水面", "司机", "高处"})
"""Families of everyday words: they must stand there in characters."""


def _chain(pattern: Pattern, found: Mapping[str, list[Found]]) -> tuple[Found, ...] | None:
    """Return the first words of the families that follow one another within the gaps; certain ones are preferred."""
    chains: list[tuple[Found, ...]] = [(word,) for word in found[pattern.families[0]]]
    for gap, family in zip(pattern.gaps, pattern.families[1:], strict=True):
        chains = [
            (*chain, word) for chain in chains for word in found[family] if 0 <= word.begin - chain[-1].end <= gap
        ][:16]
        if not chains:
            return None
    return next((chain for chain in chains if all(word.is_certain for word in chain)), chains[0])
