"""Watch what one caller says as it grows, and raise each danger once.

A recogniser revises its partial results, so a partial is judged anew each time and raises only what stood in two of
them, or what is beyond doubt; a final result raises at once. What was raised is not raised again: not by the final of
the same words, not by later words of the same danger. A partial's alarm that the final does not hold up is withdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from ivr.call import CallId, Leg
from ivr.ports import Heard
from routing.emergency.kinds import Kind
from routing.emergency.spot import Finding

TAIL = 24
"""Characters of earlier finals that are read before the present words: a danger may be told in two breaths."""
MOST = 48
"""Characters of one partial that are judged, the last ones: a partial must cost no more than tens of microseconds."""
BEYOND_DOUBT = 0.97
"""Probability from which on one partial is enough, when it is confirmed."""
TAIL_SECONDS = 8.0
"""Words older than this no longer belong to the present ones."""


class Spots(Protocol):
    """Sees danger in a text."""

    def spot(self, text: str) -> Finding | None: ...


@dataclass(frozen=True, slots=True)
class Alarm:
    """A danger noticed for the first time, or (`is_upgrade`) one suspected before and now confirmed.

    `said` is the text that was read and `finding.why` its ranges; `begun_s` and `ended_s` are when its words were said,
    in seconds from the answer of the call (as exact as the recogniser's words are).
    """

    call: CallId
    leg: Leg
    finding: Finding
    said: str
    begun_s: float
    ended_s: float
    is_final: bool
    is_upgrade: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The final words do not hold up the alarm that a partial raised; a suggestion may be taken off the screen."""

    call: CallId
    leg: Leg
    kind: Kind


Noticed: TypeAlias = Alarm | Withdrawn


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of one leg: the last final words, and each kind raised (True once confirmed)."""

    tail: str = ""
    tail_ended_s: float = 0.0
    raised: tuple[tuple[Kind, bool], ...] = ()
    pending: Kind | None = None
    by_partial: Kind | None = None


def hear(watch: Watch, heard: Heard, spotter: Spots) -> tuple[Watch, tuple[Noticed, ...]]:
    """Return the watch after one more result of its leg, and what is new. Only the caller's own words count."""
    if heard.leg is not Leg.CALLER:
        return watch, ()
    is_near = heard.begun_s - watch.tail_ended_s <= TAIL_SECONDS
    said = ((watch.tail if is_near else "") + heard.text)[-MOST:]
    finding = spotter.spot(said) if heard.text else None
    if finding is None and is_near and watch.tail and heard.text:
        said = heard.text[-MOST:]  # another matter, or another time, was spoken of just before
        finding = spotter.spot(said)
    if not heard.is_final:
        return _partial(watch, heard, said, finding)
    return _final(watch, heard, said, finding)


def _partial(watch: Watch, heard: Heard, said: str, finding: Finding | None) -> tuple[Watch, tuple[Noticed, ...]]:
    if finding is None:
        return replace(watch, pending=None), ()
    is_sure = finding.is_confirmed and finding.probability >= BEYOND_DOUBT
    if not is_sure and watch.pending is not finding.kind:
        return replace(watch, pending=finding.kind), ()
    raised, alarm = _raise(watch, heard, said, finding)
    if alarm is None:
        return replace(raised, pending=finding.kind), ()
    by = finding.kind if not alarm.is_upgrade else watch.by_partial
    return replace(raised, pending=finding.kind, by_partial=by), (alarm,)


def _final(watch: Watch, heard: Heard, said: str, finding: Finding | None) -> tuple[Watch, tuple[Noticed, ...]]:
    """Settle the words: those of a danger are spent, others stay as the beginning of what comes next."""
    noticed: tuple[Noticed, ...] = ()
    if finding is not None:
        watch, alarm = _raise(watch, heard, said, finding)
        noticed = (alarm,) if alarm is not None else ()
    elif watch.by_partial is not None:
        noticed = (Withdrawn(heard.call, heard.leg, watch.by_partial),)
        kept = tuple(each for each in watch.raised if each[0] is not watch.by_partial)
        watch = replace(watch, raised=kept)
    tail = "" if finding is not None else said[-TAIL:]
    settled = replace(watch, tail=tail, tail_ended_s=heard.ended_s, pending=None, by_partial=None)
    return settled, noticed


def _raise(watch: Watch, heard: Heard, said: str, finding: Finding) -> tuple[Watch, Alarm | None]:
    """Return the alarm unless this danger was raised before; a confirmation of a suspicion is told once."""
    known = dict(watch.raised)
    before = next((kind for kind in (finding.kind, *finding.also) if kind in known), None)
    if before is not None and (known[before] or not finding.is_confirmed):
        return watch, None
    begun_s, ended_s = seconds_of(heard, said, finding)
    alarm = Alarm(heard.call, heard.leg, finding, said, begun_s, ended_s, heard.is_final, before is not None)
    known[before or finding.kind] = finding.is_confirmed
    return replace(watch, raised=tuple(known.items())), alarm


def seconds_of(heard: Heard, said: str, finding: Finding) -> tuple[float, float]:
    """Return when the danger's words began and ended; the whole result's seconds where its words have no times."""
    if not heard.words or not finding.why:
        return heard.begun_s, heard.ended_s
    shift = len(heard.text) - len(said)  # positions in `said` → positions in this result
    begin = max(0, finding.why[0].begin + shift)
    end = max(0, finding.why[-1].end + shift)
    begun_s, ended_s = heard.begun_s, heard.ended_s
    at = 0
    for word in heard.words:
        after = at + len(word.text)
        if at <= begin < after:
            begun_s = word.begun_s
        if at < end <= after:
            ended_s = word.ended_s
        at = after
    return begun_s, max(begun_s, ended_s)
