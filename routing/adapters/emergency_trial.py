"""What new danger words would do to sentences that we know: those in danger must be heard, ordinary ones need not be.

The sentences are the first reading of each line of the training files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from routing.adapters.emergency_words import load_spotter
from routing.emergency.spot import Spotter

_FIRST_CHOICE = re.compile(r"\(([^()/]*)(?:/[^()]*)?\)")


def no_longer_heard(spotter: Spotter) -> Sequence[tuple[str, str]]:
    """Return (type, sentence) of each danger that the shipped words hear and this spotter does not."""
    return [(kind, said) for kind, said in _heard_by_shipped() if spotter.spot(said) is None]


def newly_heard(spotter: Spotter) -> Sequence[str]:
    """Return each sentence of ordinary life in which this spotter hears a danger, and the shipped words do not."""
    return [said for said in _silent_by_shipped() if spotter.spot(said) is not None]


@cache
def _heard_by_shipped() -> tuple[tuple[str, str], ...]:
    ours = load_spotter()
    told = (line.partition(" ") for line in _lines("danger.txt"))
    return tuple((kind, said) for kind, _, said in told if ours.spot(said) is not None)


@cache
def _silent_by_shipped() -> tuple[str, ...]:
    ours = load_spotter()
    return tuple(said for said in _lines("ordinary.txt") if ours.spot(said) is None)


def _lines(name: str) -> list[str]:
    text = (files("routing.emergency") / "training" / name).read_text(encoding="utf-8")
    return [_first_reading(line) for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _first_reading(line: str) -> str:
    while (simpler := _FIRST_CHOICE.sub(r"\1", line)) != line:
        line = simpler
    return line.strip()
