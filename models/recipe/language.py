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

    vocabulary: int = 67_000
    per_template: int = 30
    seed: int = 3
    field_count: int = 500  # added to the count of a word written down in words.txt
    least_count: int = 50  # added to every dictionary count: the rare words of a dictionary are not that rare in speech
    longer_words: float = 3.0  # how many times likelier each further character makes a word, against its parts
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


def _with_field_words(general: Sequence[tuple[str, int]], count: int) -> list[tuple[str, int]]:
    """Return the dictionary with the words of this field added, or counted more often."""
    merged = dict(general)
    for word in corpus.field_words():
        merged[word] = merged.get(word, 0) + count
    return list(merged.items())


def build(target: Path, plan: Plan) -> dict[str, int]:
    """Write graph/HCLG.fst and graph/words.txt under the target; return sizes."""
    general = _with_field_words(dictionary_words(plan.vocabulary), plan.field_count)
    text = corpus.sentences(plan.seed, plan.per_template)
    spoken = vocabulary(text, general)
    counts = {word: (count + plan.least_count) * plan.longer_words ** (len(word) - 1) for word, count in general}
    model = ngram.Trigram(text, counts, spoken, plan.weights, kinds(spoken), name_classes())
    words = graph.WordTable(list(spoken), list(name_classes()))
    lexicon = [(words.ids[word], units) for word, readings in spoken.items() for units in readings]
    sizes = graph.build(model, lexicon, words, target / "graph")
    return {"sentences": len(text), "words": len(spoken), **sizes}
