"""From what was said to a draft (预填): every field with its value, its reasons and where it was heard.

Pure: `Prefill.draft` may be called after every turn; `Draft.revised_by` keeps what a person typed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from types import MappingProxyType

from ivr.call import CallId, Leg, PhoneNumber
from ivr.ports import HeardWord
from ivr.speech.numerals import write_numbers
from ivr.speech.transcript import Turn
from routing.classify.classify import Classified
from routing.classify.matcher import LONGEST_TEXT
from routing.classify.rank import Ranked
from routing.classify.voting import Classifies
from workorder.dispatch import Catalogue
from workorder.draft import Candidate, Draft, Evidence, Field, FieldName
from workorder.extract import Found, hide
from workorder.extract_asked import find_answered_names
from workorder.extract_name import find_names, find_surnames
from workorder.extract_name_spelling import find_spellings
from workorder.extract_party import find_parties
from workorder.extract_phone import find_phones
from workorder.extract_place import find_places
from workorder.extract_time import find_times
from workorder.gazetteer import Gazetteer
from workorder.prefill_spoken import Spoken
from workorder.prefill_summary import expected_of, keywords_of, summary_of, title_of

_SURE_ENOUGH = {
    FieldName.NAME: 0.6,
    FieldName.SURNAME: 0.6,
    FieldName.PHONE: 0.6,
    FieldName.TIME: 0.4,
    FieldName.PLACE: 0.35,
    FieldName.PARTY: 0.5,
}
_UNIT_SCORE = 3.0
_CATEGORY_SCORE = 2.0
_CLOSE = 0.6
_TOP = 3
_HIDE_NAMES_FROM = 0.6
_HEARD_ENOUGH = 0.65
"""The mean confidence of a field's words below which it abstains: of clear speech it is 0.9 and more."""


class Prefill:
    """The lexicons and the catalogue of one city, made ready once."""

    def __init__(self, classifier: Classifies, catalogue: Catalogue | None = None, gazetteer: Gazetteer | None = None):
        self._classifier = classifier
        self._catalogue = catalogue
        self._gazetteer = gazetteer

    def draft(
        self,
        call: CallId,
        turns: Sequence[Turn],
        caller: PhoneNumber | None = None,
        emergency: str = "none",
    ) -> Draft:
        """Return the draft of a call from its turns so far; `emergency` is 110, 119, 120, 122 or `none`.

        Reads at most 8,000 characters of the caller. A field about which nothing sure was said stays without a value.
        """
        spoken = Spoken.of(turns, Leg.CALLER, LONGEST_TEXT)
        said = write_numbers(spoken.text)
        fields: dict[FieldName, Field] = {}
        if caller is not None and caller.is_known:
            fields[FieldName.CALLER_NUMBER] = Field(caller.digits, 1.0, source="switch")
        phones = find_phones(said.text)
        asked = find_answered_names(turns)
        names = find_names(said.text)
        surnames = find_surnames(said.text, names)
        sure_names = [name for name in names if name.confidence >= _HIDE_NAMES_FROM][:2]
        cued = [surname for surname in surnames if surname.rule == "surname.cue"][:2]
        rest = hide(said.text, [*phones, *sure_names, *cued, *find_spellings(said.text)])
        times = find_times(rest)
        rest = hide(rest, times)
        places = find_places(rest, self._gazetteer.matcher if self._gazetteer else None)
        street = self._street(places, rest)
        for name, found in (
            (FieldName.PHONE, phones),
            (FieldName.NAME, names),
            (FieldName.SURNAME, surnames),
            (FieldName.TIME, times),
            (FieldName.PLACE, places),
            (FieldName.PARTY, find_parties(rest)),
        ):
            where = [tuple(spoken.evidence(*said.source_span(each.begin, each.end))) for each in found[:_TOP]]
            fields[name] = _extracted(found, where, _SURE_ENOUGH[name])
        fields[FieldName.PLACE_STANDARD] = self._standard(fields[FieldName.PLACE])
        for name, field in asked.items():
            if not fields[name].value:
                fields[name] = field
        classified = self._classifier.classify(spoken.text)
        fields |= self._classified(classified, spoken, emergency, street)
        fields = {name: _as_heard(field, turns) for name, field in fields.items()}
        fields |= _written(fields, classified, hide(said.text, [*phones, *sure_names]), spoken)
        return Draft(call, MappingProxyType(fields), tuple(_reasons(fields)))

    def _standard(self, place: Field) -> Field:
        """Return the place in the gazetteer's names, after district and street; empty when it knows none of them."""
        written = self._gazetteer.standard(place.value) if self._gazetteer is not None and place.value else ""
        return replace(place, value=written, candidates=(), source="gazetteer") if written else Field()

    def _street(self, places: Sequence[Found], said: str) -> str:
        """Return the street that the call's place lies in, or else the only one that was told."""
        if self._gazetteer is None:
            return ""
        return (self._gazetteer.street_of(places[0].value) if places else "") or self._gazetteer.street_of(said)

    def _classified(
        self, classified: Classified, spoken: Spoken, emergency: str, street: str
    ) -> dict[FieldName, Field]:
        urgencies = classified.urgencies
        urgency = _ranked(urgencies, spoken, "lexicon.manner", 0.0)
        if emergency != "none":
            urgency = Field("突发", 0.95, urgency.evidence, urgency.candidates, f"emergency.{emergency}")
        types = classified.request_types if spoken.text else ()
        if emergency != "none" and types and types[0].label in ("投诉", "建议"):
            types = tuple(sorted(types, key=lambda each: each.label != "求助"))
        units = _street_first(classified.units, street)
        unit = _ranked(units, spoken, "lexicon.units", _UNIT_SCORE)
        return {
            FieldName.REQUEST_TYPE: _ranked(types, spoken, "lexicon.manner", 0.0),
            FieldName.CATEGORY: _ranked(classified.categories, spoken, "lexicon.categories", _CATEGORY_SCORE),
            FieldName.UNIT: self._with_question(unit, units, spoken.text, street),
            FieldName.URGENCY: urgency if spoken.text or emergency != "none" else Field(),
        }

    def _with_question(self, field: Field, units: Sequence[Ranked], text: str, street: str) -> Field:
        """Add the one deciding question when the best units are close, or when what was said decides nothing yet."""
        if self._catalogue is None:
            return field
        if not field.value:
            asked = self._catalogue.question_about(text)
            if asked is None:
                return field
            known = {candidate.value for candidate in field.candidates}
            owners = [unit for unit in dict.fromkeys(asked.answers.values()) if unit not in known]
            others = tuple(Candidate(unit, round(1 / len(asked.answers), 2)) for unit in owners)
            candidates = (*field.candidates, *others)[:_TOP]
            return replace(field, candidates=candidates, question=asked.ask)
        close = [unit.label for unit in units if unit.score >= _CLOSE * units[0].score]
        if len(close) < 2 or close[0] == street:
            return field
        return replace(field, question=self._catalogue.question_for(close, text))


def _street_first(units: Sequence[Ranked], street: str) -> Sequence[Ranked]:
    """Put the street that the place lies in before the streets that stand side by side with it."""
    its = next((unit for unit in units if unit.label == street), None)
    if its is None or its.score < units[0].score:
        return units
    return (its, *(unit for unit in units if unit is not its))


def _extracted(found: Sequence[Found], where: Sequence[tuple[Evidence, ...]], enough: float) -> Field:
    if not found:
        return Field()
    best = found[0]
    candidates = tuple(Candidate(each.value, each.confidence) for each in found[:_TOP])
    value = best.value if best.confidence >= enough else ""
    return Field(value, best.confidence, where[0], candidates, best.rule)


def _as_heard(field: Field, turns: Sequence[Turn]) -> Field:
    """Return the field no surer than the recogniser was of its words; empty when it hardly understood them (方言)."""
    sure = [word.confidence for each in field.evidence for word in _words_of(turns[each.turn], each)]
    if not sure or field.source.startswith("emergency."):
        return field
    heard = sum(sure) / len(sure)
    value = field.value if heard >= _HEARD_ENOUGH else ""
    return replace(field, value=value, confidence=round(field.confidence * heard, 3))


def _words_of(turn: Turn, evidence: Evidence) -> Iterator[HeardWord]:
    first = bisect_right(turn.words, evidence.begun_s, key=lambda word: word.ended_s)
    return takewhile(lambda word: word.begun_s < evidence.ended_s, turn.words[first:])


def _ranked(ranked: Sequence[Ranked], spoken: Spoken, source: str, enough: float) -> Field:
    if not ranked:
        return Field()
    best = ranked[0]
    candidates = tuple(
        Candidate(each.label, each.confidence, tuple(dict.fromkeys(word.word for word in each.words))[:6])
        for each in ranked[:_TOP]
    )
    evidence = tuple(part for word in best.words[:4] for part in spoken.evidence(word.begin, word.end))
    value = best.label if best.score >= enough else ""
    return Field(value, best.confidence, evidence, candidates, source)


def _written(
    fields: dict[FieldName, Field], classified: Classified, said: str, spoken: Spoken
) -> dict[FieldName, Field]:
    """Return title, summary, keywords and expected answer, from the fields and the words already found."""
    keywords = keywords_of(classified)
    place, kind = fields[FieldName.PLACE].value, fields[FieldName.REQUEST_TYPE].value
    category = fields[FieldName.CATEGORY].value
    summary = summary_of(said, keywords)
    terms = tuple(each.label for each in classified.concepts[:3]) or keywords
    title = title_of(place, terms, category, kind) if summary else ""
    expected = expected_of(said)
    sureness = round(min(0.9, 0.3 + 0.1 * len(keywords)), 2)
    return {
        FieldName.TITLE: Field(title, sureness, source="title.keywords") if title else Field(),
        FieldName.SUMMARY: Field(summary, sureness, source="summary.extract") if summary else Field(),
        FieldName.KEYWORDS: Field(" ".join(keywords), sureness, source="lexicon") if keywords else Field(),
        FieldName.EXPECTED: Field(expected, 0.6, source="expected.cue") if expected else Field(),
    } | ({} if spoken.text else {FieldName.TITLE: Field()})


_LABELS = {
    FieldName.REQUEST_TYPE: "诉求类型",
    FieldName.CATEGORY: "事项分类",
    FieldName.UNIT: "承办单位",
    FieldName.URGENCY: "紧急程度",
}


def _reasons(fields: dict[FieldName, Field]) -> list[str]:
    """Say in Chinese why each suggestion was made, the words in quotes."""
    reasons = []
    for name, label in _LABELS.items():
        field = fields.get(name, Field())
        words = field.candidates[0].words if field.candidates else ()
        if field.value and words:
            reasons.append(f"{label}“{field.value}”：说到{'、'.join(f'“{word}”' for word in words)}")
        if field.question:
            reasons.append(f"{label}相近，请问：{field.question}")
    return reasons
