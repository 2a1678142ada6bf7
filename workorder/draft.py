"""The draft (预填): every field of a work order before an agent confirms it, each with its value and its reasons."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from ivr.call import CallId
from routing.emergency.clock import EmergencyClock, from_plain, plain

CATEGORY_SEPARATOR = "/"
"""Between the three levels of a category in a field's value: 城乡建设/城市建设和市政管理/燃气供应."""

_VERSION = 1


class FieldName(StrEnum):
    """The fields of a draft, in the order in which an agent reads them."""

    CALLER_NUMBER = "caller_number"
    REQUEST_TYPE = "request_type"
    CATEGORY = "category"
    UNIT = "unit"
    URGENCY = "urgency"
    PLACE = "place"
    PLACE_STANDARD = "place_standard"
    TIME = "time"
    NAME = "name"
    SURNAME = "surname"
    PHONE = "phone"
    PARTY = "party"
    TITLE = "title"
    SUMMARY = "summary"
    KEYWORDS = "keywords"
    EXPECTED = "expected"


class FieldState(StrEnum):
    """Who stands behind a value: only a suggestion may be replaced by later speech."""

    SUGGESTED = "suggested"
    EDITED = "edited"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a value was heard: characters `begin` to `end` of turn number `turn`, and the seconds of the recording."""

    turn: int
    begin: int
    end: int
    begun_s: float
    ended_s: float
    words: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the ranked answers to a field, with the words that voted for it."""

    value: str
    confidence: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `value` is empty when nothing was said or the machine is unsure (then see `candidates`).

    `confidence` lies in 0..1; `source` names the rule or model version; `question` is the one thing to ask the caller
    when two candidates are close. Several keywords stand in `value` with a space between them.
    """

    value: str = ""
    confidence: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    source: str = ""
    state: FieldState = FieldState.SUGGESTED
    question: str = ""

    @property
    def is_fixed(self) -> bool:
        """Whether a person stands behind it, so that later speech may not change it."""
        return self.state is not FieldState.SUGGESTED


@dataclass(frozen=True, slots=True)
class Draft:
    """What a call has told so far. Absent fields are as good as empty ones.

    `emergency` holds the clock of each emergency of the call, as its journal told at the end; `their_id` is the id by
    which 110 knows a call that it sent to us.
    """

    call: CallId
    fields: Mapping[FieldName, Field] = field(default_factory=lambda: MappingProxyType({}))
    reasons: tuple[str, ...] = ()
    emergency: tuple[EmergencyClock, ...] = ()
    their_id: str = ""

    def __getitem__(self, name: FieldName) -> Field:
        """Return the field, empty when it is absent."""
        return self.fields.get(name, Field())

    def value(self, name: FieldName) -> str:
        """Return the value of a field, empty when absent or unsure."""
        return self[name].value

    @property
    def category(self) -> tuple[str, ...]:
        """The three levels of the category, or nothing."""
        value = self.value(FieldName.CATEGORY)
        return tuple(value.split(CATEGORY_SEPARATOR)) if value else ()

    def edited(self, name: FieldName, value: str) -> Draft:
        """Return the draft after an agent typed `value`; the machine's candidates and evidence stay for comparison."""
        changed = replace(self[name], value=value, confidence=1.0, state=FieldState.EDITED, question="")
        return replace(self, fields=_agreeing({**self.fields, name: changed}))

    def confirmed(self) -> Draft:
        """Return the draft after an agent accepted it as it stands."""
        fixed = {name: replace(entry, state=FieldState.CONFIRMED) for name, entry in self.fields.items()}
        return replace(self, fields=MappingProxyType(fixed))

    def revised_by(self, later: Draft) -> Draft:
        """Return `later`'s suggestions with every edited or confirmed field of this draft kept as it is."""
        kept = {name: entry for name, entry in self.fields.items() if entry.is_fixed}
        fields = _agreeing({**later.fields, **kept})
        theirs = later.their_id or self.their_id
        clocks = later.emergency or self.emergency
        return replace(later, call=self.call, fields=fields, emergency=clocks, their_id=theirs)

    def to_json(self) -> str:
        """Return the draft as one line of JSON; `from_json` gives back an equal draft."""
        return json.dumps(self.to_plain(), ensure_ascii=False, separators=(",", ":"))

    def to_plain(self) -> dict[str, object]:
        """Return the draft as plain values, as JSON can hold them."""
        fields = {name.value: _field_out(entry) for name, entry in self.fields.items()}
        whole: dict[str, object] = {
            "draft": _VERSION,
            "call": self.call,
            "fields": fields,
            "reasons": list(self.reasons),
        }
        if self.emergency:
            whole["emergency"] = [plain(clock) for clock in self.emergency]
        if self.their_id:
            whole["their_id"] = self.their_id
        return whole

    @classmethod
    def from_json(cls, text: str) -> Draft:
        """Read what `to_json` wrote; ValueError when it is anything else. Fields of a later version are ignored."""
        try:
            whole = json.loads(text)
            known = {name.value for name in FieldName}
            entries = {FieldName(name): _field_in(entry) for name, entry in whole["fields"].items() if name in known}
            emergency = tuple(from_plain(clock) for clock in whole.get("emergency", ()))
            theirs = str(whole.get("their_id", ""))
            return cls(CallId(whole["call"]), MappingProxyType(entries), tuple(whole["reasons"]), emergency, theirs)
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not a draft: {error!r}") from error


def _agreeing(fields: dict[FieldName, Field]) -> Mapping[FieldName, Field]:
    """Leave out the standard name of the place that was heard when a person has written another place."""
    standard = fields.get(FieldName.PLACE_STANDARD)
    if standard is not None and not standard.is_fixed and fields.get(FieldName.PLACE, Field()).is_fixed:
        del fields[FieldName.PLACE_STANDARD]
    return MappingProxyType(fields)


def _field_out(entry: Field) -> dict[str, object]:
    """Return a field as plain values, leaving out what is empty."""
    out: dict[str, object] = {"value": entry.value, "confidence": entry.confidence, "state": entry.state.value}
    if entry.evidence:
        out["evidence"] = [[e.turn, e.begin, e.end, e.begun_s, e.ended_s, e.words] for e in entry.evidence]
    if entry.candidates:
        out["candidates"] = [[c.value, c.confidence, list(c.words)] for c in entry.candidates]
    if entry.source:
        out["source"] = entry.source
    if entry.question:
        out["question"] = entry.question
    return out


def _field_in(out: Mapping[str, Any]) -> Field:
    """Read a field from plain values."""
    return Field(
        value=str(out["value"]),
        confidence=float(out["confidence"]),
        evidence=tuple(Evidence(*each) for each in out.get("evidence", ())),
        candidates=tuple(Candidate(v, float(c), tuple(words)) for v, c, words in out.get("candidates", ())),
        source=str(out.get("source", "")),
        state=FieldState(out["state"]),
        question=str(out.get("question", "")),
    )
