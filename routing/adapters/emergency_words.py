"""Load the danger words and weights that ship with the package, or an admin's own words in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import cast

import ahocorasick_rs

from ivr.errors import AuthorError
from ivr.problems import Problem
from routing.adapters.packaged_lexicon import sound_table
from routing.classify.matcher import Hit
from routing.emergency.grammar import Grammar
from routing.emergency.likeness import Model, read_weights
from routing.emergency.spot import Spotter
from routing.emergency.words import Words, read_words

_FOLDER = files("routing.emergency")
WORD_FILES = ("shared.yaml", "context.yaml", "110.yaml", "119.yaml", "120.yaml", "122.yaml")


class PlainTuples:
    """A matcher whose hits are bare tuples in the order of their ends: a third of the time goes into making Hits."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._automaton = ahocorasick_rs.AhoCorasick(list(patterns))

    def find(self, text: str) -> Sequence[Hit]:
        return cast(Sequence[Hit], self._automaton.find_matches_as_indexes(text, overlapping=True))


@cache
def packaged_words() -> Words:
    """Return the words that ship with the package; read once."""
    return _read([((_FOLDER / "words" / name).read_text(encoding="utf-8"), name) for name in WORD_FILES])


def load_spotter(folder: Path | None = None) -> Spotter:
    """Return the spotter; a file in `folder` named as one of ours replaces it, other *.yaml there are added.

    AuthorError with every problem when a file cannot be used.
    """
    return Spotter(*load_parts(folder))


def load_parts(folder: Path | None = None) -> tuple[Grammar, Model]:
    """Return the grammar and the model of `load_spotter`."""
    words = packaged_words() if folder is None else _read(_texts(folder))
    weights = read_weights((_FOLDER / "weights.txt").read_text(encoding="utf-8"))
    return Grammar(words, PlainTuples, sound_table()), Model(weights, words)


def spotter_of(texts: Mapping[str, str]) -> tuple[Spotter | None, tuple[Problem, ...]]:
    """Return a spotter by these words (text by file name) alone; None when there are errors."""
    names = (*(name for name in WORD_FILES if name in texts), *sorted(texts.keys() - set(WORD_FILES)))
    words, problems = read_words([(texts[name], name) for name in names])
    if words is None:
        return None, problems
    weights = read_weights((_FOLDER / "weights.txt").read_text(encoding="utf-8"))
    return Spotter(Grammar(words, PlainTuples, sound_table()), Model(weights, words)), problems


def word_files() -> Mapping[str, Path]:
    """Return the files of danger words that ship, by name."""
    return {name: Path(str(_FOLDER / "words" / name)) for name in WORD_FILES}


def _texts(folder: Path) -> list[tuple[str, str]]:
    own = {path.name: path for path in sorted(folder.glob("*.yaml"))}
    texts = []
    for name in WORD_FILES:
        path = own.pop(name, None)
        ours = (_FOLDER / "words" / name).read_text(encoding="utf-8")
        texts.append((ours, name) if path is None else (path.read_text(encoding="utf-8", errors="replace"), str(path)))
    texts += [(path.read_text(encoding="utf-8", errors="replace"), str(path)) for path in own.values()]
    return texts


def _read(texts: list[tuple[str, str]]) -> Words:
    words, problems = read_words(texts)
    if words is None:
        raise AuthorError(problems)
    return words
