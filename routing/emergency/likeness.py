"""How much a text is like danger: a linear model over character runs, families and patterns, beside the rules.

The weights are readable text, one feature a line: `feature none 110 119 120 122`, in hundredths. A feature is a run of
one to three characters, `@family` or `#pattern`; `~` before these two says that only their sound stood there.
Families and patterns without a learned weight (an admin's new ones) have the usual one, so a new word works at once.
How the weights were made: docs/emergency.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import exp

import numpy as np
import numpy.typing as npt

from routing.emergency.grammar import Reading
from routing.emergency.kinds import Kind
from routing.emergency.words import Pattern, Words

CLASSES: tuple[str, ...] = ("none", *(kind.value for kind in Kind))
Weights = npt.NDArray[np.float64]

_STRONG, _WEAK, _ALSO = 1.6, 0.7, 0.4
_SOFTENING = 1.0
_BY_SOUND = 0.5
SHARPENING = ("眼前",)
"""Contexts that say: now."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Probabilities that sum to 1: no danger, and each kind."""

    none: float
    kinds: Mapping[Kind, float]

    @property
    def danger(self) -> float:
        return 1.0 - self.none


def runs(text: str) -> set[str]:
    """Return the distinct runs of one to three characters of `text`."""
    found = set(text)
    found.update([first + second for first, second in pairwise(text)])
    found.update([text[at : at + 3] for at in range(len(text) - 2)])
    return found


def features(text: str, reading: Reading) -> set[str]:
    """Return the names of all features of a text that the grammar has read."""
    found = runs(text)
    for family, words in reading.families.items():
        found.add(f"@{family}" if any(word.is_certain for word in words) else f"~@{family}")
    found.update(f"#{signal.name}" if signal.is_certain else f"~#{signal.name}" for signal in reading.signals)
    return found


def usual_weight(pattern: Pattern) -> tuple[float, ...]:
    """Return the weight of a pattern that nothing was learned about."""
    strength = _WEAK if pattern.is_weak else _STRONG
    own = {pattern.kind.value: strength} | {kind.value: strength * _ALSO for kind in pattern.also}
    own[pattern.kind.value] = strength
    return tuple(own.get(name, -strength if name == "none" else 0.0) for name in CLASSES)


def usual_weights(words: Words) -> dict[str, tuple[float, ...]]:
    """Return the weights from which learning starts: patterns speak for their type, contexts for none."""
    found = {f"#{pattern.name}": usual_weight(pattern) for pattern in words.patterns}
    found |= {f"~{name}": tuple(each * _BY_SOUND for each in weight) for name, weight in found.items()}
    for family in words.contexts:
        softening = -_SOFTENING / 2 if family in SHARPENING else _SOFTENING
        found[f"@{family}"] = (softening, 0.0, 0.0, 0.0, 0.0)
    return found


class Model:
    """Learned weights over the usual ones; `judge` is pure."""

    def __init__(self, weights: Mapping[str, tuple[float, ...]], words: Words) -> None:
        together = usual_weights(words) | dict(weights)
        start = together.pop("<start>", (0.0,) * len(CLASSES))
        self._learned = frozenset(weights)
        self._rows = {name: number for number, name in enumerate(together)}
        self._weights: Weights = np.array(list(together.values()), dtype=np.float64).reshape(-1, len(CLASSES))
        self._start: Weights = np.array(start, dtype=np.float64)

    def judge(self, text: str, reading: Reading) -> Likeness:
        """Return how like danger the text is."""
        found = map(self._rows.get, features(text, reading))
        numbers = [number for number in found if number is not None]
        scores = (self._start + self._weights[numbers].sum(axis=0)).tolist() if numbers else self._start.tolist()
        highest = max(scores)
        powers = [exp(score - highest) for score in scores]
        whole = sum(powers)
        return Likeness(powers[0] / whole, {kind: powers[number] / whole for number, kind in enumerate(Kind, 1)})

    def has_learned(self, pattern: str) -> bool:
        """Whether training knew the pattern of this name."""
        return f"#{pattern}" in self._learned

    def speaks_for_danger(self, run: str) -> float:
        """Return how much one run of characters speaks for danger; 0 when it is unknown."""
        row = self._rows.get(run)
        return 0.0 if row is None else float(self._weights[row, 1:].max() - self._weights[row, 0])


def read_weights(text: str) -> dict[str, tuple[float, ...]]:
    """Read the weights; ValueError with the line number when a line is not a feature and five whole numbers."""
    found: dict[str, tuple[float, ...]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line or line.startswith("%"):
            continue
        name, *hundredths = line.split("\t")
        if len(hundredths) != len(CLASSES):
            raise ValueError(f"第 {number} 行应为一个特征和 {len(CLASSES)} 个整数")
        found[name] = tuple(int(each) / 100 for each in hundredths)
    return found


def write_weights(weights: Mapping[str, tuple[float, ...]], comment: str) -> str:
    """Write weights as read_weights reads them, in order of the feature's name."""
    lines = [f"% {comment}"]
    lines += ["\t".join((name, *(str(round(each * 100)) for each in weights[name]))) for name in sorted(weights)]
    return "\n".join(lines) + "\n"
