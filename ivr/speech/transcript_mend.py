"""Mending a transcript from the recording: what the live tap missed is put in, and no word appears twice.

The rule: a live result that touches a hole may be cut off in mid-word, so it is given up as a whole and its time is
recognised anew together with the hole. What is kept and what is new then meet in the middle of a pause, never inside a
word, and never so near to one that clocks which differ by some tenths of a second could lose or double it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ivr.ports import Heard, HeardWord
from ivr.speech.transcript import in_order, join_words
from ivr.speech.transcript_spans import Span, Spans, holds, missing, touches, union, within

GUARD_S = 0.8
"""How near to a hole a live result may end before it counts as cut off."""

MOST_PAUSE_S = 1.0
"""So far at the most a hole reaches into a pause: the clocks of live text and recording do not differ by more."""

SHORTEST_HOLE_S = 0.06
"""Three packets: no syllable is lost in less."""


def holes_to_mend(finals: Iterable[Heard], covered: Iterable[Span], whole: Span) -> Spans:
    """Return the seconds of one leg that must be recognised from its recording.

    `finals` are the leg's live results, `covered` what its tap heard, `whole` the time the leg spoke to us.
    """
    holes = missing(covered, whole, SHORTEST_HOLE_S)
    if not holes:
        return ()
    spans = sorted((heard.begun_s, heard.ended_s) for heard in finals)
    wide = union((begun - GUARD_S, ended + GUARD_S) for begun, ended in holes)
    while True:
        cut_off = [span for span in spans if touches(span, wide)]
        wider = union((*wide, *cut_off))
        if wider == wide:
            return within(_to_mid_pause(union((*holes, *cut_off)), spans), whole)
        wide = wider


def before_first_hole(covered: Iterable[Span], whole: Span) -> Spans:
    """Return what was heard until the first hole: all that can be relied on when the clock of the rest is not sure."""
    holes = missing(covered, whole, SHORTEST_HOLE_S)
    return within(covered, (whole[0], holes[0][0])) if holes else union(covered)


def _to_mid_pause(holes: Spans, spans: Sequence[Span]) -> Spans:
    """Let each hole reach into the pauses around it, half way to the results that are kept.

    The live clock and the recording's differ by some tenths of a second on a busy machine: an edge at the very
    beginning of a word would lose that word, or write the one before it twice.
    """
    kept = [span for span in spans if not touches(span, holes)]
    wide = []
    for begun, ended in holes:
        before = max((its_end for _, its_end in kept if its_end <= begun), default=begun - 2 * MOST_PAUSE_S)
        after = min((its_begin for its_begin, _ in kept if its_begin >= ended), default=ended + 2 * MOST_PAUSE_S)
        reach = (min(MOST_PAUSE_S, (begun - before) / 2), min(MOST_PAUSE_S, (after - ended) / 2))
        wide.append((begun - reach[0], ended + reach[1]))
    return union(wide)


def mend(finals: Sequence[Heard], recovered: Iterable[Heard], holes: Sequence[Span]) -> tuple[Heard, ...]:
    """Return the finals of one leg with `holes` (from `holes_to_mend`) filled by what its recording said.

    Of `recovered` only words whose middle lies in a hole are taken; of `finals` only results outside every hole.
    """
    kept = [heard for heard in finals if not touches((heard.begun_s, heard.ended_s), holes)]
    added = [part for heard in recovered if (part := only_within(heard, holes)) is not None]
    return in_order((*kept, *added))


def only_within(heard: Heard, holes: Sequence[Span]) -> Heard | None:
    """Return `heard` with only the words whose middle lies in a hole, or None when nothing is left."""
    words = tuple(word for word in heard.words if holds((word.begun_s + word.ended_s) / 2, holes))
    if not words:
        return None
    if len(words) == len(heard.words):
        return heard
    return replace(heard, text=spoken_text(words), words=words, begun_s=words[0].begun_s, ended_s=words[-1].ended_s)


def spoken_text(words: Iterable[HeardWord]) -> str:
    """The text of recognised words; a word the model does not know (`[unk]`) is left out."""
    return join_words(word.text for word in words if word.text != UNKNOWN_WORD)


UNKNOWN_WORD = "[unk]"
"""How Kaldi models write a word they do not know; kept among the words with low confidence, never in the text."""
