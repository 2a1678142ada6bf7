"""What is a call about: ranked categories and units, the request type and the urgency, each with its words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from routing.classify.lexicon_file import SEPARATOR, Lexicon, Vote
from routing.classify.matcher import LONGEST_TEXT, MatcherMaker
from routing.classify.rank import Ranked, Ranker, confidence
from routing.classify.sound import SoundTable

REQUEST_TYPES = ("咨询", "求助", "投诉", "举报", "建议", "表扬")
URGENCIES = ("一般", "紧急", "突发")

_SAME_SECOND_LEVEL = 0.12
_SAME_FIRST_LEVEL = 0.03
_NAME_ALONE = 0.3
_MATTER_ALONE = 0.5
_MATTER_ENOUGH = 3.0
_COMPLAINT_PRIOR = 1.5
_SUDDEN_ENOUGH = 5.0
_URGENT_ENOUGH = 4.0


@dataclass(frozen=True, slots=True)
class Classified:
    """Everything best first; `categories` hold labels of three levels joined by `/`. Empty when no word voted."""

    categories: tuple[Ranked, ...]
    units: tuple[Ranked, ...]
    request_types: tuple[Ranked, ...]
    urgencies: tuple[Ranked, ...]
    concepts: tuple[Ranked, ...] = ()
    """Standard terms (规范词) for what was said, for titles, keywords and search."""


class Classifier:
    """The lexicons made ready once; `classify` is pure."""

    def __init__(
        self,
        *,
        categories: Lexicon,
        units: Lexicon,
        manner: Lexicon,
        make_matcher: MatcherMaker,
        concepts: Lexicon | None = None,
        sound: SoundTable | None = None,
    ) -> None:
        self._territories = frozenset(units.territories)
        self._categories = Ranker(categories.votes, make_matcher, sound)
        self._units = Ranker(_with_matters(units), make_matcher, sound)
        self._manner = Ranker(manner.votes, make_matcher)
        self._concepts = Ranker(concepts.votes if concepts is not None else (), make_matcher)

    def classify(self, text: str) -> Classified:
        """Return what the words of `text` (its first 8,000 characters) vote for."""
        text = _NUMBER.sub(_hidden, text[:LONGEST_TEXT])
        manner = self._manner.rank(_FEARED.sub(_hidden, text))
        return Classified(
            categories=_smoothed(self._categories.rank(_NAME.sub(_hidden, text))),
            units=_with_territories(self._units.rank(text), self._territories),
            request_types=_request_types(manner),
            urgencies=_urgencies(manner),
            concepts=self._concepts.rank(text),
        )


_MATTER = ""
_NUMBER = re.compile(r"[零〇一二两三四五六七八九幺0-9]{6,}")
_NAME = re.compile(r"[\u4e00-\u9fff]{2}(?:[东西南北中]路|街(?![道上边头])|新村|家园)")
"""Names of streets speak for no category: nobody complains of grassland in 草场街."""
_FEARED = re.compile(
    r"(?:怕|担心|防止|小心|容易|万一|会不会|别)(?:再|会|要|引起|发生)?(?:着火|起火|失火|爆炸|触电|摔|出事|中毒)"
)


def _hidden(match: re.Match[str]) -> str:
    return "\x01" * len(match.group())


def _with_matters(units: Lexicon) -> Iterable[Vote]:
    """Return the votes, those for every territory under one nameless label."""
    return (*units.votes, *(replace(vote, label=_MATTER) for vote in units.territory_matters))


def _smoothed(ranked: tuple[Ranked, ...]) -> tuple[Ranked, ...]:
    """Let a leaf profit a little from its neighbours: votes for the same second and first level."""
    second: dict[str, float] = {}
    first: dict[str, float] = {}
    for each in ranked:
        one, two, _ = each.label.split(SEPARATOR)
        first[one] = first.get(one, 0.0) + each.score
        second[f"{one}/{two}"] = second.get(f"{one}/{two}", 0.0) + each.score
    scored = []
    for each in ranked:
        one, two, _ = each.label.split(SEPARATOR)
        near = second[f"{one}/{two}"]
        score = each.score + _SAME_SECOND_LEVEL * (near - each.score) + _SAME_FIRST_LEVEL * (first[one] - near)
        scored.append(replace(each, score=score))
    return _in_order(scored)


def _with_territories(ranked: tuple[Ranked, ...], territories: frozenset[str]) -> tuple[Ranked, ...]:
    """Give a matter of the streets to the street that was named, or to all of them faintly when none was."""
    matter = next((each for each in ranked if each.label == _MATTER), None)
    named = [each for each in ranked if each.label in territories]
    scored = [each for each in ranked if each.label != _MATTER and each.label not in territories]
    if matter is None or matter.score < _MATTER_ENOUGH or (scored and _is_address(matter)):
        scored.extend(replace(each, score=each.score * _NAME_ALONE) for each in named)
    elif named:
        for each in named:
            words = (*each.words, *matter.words)
            scored.append(replace(each, score=each.score + matter.score, words=words))
    else:
        score = matter.score * _MATTER_ALONE
        scored.extend(Ranked(name, score, 0.0, matter.words) for name in sorted(territories))
    return _in_order(scored)


_OFFICES = frozenset(["街道", "街道办", "街道办事处", "办事处", "社区", "居委会"])


def _is_address(matter: Ranked) -> bool:
    """Whether nothing but the street's office was said: 秀川街道办事处门口的树 tells where, not who."""
    return {heard.word for heard in matter.words} <= _OFFICES


def _request_types(manner: tuple[Ranked, ...]) -> tuple[Ranked, ...]:
    """A call without any cue is a complaint: that is what most calls about a thing in the street are."""
    scored = [each for each in manner if each.label in REQUEST_TYPES]
    found = next((each for each in scored if each.label == "投诉"), Ranked("投诉", 0.0, 0.0, ()))
    others = [each for each in scored if each.label != "投诉"]
    return _in_order([replace(found, score=found.score + _COMPLAINT_PRIOR), *others])


def _urgencies(manner: tuple[Ranked, ...]) -> tuple[Ranked, ...]:
    """Ordinary unless enough speaks for more; what is sudden outranks what is urgent."""
    scores = {each.label: each for each in manner if each.label in URGENCIES}
    sudden, urgent = scores.get("突发"), scores.get("紧急")
    chosen = []
    if sudden is not None and sudden.score >= _SUDDEN_ENOUGH:
        chosen.append(replace(sudden, score=sudden.score + 20.0))
    if urgent is not None and urgent.score >= _URGENT_ENOUGH:
        chosen.append(replace(urgent, score=urgent.score + 10.0))
    return _in_order([*chosen, Ranked("一般", 5.0, 0.0, ())])


def _in_order(scored: list[Ranked]) -> tuple[Ranked, ...]:
    """Sort by score and set each confidence beside the best rival."""
    scored.sort(key=lambda each: (-each.score, each.label))
    if not scored:
        return ()
    best = scored[0].score
    runner_up = scored[1].score if len(scored) > 1 else 0.0
    return tuple(
        replace(each, score=round(each.score, 4), confidence=confidence(each.score, best if i else runner_up))
        for i, each in enumerate(scored)
    )
