"""Joins text, vocabulary and pronunciations into the language model and hands them to the graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import corpus, graph, ngram
from .lexicon import HANZI, dictionary_tags, dictionary_words, pronunciations
from .names import name_classes


@dataclass(frozen=True, slots=True)
class Plan:
    """How much text to make and how large the vocabulary is."""

    vocabulary: int = 75_000
    per_template: int = 30
    seed: int = 3
    weights: ngram.Recipe = field(default_factory=ngram.Recipe)


def vocabulary(text: Sequence[corpus.Sentence], general: Sequence[tuple[str, int]]) -> dict[str, list[tuple[str, ...]]]:
    """Return the words that can be recognised, with pronunciations: the text's, the dictionary's, all characters."""
    words = {word for sentence in text for word in sentence} | {word for word, _ in general}
    words |= {word for stages in name_classes().values() for stage in stages for word in stage.words}
    words |= {character for word in words for character in word}
    spoken = {word: pronunciations(word) for word in sorted(words) if HANZI.match(word)}
    return {word: readings for word, readings in spoken.items() if readings}


def kinds(words: Iterable[str]) -> dict[str, str]:
    """Return the kind of each word: its part of speech in jieba's dictionary, and whether it is one character."""
    tags = dictionary_tags()
    return {word: f"{tags.get(word, 'n')}{min(len(word), 2)}" for word in words}


def build(target: Path, plan: Plan) -> dict[str, int]:
    """Write graph/HCLG.fst and graph/words.txt under the target; return sizes."""
    general = dictionary_words(plan.vocabulary)
    text = corpus.sentences(plan.seed, plan.per_template)
    spoken = vocabulary(text, general)
    model = ngram.Trigram(text, dict(general), spoken, plan.weights, kinds(spoken), name_classes())
    words = graph.WordTable(list(spoken), list(name_classes()))
    lexicon = [(words.ids[word], units) for word, readings in spoken.items() for units in readings]
    sizes = graph.build(model, lexicon, words, target / "graph")
    return {"sentences": len(text), "words": len(spoken), **sizes}
