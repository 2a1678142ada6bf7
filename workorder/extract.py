"""What every extractor returns: a value, where it stood in the written text, how sure, and by which rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

HIDDEN = "\x01"
"""Stands for a character that another field already took; no pattern crosses it."""


class Found(NamedTuple):
    """`value` as it should stand in the field; `begin` and `end` in the written text; confidence 0..1."""

    value: str
    begin: int
    end: int
    confidence: float
    rule: str


def hide(text: str, taken: Iterable[Found]) -> str:
    """Return `text`, equally long, with what was taken hidden from the next extractor."""
    characters = list(text)
    for found in taken:
        characters[found.begin : found.end] = HIDDEN * (found.end - found.begin)
    return "".join(characters)
