"""What the pages add to what the controller tells: how words read, where a number is from. The controller need not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ivr.call import Leg
from ivr.ports import HeardWord
from ivr.speech.readable import readable
from ivr.speech.transcript import Turn

LONGEST = 2000
"""Longer texts are no result of a recogniser; they are shown as they are."""


def with_reading(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result (`text`, `begun_s`, `ended_s`) with `reads` beside it; the words themselves stay as they were."""
    text, begun_s, ended_s = said.get("text"), said.get("begun_s"), said.get("ended_s")
    if not isinstance(text, str) or not 0 < len(text) <= LONGEST:
        return dict(said)
    if not isinstance(begun_s, int | float) or not isinstance(ended_s, int | float):
        return dict(said)
    each_s = (ended_s - begun_s) / len(text)
    words = [HeardWord(char, begun_s + at * each_s, begun_s + (at + 1) * each_s, 1.0) for at, char in enumerate(text)]
    (turn,) = readable((Turn(Leg.CALLER, text, tuple(words), begun_s, ended_s),))
    return {**said, "reads": turn.text}


PlaceOf = Callable[[str], str]


def readable_fact(fact: Mapping[str, Any], place_of: PlaceOf) -> Mapping[str, Any]:
    """Return a fact of the controller's stream with what the pages add to it."""
    data, calls = fact.get("data"), (fact.get("patch") or {}).get("calls")
    if fact.get("type") == "heard" and isinstance(data, Mapping):
        fact = {**fact, "data": with_reading(data)}
    if isinstance(calls, Mapping):
        fact = {**fact, "patch": {**fact["patch"], "calls": with_places(calls, place_of)}}
    return fact


def with_places(calls: Mapping[str, Any], place_of: PlaceOf) -> dict[str, Any]:
    """Return the board's calls, each with the `place` that its caller's number is from."""
    return {call: row and {**row, "place": place_of(str(row.get("caller") or ""))} for call, row in calls.items()}
