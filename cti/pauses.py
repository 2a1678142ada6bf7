"""Pauses of recording and recognition within a call (card numbers, secrets): when, by whom, and how they are marked.

Pure. Second 0 is the answer of the call. A pause is in the journal as `{"paused": true, "by": …, "at_s": …}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ivr.call import CallId, Leg
from ivr.ports import Heard
from ivr.speech.transcript import in_order
from ivr.speech.transcript_spans import Span, Spans, union

BY_LIMIT = "limit"
"""Who resumes a recording that was paused for as long as is allowed."""


BY_POLICY = "policy"
"""Who pauses the recording of a call to a number that is not to be recorded: nobody but an emergency ends that."""

BY_EMERGENCY = "emergency"
"""An emergency is always recorded: the pause ends when its leg comes up."""


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause; `ended_s` is None while it lasts."""

    begun_s: float
    by: str
    ended_s: float | None = None


def is_paused(pauses: Sequence[Pause]) -> bool:
    """Whether nothing is recorded now."""
    return bool(pauses) and pauses[-1].ended_s is None


def turned(pauses: tuple[Pause, ...], paused: bool, by: str, at_s: float) -> tuple[Pause, ...]:
    """Return the pauses after one more began or the last one ended; what is so already changes nothing."""
    if paused == is_paused(pauses):
        return pauses
    if paused:
        return (*pauses, Pause(at_s, by))
    return (*pauses[:-1], replace(pauses[-1], ended_s=max(at_s, pauses[-1].begun_s)))


def pauses_in(journal: Iterable[Mapping[str, object]]) -> tuple[Pause, ...]:
    """Return the pauses that the lines of a call's journal tell of."""
    pauses: tuple[Pause, ...] = ()
    for line in journal:
        paused, at_s = line.get("paused"), line.get("at_s")
        if isinstance(paused, bool) and isinstance(at_s, int | float):
            pauses = turned(pauses, paused, str(line.get("by", "")), float(at_s))
    return pauses


def spans_of(pauses: Iterable[Pause], call_seconds: float) -> Spans:
    """Return the seconds in which nothing was recorded; a pause that did not end lasted until the end of the call."""
    spans: list[Span] = [(pause.begun_s, call_seconds if pause.ended_s is None else pause.ended_s) for pause in pauses]
    return union(spans)


def marked(call: CallId, words: Sequence[Heard], pauses: Iterable[Pause], call_seconds: float) -> tuple[Heard, ...]:
    """Return the transcript with a line for each pause, so that who reads it knows what is missing."""
    pauses = tuple(pauses)
    ruled = {pause.begun_s for pause in pauses if pause.by == BY_POLICY}
    marks = [
        Heard(
            call,
            Leg.AGENT,
            f"（{'按规定不录音' if begun_s in ruled else '录音暂停'} {ended_s - begun_s:.0f} 秒）",
            True,
            begun_s,
            ended_s,
        )
        for begun_s, ended_s in spans_of(pauses, call_seconds)
    ]
    return in_order([*words, *marks])
