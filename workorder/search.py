"""A hit of the transcript search: which call, which turn, which characters, which second of the recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr.call import CallId, Leg
from ivr.ports import Heard
from ivr.speech.transcript import Turn
from workorder.prefill_spoken import seconds_of
from workorder.search_words import places_of, plain

MOST_HITS_OF_A_CALL = 5


@dataclass(frozen=True, slots=True)
class Query:
    """What to look for: every one of `words` (see `query_words`), in calls that began from `since` until `until`."""

    words: tuple[str, ...]
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 20


@dataclass(frozen=True, slots=True)
class Hit:
    """Characters `begin` to `end` of the (masked) `text` of turn `turn`; the seconds are those of the recording."""

    call: CallId
    turn: int
    leg: Leg
    text: str
    begin: int
    end: int
    begun_s: float
    ended_s: float

    def to_plain(self) -> dict[str, object]:
        """Return the hit as JSON has it."""
        return {
            "call": self.call,
            "turn": self.turn,
            "leg": self.leg.value,
            "text": self.text,
            "begin": self.begin,
            "end": self.end,
            "begun_s": self.begun_s,
            "ended_s": self.ended_s,
        }


def hits_in(heard: Sequence[Heard], words: Sequence[str]) -> tuple[Hit, ...]:
    """Return where `words` stand in a call's results, in order of time; nothing unless every word occurs.

    Give it what the searcher may see: then what is masked is never found.
    """
    texts = [plain(each.text) for each in heard]
    found: list[Hit] = []
    for word in words:
        before = len(found)
        for number, (each, text) in enumerate(zip(heard, texts, strict=True)):
            for begin, end in places_of(word, text):
                turn = Turn(each.leg, each.text, each.words, each.begun_s, each.ended_s)
                found.append(Hit(each.call, number, each.leg, each.text, begin, end, *seconds_of(turn, begin, end)))
        if len(found) == before:
            return ()
    return tuple(sorted(found, key=lambda hit: (hit.turn, hit.begin))[:MOST_HITS_OF_A_CALL])
