"""Lexicon advice from corrections: words that, had they been in the lexicon, would have named the right unit.

An admin reads and accepts them; nothing is added by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from routing.classify.classify import Classified
from routing.classify.vote import same_unit
from workorder.learn import FEWEST_CALLERS
from workorder.lessons import Lesson

WEIGHT = 3
_SHORTEST, _LONGEST = 2, 6
_PRECISE = 0.8


@dataclass(frozen=True, slots=True)
class Advice:
    """`word` would have put `unit` first in `mended` orders and the wrong unit first in `spoilt` ones."""

    word: str
    unit: str
    mended: int
    spoilt: int
    callers: int
    orders: tuple[str, ...]

    @property
    def line(self) -> str:
        """As one writes it under the unit in units.yaml."""
        return f"{self.word}={WEIGHT}"


def advise(
    lessons: Sequence[Lesson],
    classify: Callable[[str], Classified],
    cut: Callable[[str], Sequence[str]],
    most: int = 20,
) -> tuple[Advice, ...]:
    """Return the words that mend most, each said by at least three different callers of its unit.

    A word is advised only when four in five orders that hold it are the unit's, and it mends more than it spoils.
    """
    taught = [lesson for lesson in lessons if lesson.unit and lesson.text]
    answers = [_scores(classify(lesson.text)) for lesson in taught]
    with_word: defaultdict[str, list[int]] = defaultdict(list)
    for number, lesson in enumerate(taught):
        for word in {word for word in cut(lesson.text) if _is_word(word)}:
            with_word[word].append(number)
    wrong = {number for number, said in enumerate(answers) if not _is_first(taught[number].unit, said)}
    found = []
    for word, numbers in with_word.items():
        units = {taught[number].unit for number in numbers if number in wrong}
        for unit in units:
            theirs = [number for number in numbers if taught[number].unit == unit]
            callers = {taught[number].caller for number in theirs}
            if len(callers) < FEWEST_CALLERS or len(theirs) < _PRECISE * len(numbers):
                continue
            mended = [n for n in theirs if n in wrong and _would_win(unit, answers[n])]
            spoilt = sum(n not in wrong and taught[n].unit != unit and _would_win(unit, answers[n]) for n in numbers)
            if len(mended) > spoilt:
                orders = tuple(taught[n].order for n in mended[:5])
                found.append(Advice(word, unit, len(mended), spoilt, len(callers), orders))
    found.sort(key=lambda each: (each.spoilt - each.mended, -len(each.word), each.word, each.unit))
    return tuple(found[:most])


def _is_word(word: str) -> bool:
    return _SHORTEST <= len(word) <= _LONGEST and all("\u4e00" <= char <= "\u9fff" for char in word)


def _scores(said: Classified) -> dict[str, float]:
    return {each.label: each.score for each in said.units}


def _is_first(unit: str, said: dict[str, float]) -> bool:
    best = max(said, key=lambda label: said[label], default="")
    return best == unit or (bool(best) and same_unit(best, (unit,)) == unit)


def _would_win(unit: str, said: dict[str, float]) -> bool:
    mine = max((score for label, score in said.items() if same_unit(label, (unit,)) == unit), default=0.0)
    others = max((score for label, score in said.items() if same_unit(label, (unit,)) != unit), default=0.0)
    return mine + WEIGHT > others
