"""Joins text, vocabulary and pronunciations into the language model and hands them to the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import corpus, graph, ngram
from .lexicon import HANZI, dictionary_words, pronunciations


@dataclass(frozen=True, slots=True)
class Plan:
    """How much text to make and how large the vocabulary is."""

    vocabulary: int = 60_000
    per_weight: int = 60
    substitutes: int = 25_000
    swappable: int = 8_000  # dictionary words that may replace a word of the text
    seed: int = 3
    weights: ngram.Recipe = field(default_factory=ngram.Recipe)


def vocabulary(text: Sequence[corpus.Sentence], general: Sequence[tuple[str, int]]) -> dict[str, list[tuple[str, ...]]]:
    """Return every word that can be recognised with its pronunciations: the text's, the dictionary's, all characters."""
    words = {word for sentence in text for word in sentence} | {word for word, _ in general}
    words |= {character for word in words for character in word}
    spoken = {word: pronunciations(word) for word in sorted(words) if HANZI.match(word)}
    return {word: readings for word, readings in spoken.items() if readings}


def build(target: Path, plan: Plan) -> dict[str, int]:
    """Write graph/HCLG.fst and graph/words.txt under the target; return sizes."""
    general = dictionary_words(plan.vocabulary)
    text = corpus.sentences(plan.seed, plan.per_weight, plan.substitutes, general[: plan.swappable])
    spoken = vocabulary(text, general)
    model = ngram.Trigram(text, dict(general), spoken, plan.weights)
    words = graph.WordTable(list(spoken))
    lexicon = [(words.ids[word], units) for word, readings in spoken.items() for units in readings]
    sizes = graph.build(model, lexicon, words, target / "graph")
    return {"sentences": len(text), "words": len(spoken), **sizes}
