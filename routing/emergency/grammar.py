"""Find words of families in a text and join them into patterns: who or what, then a state, near one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    name: str

    @property
    def is_certain(self) -> bool:
        return all(word.is_certain for word in self.words)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the grammar saw in one text: families (with their words), and patterns, both in the order of the text."""

    families: Mapping[str, Sequence[Found]]
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
        self._by_first: dict[str, list[tuple[Pattern, str, frozenset[str]]]] = {}
        for pattern in words.patterns:
            made = (pattern, pattern.name, frozenset(pattern.families[1:]))
            self._by_first.setdefault(pattern.families[0], []).append(made)

    def read(self, text: str) -> Reading:
        """Return the families and patterns in `text` (hanzi without blanks or punctuation)."""
        hits = self._matcher.find(text)
        families = self._families
        masks = [(begin, end) for number, begin, end in hits if not families[number]]
        found: dict[str, list[Found]] = {}
        certain: set[tuple[int, int]] = set()
        for number, begin, end in hits:
            names = families[number]
            if not names or (masks and _is_masked(begin, end, masks)):
                continue
            certain.add((begin, end))
            word = Found(begin, end, True)
            for name in names:
                if name in found:
                    found[name].append(word)
                else:
                    found[name] = [word]
        if self._by_sound is not None and self._sound is not None:
            for number, begin, end in self._by_sound.find(self._sound.of(text)):
                if (begin, end) not in certain and not (masks and _is_masked(begin, end, masks)):
                    for name in self._sound_families[number]:
                        found.setdefault(name, []).append(Found(begin, end, False))
        return Reading(found, self._signals(found))

    def _signals(self, found: Mapping[str, Sequence[Found]]) -> tuple[Signal, ...]:
        signals = []
        present = found.keys()
        for family in found:
            for pattern, name, others in self._by_first.get(family, ()):
                if present >= others:
                    chain = _chain(pattern, found)
                    if chain is not None:
                        signals.append(Signal(pattern, chain, name))
        return tuple(signals)


def _is_masked(begin: int, end: int, masks: Sequence[tuple[int, int]]) -> bool:
    """Whether a longer harmless expression holds these characters."""
    return any(first <= begin and end <= last and last - first > end - begin for first, last in masks)


_TOO_COMMON = frozenset({"人", "弱者", "现在", "路上", "家中", "部位", "肢体", "建筑里", "水面", "司机", "高处"})
"""Families of everyday words: they must stand there in characters."""


def _chain(pattern: Pattern, found: Mapping[str, Sequence[Found]]) -> tuple[Found, ...] | None:
    """Return the first words of the families that follow one another within the gaps; certain ones are preferred."""
    if not pattern.gaps:
        words = found[pattern.families[0]]
        return (words[0] if words[0].is_certain else next((word for word in words if word.is_certain), words[0]),)
    unsure: tuple[Found, ...] | None = None
    lists = [found[family] for family in pattern.families]
    for chain in _chains(lists, pattern.gaps):
        if all(word.is_certain for word in chain):
            return chain
        unsure = unsure or chain
    return unsure


def _chains(lists: Sequence[Sequence[Found]], gaps: Sequence[int]) -> Iterator[tuple[Found, ...]]:
    """Yield the chains of one word of each list, each within the gap after the one before; lazily."""
    gap = gaps[0]
    for first in lists[0]:
        end = first.end
        latest = end + gap
        for second in lists[1]:
            if end <= second.begin <= latest:
                if len(lists) == 2:
                    yield first, second
                else:
                    for rest in _chains(((second,), *lists[2:]), gaps[1:]):
                        yield first, *rest
