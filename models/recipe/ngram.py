"""An interpolated Witten-Bell trigram over words, laid out as the back-off automaton that the decoder searches.

The unigram mixes the domain's own counts with those of a general dictionary, so every word of the vocabulary can be
recognised. Pruned n-grams lend their mass to the back-off, so each state's probabilities still sum to one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

BEGIN, END = "<s>", "</s>"
History = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Weights of the mixture and what is cut."""

    general_weight: float = 0.15
    contexts_weight: float = 0.5  # how much the unigram counts a word's distinct predecessors, not its occurrences
    bigram_extra: float = 2.0  # more mass for the back-off than plain Witten-Bell gives
    trigram_extra: float = 1.0
    least_context: int = 2  # a two-word history seen less often is no state of its own
    least_trigram: int = 1
    end_floor: float = 1e-4


@dataclass(frozen=True, slots=True)
class Arc:
    """From one history to another: `word` None is the back-off, `END` ends the sentence (target unused)."""

    source: History
    word: str | None
    probability: float
    target: History


class Trigram:
    """Probabilities of words after at most two words."""

    def __init__(
        self, sentences: Iterable[Sequence[str]], general: Mapping[str, int], vocabulary: Iterable[str], recipe: Recipe
    ) -> None:
        self.vocabulary = frozenset(vocabulary)
        self._recipe = recipe
        self._general = {word: count for word, count in general.items() if word in self.vocabulary}
        self._general_total = sum(self._general.values()) or 1
        self._one: Counter[str] = Counter()
        self._two: dict[str, Counter[str]] = defaultdict(Counter)
        three: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        for sentence in sentences:
            words = [BEGIN, *(word for word in sentence if word in self.vocabulary), END]
            for place in range(1, len(words)):
                self._one[words[place]] += 1
                self._two[words[place - 1]][words[place]] += 1
                if place >= 2:
                    three[(words[place - 2], words[place - 1])][words[place]] += 1
        self._one_total = sum(self._one.values()) or 1
        predecessors: Counter[str] = Counter(word for seen in self._two.values() for word in seen if word != END)
        self._contexts, self._contexts_total = predecessors, sum(predecessors.values()) or 1
        self._three = {
            history: kept
            for history, seen in three.items()
            if sum(seen.values()) >= recipe.least_context
            and (kept := Counter({word: count for word, count in seen.items() if count >= recipe.least_trigram}))
        }
        self._end = max(self._one[END] / self._one_total, recipe.end_floor)

    def unigram(self, word: str) -> float:
        """Return P(word), where the words of the vocabulary and END sum to one."""
        if word == END:
            return self._end
        rest = self._one_total - self._one[END]
        share = self._recipe.contexts_weight
        domain = (1 - share) * (self._one[word] / rest if rest else 0.0)
        domain += share * self._contexts[word] / self._contexts_total
        general = 0.97 * self._general.get(word, 0) / self._general_total + 0.03 / len(self.vocabulary)
        weight = self._recipe.general_weight
        return (1 - self._end) * ((1 - weight) * domain + weight * general)

    def _own_share(self, seen: Counter[str], extra: float) -> float:
        total = sum(seen.values())
        return total / (total + len(seen) + extra)

    def bigram(self, word: str, after: str) -> float:
        """Return P(word | after)."""
        seen = self._two.get(after)
        if not seen:
            return self.unigram(word)
        share = self._own_share(seen, self._recipe.bigram_extra)
        return share * seen[word] / sum(seen.values()) + (1 - share) * self.unigram(word)

    def probability(self, word: str, history: History) -> float:
        """Return P(word | the last two words)."""
        seen = self._three.get((history[-2], history[-1])) if len(history) >= 2 else None
        if not seen:
            return self.bigram(word, history[-1]) if history else self.unigram(word)
        share = self._own_share(seen, self._recipe.trigram_extra)
        return share * seen[word] / sum(seen.values()) + (1 - share) * self.bigram(word, history[-1])

    def _after(self, *words: str) -> History:
        """Return the longest history that is a state."""
        if len(words) == 2 and (words[0], words[1]) in self._three:
            return (words[0], words[1])
        return (words[-1],) if words[-1] in self._two else ()

    def arcs(self) -> Iterator[Arc]:
        """Yield every arc of the automaton; the start is the history `(BEGIN,)`."""
        for word in sorted(self.vocabulary):
            yield Arc((), word, self.unigram(word), self._after(word))
        yield Arc((), END, self.unigram(END), ())
        for before, seen in self._two.items():
            for word in seen:
                target = () if word == END else self._after(before, word)
                yield Arc((before,), word, self.bigram(word, before), target)
            yield Arc((before,), None, 1 - self._own_share(seen, self._recipe.bigram_extra), ())
        for (first, second), seen in self._three.items():
            for word in seen:
                target = () if word == END else self._after(second, word)
                yield Arc((first, second), word, self.probability(word, (first, second)), target)
            yield Arc((first, second), None, 1 - self._own_share(seen, self._recipe.trigram_extra), (second,))
