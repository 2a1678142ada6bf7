"""The classifier that calls are given: the lexicon, and beside it what was learnt from confirmed orders, if anything.

Units and categories are ranked by both together (see `vote`); all else stays the lexicon's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from routing.classify.classify import Classified
from routing.classify.matcher import LONGEST_TEXT
from routing.classify.model import LinearModel
from routing.classify.rank import HeardWord, Ranked
from routing.classify.vote import vote

_CERTAIN = 6.0
"""Score of a certain answer. The draft fills a unit in from 3 (p ≥ 0.5) and a category from 2: below that it asks."""
_MOST = 5


class Target(StrEnum):
    """What is learnt."""

    UNIT = "unit"
    CATEGORY = "category"


class Classifies(Protocol):
    """What says what a text is about."""

    def classify(self, text: str) -> Classified: ...


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model in use, and the version that a field's source names."""

    version: str
    model: LinearModel

    @property
    def trained_on(self) -> int:
        """How many orders it was learnt from."""
        counted = self.model.about.get("n")
        return counted if isinstance(counted, int) else 0


NOTHING_LEARNT: Mapping[Target, Learnt] = MappingProxyType({})


class VotingClassifier:
    """`Classifies` by lexicon and learnt models; without models it is the lexicon alone."""

    def __init__(self, lexicon: Classifies, learnt: Mapping[Target, Learnt] = NOTHING_LEARNT) -> None:
        self._lexicon = lexicon
        self._learnt = learnt

    def classify(self, text: str) -> Classified:
        """Return what the text is about; models read its first 8,000 characters, as the lexicon does."""
        said = self._lexicon.classify(text)
        unit, category = self._learnt.get(Target.UNIT), self._learnt.get(Target.CATEGORY)
        return replace(
            said,
            units=said.units if unit is None else voted(unit, said.units, text),
            categories=said.categories if category is None else voted(category, said.categories, text),
        )


def ranked_of(said: Classified, target: Target) -> Sequence[Ranked]:
    """Return what the lexicon says of one target."""
    return said.units if target is Target.UNIT else said.categories


def voted(learnt: Learnt, lexicon: Sequence[Ranked], text: str) -> tuple[Ranked, ...]:
    """Return the ranking of both; the words are the lexicon's, or the n-grams that moved the model."""
    text = text[:LONGEST_TEXT]
    words = {each.label: each.words for each in lexicon}
    return tuple(
        Ranked(label, round(_CERTAIN * chance, 4), round(chance, 4), words.get(label) or _moved_by(learnt, text, label))
        for label, chance in vote(learnt.model, lexicon, text, learnt.trained_on, _MOST)
        if text
    )


def _moved_by(learnt: Learnt, text: str, label: str) -> tuple[HeardWord, ...]:
    """Return the n-grams of the text that speak for a label only the model named."""
    if label not in learnt.model.labels:
        return ()
    found = []
    for gram in learnt.model.why(text, label):
        at = text.find(gram)
        if at >= 0 and len(gram) > 1:
            found.append(HeardWord(gram, at, at + len(gram), 1.0))
    return tuple(found)
