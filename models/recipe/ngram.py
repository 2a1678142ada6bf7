"""An interpolated Witten-Bell trigram over words, laid out as the back-off automaton that the decoder searches.

The unigram mixes the domain's own counts with those of a general dictionary, so every word of the vocabulary can be
recognised. Between bigram and unigram stands the kind of the last word (verb, noun, ...): what usually follows a verb
is a better guess after an unseen verb than words in general. Pruned n-grams lend their mass to the back-off, so
each state's probabilities still sum to one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .names import NameClass

BEGIN, END = "<s>", "</s>"
History = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Weights of the mixture and what is cut."""

    general_weight: float = 0.15
    contexts_weight: float = 0.7  # how much the unigram counts a word's distinct predecessors, not its occurrences
    bigram_extra: float = 2.0  # more mass for the back-off than plain Witten-Bell gives
    trigram_extra: float = 1.0
    kind_extra: float = 30.0
    least_after_kind: int = 3  # words seen less often after a kind are left to the back-off
    least_context: int = 2  # a two-word history seen less often is no state of its own
    least_trigram: int = 1
    end_floor: float = 1e-4
    flattening: float = 0.5  # counts are raised to this power: a template drawn a hundred times is not said so often
    kind_leave: float = 0.4  # least mass that a kind leaves to the unigram
    name_share: float = 0.5  # how much of a name's count it keeps where the context says nothing


@dataclass(frozen=True, slots=True)
class Arc:
    """From one history to another: `word` None is the back-off, `END` ends the sentence (target unused).

    A word that is the token of a class of names leads into that class.
    """

    source: History
    word: str | None
    probability: float
    target: History


class Trigram:
    """Probabilities of words after at most two words.

    `kinds` names the kind of each word; words without one have no kind, and the model is then a plain trigram for them.
    """

    def __init__(
        self,
        sentences: Iterable[Sequence[str]],
        general: Mapping[str, float],
        vocabulary: Iterable[str],
        recipe: Recipe,
        kinds: Mapping[str, str] | None = None,
        names: Mapping[str, NameClass] | None = None,
    ) -> None:
        self.names = dict(names or {})
        self.vocabulary = frozenset(vocabulary) | frozenset(self.names)
        self._recipe = recipe
        self._kinds = {word: f"<{kind}>" for word, kind in (kinds or {}).items() if word in self.vocabulary}
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
        for table in (self._two, three):
            for seen in table.values():
                for word in seen:
                    seen[word] = seen[word] ** recipe.flattening
        after_kind: dict[str, Counter[str]] = defaultdict(Counter)
        for word, seen in self._two.items():
            if word in self._kinds:
                for following, count in seen.items():
                    share = recipe.name_share if following in self.names else 1.0
                    after_kind[self._kinds[word]][following] += count * share
        self._after_kind = {
            kind: (kept, sum(seen.values()))
            for kind, seen in after_kind.items()
            if (kept := Counter({word: n for word, n in seen.items() if n >= recipe.least_after_kind or word == END}))
        }
        predecessors: Counter[str] = Counter(word for seen in self._two.values() for word in seen if word != END)
        for token in self.names:
            self._one[token] = round(self._one[token] * recipe.name_share)
            predecessors[token] = round(predecessors[token] * recipe.name_share)
        self._one_total = sum(self._one.values()) or 1
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

    def _kind_backoff(self, kind: str) -> float:
        """Return the mass that a kind leaves to the unigram."""
        kept, total = self._after_kind[kind]
        return max(self._recipe.kind_leave, 1 - sum(kept.values()) / (total + len(kept) + self._recipe.kind_extra))

    def after_kind(self, word: str, kind: str | None) -> float:
        """Return P(word | the kind of the word before)."""
        if kind not in self._after_kind:
            return self.unigram(word)
        kept, _ = self._after_kind[kind]
        left = self._kind_backoff(kind)
        return (1 - left) * kept[word] / sum(kept.values()) + left * self.unigram(word)

    def bigram(self, word: str, after: str) -> float:
        """Return P(word | after)."""
        lower = self.after_kind(word, self._kinds.get(after))
        seen = self._two.get(after)
        if not seen:
            return lower
        share = self._own_share(seen, self._recipe.bigram_extra)
        return share * seen[word] / sum(seen.values()) + (1 - share) * lower

    def probability(self, word: str, history: History) -> float:
        """Return P(word | the last two words)."""
        seen = self._three.get((history[-2], history[-1])) if len(history) >= 2 else None
        if not seen:
            return self.bigram(word, history[-1]) if history else self.unigram(word)
        share = self._own_share(seen, self._recipe.trigram_extra)
        return share * seen[word] / sum(seen.values()) + (1 - share) * self.bigram(word, history[-1])

    def _after(self, *words: str) -> History:
        """Return the longest history that is a state, or the entry of a class of names."""
        if words[-1] in self.names:
            return (words[-1], "0")
        if len(words) == 2 and (words[0], words[1]) in self._three:
            return (words[0], words[1])
        return (words[-1],) if words[-1] in self._two else self._kind_state(words[-1])

    def _kind_state(self, word: str) -> History:
        kind = self._kinds.get(word)
        return (kind,) if kind in self._after_kind else ()

    def arcs(self) -> Iterator[Arc]:
        """Yield every arc of the automaton; the start is the history `(BEGIN,)`."""
        for word in sorted(self.vocabulary):
            yield Arc((), word, self.unigram(word), self._after(word))
        yield Arc((), END, self.unigram(END), ())
        yield from self._name_arcs()
        for kind, (kept, _) in self._after_kind.items():
            for word in kept:
                yield Arc((kind,), word, self.after_kind(word, kind), () if word == END else self._after(word))
            yield Arc((kind,), None, self._kind_backoff(kind), ())
        for before, seen in self._two.items():
            for word in seen:
                target = () if word == END else self._after(before, word)
                yield Arc((before,), word, self.bigram(word, before), target)
            left = 1 - self._own_share(seen, self._recipe.bigram_extra)
            yield Arc((before,), None, left, self._kind_state(before))
        for (first, second), seen in self._three.items():
            for word in seen:
                target = () if word == END else self._after(second, word)
                yield Arc((first, second), word, self.probability(word, (first, second)), target)
            left = 1 - self._own_share(seen, self._recipe.trigram_extra)
            yield Arc((first, second), None, left, (second,) if second in self._two else self._kind_state(second))

    def _name_arcs(self) -> Iterator[Arc]:
        for token, stages in self.names.items():
            for number, stage in enumerate(stages):
                for word, (probability, following) in stage.words.items():
                    if word in self.vocabulary:
                        yield Arc((token, str(number)), word, probability, (token, str(following)))
                if stage.leave > 0:
                    after = (token,) if token in self._two else ()
                    yield Arc((token, str(number)), None, stage.leave, after)
