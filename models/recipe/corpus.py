"""Turns the templates of text/ into sentences of segmented words: what the language model learns from.

A template is one line: `{slot}` is filled in, `(a/b/)` is one of the alternatives, which may be empty. Pieces are
segmented apart from each other, so that no word is glued together across a slot's edge.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache

import jieba

from .fillings import SHAPED
from .lexicon import HANZI
from .text_files import TEXT, read_lines, read_table

Sentence = tuple[str, ...]


class TemplateError(ValueError):
    """A template has an unknown slot or unbalanced brackets."""


@lru_cache(maxsize=1)
def slots() -> dict[str, tuple[str, ...]]:
    """Return the alternatives of each slot written in slots.txt."""
    return {name: tuple("" if word == "_" else word for word in words) for name, words in read_table("slots").items()}


def field_words() -> list[str]:
    """Return the words of this field, which the segmenter keeps whole."""
    return [word for line in read_lines(TEXT / "words.txt") for word in line.split()]


@lru_cache(maxsize=1)
def _segmenter() -> jieba.Tokenizer:
    jieba.setLogLevel(60)
    tokenizer = jieba.Tokenizer()
    for word in field_words():
        tokenizer.add_word(word)
    return tokenizer


@lru_cache(maxsize=200_000)
def segment(text: str) -> Sentence:
    """Cut plain text into words."""
    return tuple(word for word in _segmenter().lcut(text, HMM=False) if HANZI.match(word))


def _closing(template: str, start: int) -> int:
    depth = 0
    for place in range(start, len(template)):
        depth += {"(": 1, ")": -1}.get(template[place], 0)
        if depth == 0:
            return place
    raise TemplateError(f"unbalanced bracket in {template!r}")


def _alternatives(inner: str) -> list[str]:
    found, depth, start = [], 0, 0
    for place, character in enumerate(inner):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "/" and depth == 0:
            found.append(inner[start:place])
            start = place + 1
    return [*found, inner[start:]]


def expand(template: str, chance: random.Random) -> Iterator[str]:
    """Yield the words of one random filling of the template."""
    literal = ""
    place = 0
    while place < len(template):
        character = template[place]
        if character not in "{(":
            if character in ")}":
                raise TemplateError(f"unbalanced bracket in {template!r}")
            literal += character
            place += 1
            continue
        if character == "(":
            end = _closing(template, place)
            chosen = chance.choice(_alternatives(template[place + 1 : end]))
            if "{" not in chosen and "(" not in chosen:
                literal += chosen  # plain alternatives are segmented with their surroundings
                place = end + 1
                continue
            yield from segment(literal)
            yield from expand(chosen, chance)
        else:
            end = template.index("}", place)
            name = template[place + 1 : end]
            yield from segment(literal)
            if name in SHAPED:
                yield from SHAPED[name](chance)
            elif name in slots():
                yield from expand(chance.choice(slots()[name]), chance)
            else:
                raise TemplateError(f"unknown slot {name!r} in {template!r}")
        literal = ""
        place = end + 1
    yield from segment(literal)


def _combinations(template: str) -> int:
    """Return roughly how many fillings a template has, to draw rich templates more often."""
    return 1 + template.count("/") + 6 * template.count("{")


def templates() -> dict[str, list[str]]:
    """Return the templates of each file."""
    names = ("complaints", "questions", "emergencies", "agents", "talk")
    return {name: read_lines(TEXT / f"{name}.txt") for name in names}


def sentences(seed: int, per_template: int) -> list[Sentence]:
    """Return the text: fillings of every template, and pairs of them as one utterance."""
    chance = random.Random(seed)
    made: list[Sentence] = []
    for group in templates().values():
        drawn = [
            tuple(expand(template, chance))
            for template in group
            for _ in range(max(12, min(per_template * 3, per_template * _combinations(template) // 10)))
        ]
        made += drawn
        made += [chance.choice(drawn) + chance.choice(drawn) for _ in range(len(drawn) // 3)]
    return [sentence for sentence in made if sentence]
