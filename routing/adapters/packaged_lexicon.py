"""Load the lexicons that ship with the package, or an admin's own in their place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

from ivr.errors import AuthorError
from ivr.problems import Problem
from routing.adapters.aho_matcher import AhoMatcher
from routing.classify.classify import Classifier
from routing.classify.lexicon_file import Lexicon, Vote, read_categories, read_units
from routing.classify.sound import SoundTable

_PACKAGE = "routing.classify"
_Reader = Callable[[str, str], tuple[Lexicon | None, tuple[Problem, ...]]]


def packaged_text(name: str) -> str:
    """Return the text of a data file beside the lexicon."""
    return (files(_PACKAGE) / "lexicon" / name).read_text(encoding="utf-8")


@cache
def sound_table() -> SoundTable:
    """Return the table of syllables with its guard; read once."""
    return SoundTable(packaged_text("pinyin.txt"), packaged_text("common_words.txt").split())


def load_classifier(folder: Path | None = None, accepted: Iterable[Vote] = ()) -> Classifier:
    """Return the classifier; `folder` may hold categories.yaml, units.yaml, manner.yaml or concepts.yaml.

    `accepted` are votes for units that an admin took from the advice of `hotline learn`.

    AuthorError with every problem when a file cannot be used.
    """
    categories = _load(folder, "categories.yaml", read_categories)
    units = _load(folder, "units.yaml", read_units)
    return Classifier(
        categories=categories,
        units=replace(units, votes=(*units.votes, *accepted)),
        manner=_load(folder, "manner.yaml", read_units),
        concepts=_load(folder, "concepts.yaml", read_units),
        make_matcher=AhoMatcher,
        sound=sound_table(),
    )


def _load(folder: Path | None, name: str, read: _Reader) -> Lexicon:
    own = folder / name if folder is not None else None
    if own is not None and own.is_file():
        lexicon, problems = read(own.read_text(encoding="utf-8", errors="replace"), str(own))
    else:
        lexicon, problems = read(packaged_text(name), name)
    if lexicon is None:
        raise AuthorError(problems)
    return lexicon
