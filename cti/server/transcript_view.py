"""A stored transcript as people see it: readable turns for the terminal, and as plain values for a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rich.text import Text

from ivr.call import Leg
from ivr.ports import Heard
from ivr.speech.readable import MarkKind, ReadableTurn, readable
from ivr.speech.transcript import Transcript, turns

WHO = {Leg.CALLER: "市民", Leg.AGENT: "坐席", Leg.EMERGENCY: "紧急中心"}
STYLES = {Leg.CALLER: "cyan", Leg.AGENT: "green", Leg.EMERGENCY: "red"}


def readable_turns(heard: Sequence[Heard], day: date | None) -> tuple[ReadableTurn, ...]:
    """Return stored results as turns that one can read."""
    return readable(turns(Transcript(tuple(heard))), day)


def shown(turn: ReadableTurn) -> Text:
    """Return the text with fillers dimmed and days written out."""
    text = Text()
    at = 0
    for mark in turn.marks:
        if mark.begin < at:
            continue
        text.append(turn.text[at : mark.begin])
        piece = turn.text[mark.begin : mark.end]
        text.append(piece, style="dim" if mark.kind is MarkKind.FILLER else "")
        if mark.kind is MarkKind.DATE:
            text.append(f"（{mark.value}）", style="dim")
        at = mark.end
    text.append(turn.text[at:])
    return text


def plain_of(turn: ReadableTurn) -> dict[str, object]:
    """Return a turn as plain values: what a page needs to show it and to play any character."""
    return {
        "leg": turn.leg.value,
        "begun_s": turn.begun_s,
        "ended_s": turn.ended_s,
        "text": turn.text,
        "raw": turn.raw,
        "sources": [list(span) for span in turn.sources],
        "times": [list(times) for times in turn.times],
        "marks": [
            {"kind": mark.kind.value, "begin": mark.begin, "end": mark.end, "value": mark.value} for mark in turn.marks
        ],
    }
