"""Spell out `(甲/乙/)丙`: every way to read a word or sentence with alternatives; an empty one stands for nothing."""

from __future__ import annotations

import itertools
import re

MOST = 2_000
"""Ways that one text may be read; more is a mistake of its author."""

_GROUP = re.compile(r"\(([^()]*)\)")


def spell_out(text: str) -> tuple[str, ...]:
    """Return every reading in the order written; ValueError on unpaired brackets or more than 2,000 readings."""
    pieces = [piece.split("/") if number % 2 else [piece] for number, piece in enumerate(_GROUP.split(text))]
    if any(bracket in part for piece in pieces for part in piece for bracket in "()"):
        raise ValueError("括号没有成对")
    count = 1
    for piece in pieces:
        count *= len(piece)
    if count > MOST:
        raise ValueError(f"有 {count} 种读法，超过 {MOST} 种")
    return tuple(dict.fromkeys("".join(parts) for parts in itertools.product(*pieces)))
