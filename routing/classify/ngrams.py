"""Texts as sparse rows of weighted character n-grams: the features of the learnt classifier."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from routing.classify.matcher import LONGEST_TEXT

Floats: TypeAlias = NDArray[np.float32]
Integers: TypeAlias = NDArray[np.int32]
Hints: TypeAlias = Callable[[str], Iterable[str]]
"""Text → names of lexicon labels it hit; each becomes a feature, so that the lexicon helps where data are few."""

_LONGEST_GRAM = 3
_DIGITS = re.compile(r"\d+")
_GAPS = re.compile(r"[\s，。、；：！？,.;:!?“”\"'（）()《》【】\[\]—…·~\-]+")
_HINT = "\x02"


def grams_of(text: str, hints: Hints | None = None) -> Counter[str]:
    """Return how often each n-gram of one to three characters stands in `text`; numbers are one sign, so no telephone
    number can become a feature."""
    plain = _GAPS.sub("|", _DIGITS.sub("0", text[:LONGEST_TEXT].lower()))
    counts: Counter[str] = Counter()
    for length in range(1, _LONGEST_GRAM + 1):
        counts.update(plain[i : i + length] for i in range(len(plain) - length + 1))
    del counts["|"]
    if hints is not None:
        counts.update(_HINT + hint for hint in hints(text[:LONGEST_TEXT]))
    return counts


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Which n-grams count, in a fixed order, and how rare each is (`idf`)."""

    grams: tuple[str, ...]
    idf: Floats
    index: dict[str, int]

    @classmethod
    def of(cls, grams: Sequence[str], idf: Floats) -> Vocabulary:
        return cls(tuple(grams), idf, {gram: number for number, gram in enumerate(grams)})

    @classmethod
    def learn(
        cls, texts: Sequence[Counter[str]], callers: Sequence[Hashable] | None, seen_in: int, most: int
    ) -> Vocabulary:
        """Keep n-grams seen in at least `seen_in` texts of different callers, the `most` most frequent of them."""
        by_caller: dict[Hashable, set[str]] = {}
        for number, counts in enumerate(texts):
            caller = callers[number] if callers is not None else number
            by_caller.setdefault(caller, set()).update(counts)
        frequency: Counter[str] = Counter()
        for grams in by_caller.values():
            frequency.update(grams)
        kept = sorted((gram for gram, n in frequency.items() if n >= seen_in), key=lambda g: (-frequency[g], g))[:most]
        total = len(by_caller)
        idf = np.array([math.log((1 + total) / (1 + frequency[gram])) + 1 for gram in kept], dtype=np.float32)
        return cls.of(kept, idf)

    def row(self, counts: Counter[str]) -> tuple[Integers, Floats]:
        """Return the feature numbers and their weights, of length one together."""
        index = self.index
        found = [(index[gram], count) for gram, count in counts.items() if gram in index]
        if not found:
            return np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
        numbers = np.array([number for number, _ in found], dtype=np.int32)
        weights = (1 + np.log(np.array([count for _, count in found], dtype=np.float32))) * self.idf[numbers]
        weights /= np.sqrt(np.sum(weights * weights)) or 1.0
        return numbers, weights.astype(np.float32)
