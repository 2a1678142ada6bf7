"""The figures of the danger spotter are counted as the issue defines them."""

from __future__ import annotations

import itertools

import pytest

from ivr.errors import AuthorError
from routing.emergency.kinds import Confidence, Kind
from routing.emergency.spot import Finding
from workorder.evaluate_emergency import evaluate_emergency


class Says:
    """A spotter that answers what the test wrote down."""

    def __init__(self, answers: dict[str, Kind]) -> None:
        self._answers = answers

    def spot(self, text: str) -> Finding | None:
        kind = self._answers.get(text)
        return Finding(kind, (), Confidence.CONFIRMED, 1.0, ()) if kind else None


ROWS = [
    {"text": "a", "label": "119"},
    {"text": "b", "label": "110", "note": "轻生;alt=119,120"},
    {"text": "c", "label": "122"},
    {"text": "d", "label": "120"},
    {"text": "e", "label": "none"},
    {"text": "f", "label": "none", "note": "陷阱词"},
]


def test_the_figures_are_counted_as_defined() -> None:
    spotter = Says({"a": Kind.FIRE, "b": Kind.MEDICAL, "c": Kind.POLICE, "e": Kind.FIRE})
    clock = itertools.count()
    figures = evaluate_emergency(ROWS, spotter, lambda: float(next(clock)))
    assert figures == {
        "n": 6,
        "recall": 0.75,
        "precision": 0.75,
        "type_accuracy": 0.6667,
        "false_alarms": ["e"],
        "missed": ["d"],
        "us_per_text": 1_000_000.0,
    }


def test_nothing_to_divide_by_is_told_as_nothing() -> None:
    figures = evaluate_emergency([], Says({}))
    assert figures["recall"] is None
    assert figures["us_per_text"] is None


def test_rows_that_cannot_be_judged_are_named() -> None:
    with pytest.raises(AuthorError, match="评测集:2") as told:
        evaluate_emergency([ROWS[0], {"text": "x", "label": "fire"}, {"label": "none"}], Says({}))
    assert len(told.value.problems) == 2
