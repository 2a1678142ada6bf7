"""One speaker's turns as one text, with the way back from any character to its turn and its second."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ivr.call import Leg
from ivr.speech.transcript import Turn
from workorder.draft import Evidence

_BETWEEN = "，"
"""Stands between two turns: a telephone number may go on over it, a name may not."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """`text` of one speaker; `starts[i]` is where turn number `numbers[i]` begins in it."""

    text: str
    starts: tuple[int, ...]
    numbers: tuple[int, ...]
    turns: tuple[Turn, ...]

    @classmethod
    def of(cls, turns: Sequence[Turn], leg: Leg, longest: int) -> Spoken:
        """Join the turns of `leg`, at most `longest` characters."""
        starts: list[int] = []
        numbers: list[int] = []
        parts: list[str] = []
        length = 0
        for number, turn in enumerate(turns):
            if turn.leg is not leg or not turn.text or length >= longest:
                continue
            if parts:
                parts.append(_BETWEEN)
                length += 1
            starts.append(length)
            numbers.append(number)
            parts.append(turn.text)
            length += len(turn.text)
        return cls("".join(parts)[:longest], tuple(starts), tuple(numbers), tuple(turns))

    def evidence(self, begin: int, end: int) -> Iterator[Evidence]:
        """Yield what `text[begin:end]` is in the turns: one piece for each turn it touches."""
        first = max(0, bisect_right(self.starts, begin) - 1)
        for start, number in zip(self.starts[first:], self.numbers[first:], strict=True):
            if start >= end:
                break
            turn = self.turns[number]
            since, until = max(0, begin - start), min(len(turn.text), end - start)
            if since < until:
                yield Evidence(number, since, until, *seconds_of(turn, since, until), turn.text[since:until])


def seconds_of(turn: Turn, begin: int, end: int) -> tuple[float, float]:
    """Return when `turn.text[begin:end]` was said: by its words where they fit the text, else in proportion."""
    at = 0
    begun: float | None = None
    ended = turn.ended_s
    for word in turn.words:
        found = turn.text.find(word.text, at)
        if found < 0:
            break
        at = found + len(word.text)
        if at > begin and begun is None:
            begun = word.begun_s
        if begun is not None and found < end:
            ended = word.ended_s
        if at >= end:
            break
    else:
        if begun is None:
            share = (turn.ended_s - turn.begun_s) / max(1, len(turn.text))
            return round(turn.begun_s + share * begin, 2), round(turn.begun_s + share * end, 2)
    return round(begun if begun is not None else turn.begun_s, 2), round(ended, 2)
