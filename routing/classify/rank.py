"""Rank labels by the words that vote for them, and keep the votes as evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from routing.classify.lexicon_file import Vote
from routing.classify.matcher import LONGEST_TEXT, Hit, MatcherMaker
from routing.classify.sound import SoundTable

NEAR = 15
"""Characters that may stand between the two words of a pair."""
_BY_SOUND = 0.6
_BY_SOUND_SHORT = 0.3
"""Two syllables meet by chance across word borders (你好|能听见 sounds like 耗能): they may add, never decide."""
_SHARED = 0.85
_DOUBT = 2.0
"""Score at which a label alone reaches half of full confidence."""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """A word that voted: its range in the text, its weight; `is_certain` unless only its sound stood there."""

    word: str
    begin: int
    end: int
    weight: float
    is_certain: bool = True


@dataclass(frozen=True, slots=True)
class Ranked:
    """A label with its score, its confidence (0..1) beside the next best, and the words that voted, strongest first."""

    label: str
    score: float
    confidence: float
    words: tuple[HeardWord, ...]


class Ranker:
    """A fixed set of votes, made ready once; `rank` is pure and takes well under a millisecond for a call."""

    def __init__(self, votes: Iterable[Vote], make_matcher: MatcherMaker, sound: SoundTable | None = None) -> None:
        self._patterns: list[str] = []
        numbers: dict[str, int] = {}
        self._single: dict[int, list[tuple[str, float]]] = {}
        self._pairs: dict[int, list[tuple[int, str, float]]] = {}
        for vote in votes:
            ids = [numbers.setdefault(word, len(numbers)) for word in vote.words]
            if len(ids) == 1:
                self._single.setdefault(ids[0], []).append((vote.label, vote.weight))
            else:
                self._pairs.setdefault(ids[0], []).append((ids[1], vote.label, vote.weight))
        self._patterns = list(numbers)
        self._matcher = make_matcher(self._patterns)
        self._sound = sound
        self._heard: list[list[int]] = []
        if sound is not None:
            by_sound: dict[str, list[int]] = {}
            for number in self._single:
                if sound.admits(self._patterns[number]):
                    by_sound.setdefault(sound.of(self._patterns[number]), []).append(number)
            self._heard = list(by_sound.values())
            self._by_sound = make_matcher(list(by_sound))

    def rank(self, text: str) -> tuple[Ranked, ...]:
        """Return every label that got a vote, best first; equal scores keep the alphabet, so the answer is stable."""
        text = text[:LONGEST_TEXT]
        spans, uncertain = self._spans(text)
        votes: dict[str, list[_Vote]] = {}
        for number, where in spans.items():
            single = self._single.get(number, ())
            share = 1.0 if len(single) == 1 else _SHARED
            factor = share
            if number in uncertain:
                factor *= _BY_SOUND if len(self._patterns[number]) > 2 else _BY_SOUND_SHORT
            for label, weight in single:
                begin, end = where[0]
                word = HeardWord(self._patterns[number], begin, end, weight * factor, number not in uncertain)
                votes.setdefault(label, []).append((word, (where[0],)))
            for other, label, weight in self._pairs.get(number, ()):
                near = _nearest(where, spans.get(other, ()))
                if near is not None:
                    words = f"{self._patterns[number]}…{self._patterns[other]}"
                    begin, end = min(near)[0], max(near)[1]
                    votes.setdefault(label, []).append((HeardWord(words, begin, end, weight), near))
        return _ranked({label: _without_parts(words) for label, words in votes.items()})

    def _spans(self, text: str) -> tuple[dict[int, list[tuple[int, int]]], set[int]]:
        """Return where each pattern stands, and which were only heard by sound."""
        spans: dict[int, list[tuple[int, int]]] = {}
        for number, begin, end in self._matcher.find(text):
            spans.setdefault(number, []).append((begin, end))
        uncertain: set[int] = set()
        if self._sound is not None and self._heard:
            for hit in self._by_sound.find(self._sound.of(text)):
                self._add_by_sound(hit, spans, uncertain)
        return spans, uncertain

    def _add_by_sound(self, hit: Hit, spans: dict[int, list[tuple[int, int]]], uncertain: set[int]) -> None:
        for number in self._heard[hit.pattern]:
            if number not in spans:
                spans[number] = [(hit.begin, hit.end)]
                uncertain.add(number)


_Range = tuple[int, int]
_Vote = tuple[HeardWord, tuple[_Range, ...]]


def _nearest(first: Sequence[_Range], second: Sequence[_Range]) -> tuple[_Range, _Range] | None:
    """Return the closest two places within reach that do not overlap, or None."""
    best: tuple[_Range, _Range] | None = None
    closest = NEAR + 1
    for one in first[:8]:
        for other in second[:8]:
            gap = max(other[0] - one[1], one[0] - other[1])
            if 0 <= gap < closest:
                closest = gap
                best = one, other
    return best


def _without_parts(votes: list[_Vote]) -> tuple[HeardWord, ...]:
    """Of votes of one label on the same characters keep the heaviest: 井盖 inside 污水井盖 does not vote twice."""
    kept: list[_Vote] = []
    for vote in sorted(votes, key=lambda each: (-each[0].weight, each[0].begin, each[0].word)):
        if not any(_lies_in(vote[1], other[1]) or _lies_in(other[1], vote[1]) for other in kept):
            kept.append(vote)
    return tuple(word for word, _ in kept)


def _lies_in(parts: tuple[_Range, ...], whole: tuple[_Range, ...]) -> bool:
    return all(any(begin <= since and until <= end for begin, end in whole) for since, until in parts)


def _ranked(votes: Mapping[str, tuple[HeardWord, ...]]) -> tuple[Ranked, ...]:
    scores = {label: sum(word.weight for word in words) for label, words in votes.items()}
    order = sorted(scores, key=lambda label: (-scores[label], label))
    return tuple(
        Ranked(label, scores[label], confidence(scores[label], _best_other(scores, order, label)), votes[label])
        for label in order
    )


def _best_other(scores: Mapping[str, float], order: Sequence[str], label: str) -> float:
    best = order[1] if label == order[0] and len(order) > 1 else order[0]
    return scores[best] if best != label else 0.0


def confidence(score: float, rival: float) -> float:
    """Return how sure `score` is beside its best rival: more evidence and more distance both count."""
    if score <= 0:
        return 0.0
    return round(score / (score + _DOUBT) * score / (score + rival * 0.8), 4)
