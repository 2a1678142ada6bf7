"""What was said in a call: results of several recognisers become turns of speakers, in order of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.call import Leg
from ivr.ports import Heard, HeardWord

PAUSE_S = 1.5
"""A speaker who is quiet longer than this begins a new turn."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's stretch. Seconds count from the answer of the call; `is_final` is false while still spoken."""

    leg: Leg
    text: str
    words: tuple[HeardWord, ...]
    begun_s: float
    ended_s: float
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is known so far: finals in order of time, and at most one partial result per leg, not yet sure."""

    finals: tuple[Heard, ...] = ()
    partials: tuple[Heard, ...] = ()


def hear(transcript: Transcript, heard: Heard) -> Transcript:
    """Return the transcript after one more result.

    A partial replaces the leg's partial; a final replaces it for good, and an empty final takes it back. A final that
    came before (same leg and time) and a partial older than the leg's last final change nothing.
    """
    others = tuple(partial for partial in transcript.partials if partial.leg is not heard.leg)
    if not heard.is_final:
        settled_s = max((final.ended_s for final in transcript.finals if final.leg is heard.leg), default=-1.0)
        if heard.ended_s <= settled_s:
            return transcript
        return Transcript(transcript.finals, (*others, heard) if heard.text else others)
    known = any(
        final.leg is heard.leg and final.begun_s == heard.begun_s and final.text == heard.text
        for final in transcript.finals
    )
    if known:
        return transcript
    finals = in_order((*transcript.finals, heard)) if heard.text or heard.words else transcript.finals
    return Transcript(finals, others)


def in_order(results: Iterable[Heard]) -> tuple[Heard, ...]:
    """Sort results by when they began; at the same moment the caller comes first, then the agent."""
    return tuple(sorted(results, key=lambda heard: (heard.begun_s, _LEG_ORDER[heard.leg], heard.ended_s)))


_LEG_ORDER = {Leg.CALLER: 0, Leg.AGENT: 1, Leg.EMERGENCY: 2}


def turns(transcript: Transcript, pause_s: float = PAUSE_S) -> tuple[Turn, ...]:
    """Return who said what, in order of time.

    A speaker's results become one turn as long as nobody else began between them and no pause is longer than
    `pause_s`. A partial stands as a turn of its own, after the finals that began before it.
    """
    said: list[Turn] = []
    for heard in in_order((*transcript.finals, *transcript.partials)):
        if not heard.text:
            continue
        last = said[-1] if said else None
        if (
            last is not None
            and heard.is_final
            and last.is_final
            and last.leg is heard.leg
            and heard.begun_s - last.ended_s <= pause_s
        ):
            said[-1] = Turn(
                leg=last.leg,
                text=join_words((last.text, heard.text)),
                words=(*last.words, *heard.words),
                begun_s=last.begun_s,
                ended_s=max(last.ended_s, heard.ended_s),
            )
        else:
            said.append(Turn(heard.leg, heard.text, heard.words, heard.begun_s, heard.ended_s, heard.is_final))
    return tuple(said)


def text_of(results: Iterable[Heard], leg: Leg | None = None) -> str:
    """All final words of one leg (or of all) in order of time, as one text."""
    chosen = (heard for heard in in_order(results) if heard.is_final and (leg is None or heard.leg is leg))
    return join_words(heard.text for heard in chosen if heard.text)


def join_words(words: Iterable[str]) -> str:
    """Write words one after another: no space between hanzi, one between two words in Latin letters or digits."""
    text = ""
    for word in words:
        is_latin = bool(text and word) and _is_latin(text[-1]) and _is_latin(word[0])
        text += f" {word}" if is_latin else word
    return text


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
