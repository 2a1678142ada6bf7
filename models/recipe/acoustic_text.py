"""What the training voices say: words drawn from a dictionary, numbers and digit strings, with no regard for sense.

The acoustic network must not learn sentences, so its text is independent of the language model's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from .lexicon import dictionary_words, read_aloud
from .numerals import spell_colloquial, spell_digits, spell_number, split_units
from .units import word_units

DICTIONARY_SIZE = 40_000
_MEASURES = ("点", "号", "块", "元", "年", "月", "分", "天", "号楼", "单元", "室", "个", "次")


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance: the syllables of each of its words."""

    words: tuple[tuple[str, ...], ...]

    @property
    def syllables(self) -> list[str]:
        return [syllable for word in self.words for syllable in word]


def _digits(chance: random.Random) -> list[str]:
    count = chance.choice((3, 4, 5, 6, 7, 8, 11, 11))
    return list(spell_digits("".join(chance.choices("0123456789", k=count)), phone=chance.random() < 0.8))


def _numbers(chance: random.Random) -> list[str]:
    words: list[str] = []
    for _ in range(chance.randint(1, 3)):
        number = chance.choice(
            (chance.randint(0, 99), chance.randint(0, 999), chance.randint(0, 9999), 10 ** chance.randint(2, 5))
        )
        spell = chance.choice((spell_number, spell_colloquial))
        words += [*split_units(spell(number)), chance.choice(_MEASURES)]
    return words


def lines(count: int, seed: int) -> Iterator[Line]:
    """Yield that many utterances; the same seed gives the same ones."""
    chance = random.Random(seed)
    dictionary = dictionary_words(DICTIONARY_SIZE)
    names = [word for word, _ in dictionary]
    weights = [frequency**0.4 for _, frequency in dictionary]
    drawn: list[str] = []
    made = 0
    while made < count:
        kind = chance.random()
        if kind < 0.10:
            words = _digits(chance)
        elif kind < 0.18:
            words = _numbers(chance)
        else:
            length = chance.choice((1, 2)) if kind < 0.26 else chance.randint(3, 8)
            if len(drawn) < length:
                drawn = chance.choices(names, weights, k=50_000)
            words = [drawn.pop() for _ in range(length)]
        spoken = tuple(tuple(read_aloud(word)) for word in words)
        if all(word_units(word) is not None for word in spoken):
            made += 1
            yield Line(spoken)
