"""What an emergency centre sees behind its link: a call as its journal tells it so far, as the grant allows (pure).

Private numbers that were said (identity cards, bank cards) are masked; the telephone number is shown only where the
city's policy lets it pass. Where the place may not pass, the words are not shown either: they tell it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr.call import CallId, Leg, PhoneNumber
from ivr.speech.numerals import write_numbers
from ivr.speech.redact import redact
from routing.emergency.kinds import TITLES, Kind
from workorder.extract_place import find_places

SPEAKERS = {Leg.CALLER: "市民", Leg.AGENT: "坐席", Leg.EMERGENCY: "紧急中心"}
MOST_TURNS = 200
_READ_FOR_PLACE = 400
"""Characters of the caller, the last ones: people correct themselves, and reading takes time."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one link opens, for whom and until when."""

    call: CallId
    kind: Kind
    target: str
    expires_at: datetime
    shows_number: bool = True
    shows_place: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """One stretch of one speaker; `second` counts from the answer of the call."""

    speaker: str
    second: int
    text: str


@dataclass(frozen=True, slots=True)
class CallView:
    """One page. Empty texts are not known, or not shown."""

    order: str
    kind: str
    title: str
    target: str
    number: str
    place: str
    theirs: str
    said: tuple[Said, ...]
    shows_words: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ToldSoFar:
    """What a call's journal tells: the caller's number, the id of 110, and (leg, second, words) as written."""

    number: str = ""
    theirs: str = ""
    said: tuple[tuple[str, int, str], ...] = ()

    @property
    def of_the_caller(self) -> list[str]:
        """The caller's words."""
        return [text for leg, _, text in self.said if leg == Leg.CALLER]


def told_so_far(lines: Iterable[Mapping[str, object]]) -> ToldSoFar:
    """Read a call's journal; lines that make no sense are passed over."""
    number, theirs, said = "", "", []
    for line in lines:
        heard = line.get("heard_of")
        event = heard if isinstance(heard, Mapping) else line.get("event")
        if not isinstance(event, Mapping):
            continue
        match event:
            case {"kind": "Heard", "leg": leg, "text": str(text), "is_final": True} if text:
                said.append((str(leg), _second(event.get("begun_s")), text))
            case {"kind": "CallOffered", "caller": caller}:
                number, theirs = str(caller), str(event.get("their_id") or "")
            case _:
                pass
    return ToldSoFar(number, theirs, tuple(said))


def view_of(lines: Iterable[Mapping[str, object]], grant: Grant) -> CallView:
    """Return the page for a call's journal lines."""
    told = told_so_far(lines)
    number, theirs, said = told.number, told.theirs, told.said
    place = place_of(told.of_the_caller) if grant.shows_place else ""
    shown = said[-MOST_TURNS:] if grant.shows_place else ()
    return CallView(
        order=grant.call,
        kind=grant.kind.value,
        title=TITLES[grant.kind],
        target=grant.target,
        number=PhoneNumber.parse(number).digits if grant.shows_number else "",
        place=place,
        theirs=theirs,
        said=tuple(
            Said(_speaker(leg), second, redact(text)) for leg, second, text in sorted(shown, key=lambda s: s[1])
        ),
        shows_words=grant.shows_place,
        expires_at=grant.expires_at,
    )


def place_of(said: Sequence[str]) -> str:
    """Return the likeliest place in what the caller said, empty when none was."""
    text = write_numbers("，".join(said)[-_READ_FOR_PLACE:]).text
    found = find_places(text)
    return found[0].value if found else ""


def _speaker(leg: str) -> str:
    return SPEAKERS[Leg(leg)] if leg in set(Leg) else "未知"


def _second(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
