"""Masking by role (脱敏): which private numbers a role may not see, as data, and a transcript as that role sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ivr.call import Leg
from ivr.ports import Heard, HeardWord
from ivr.problems import Problem
from ivr.speech.redact import ALL_KINDS, PrivateKind, find_private
from ivr.yaml_fields import Fields
from ivr.yaml_source import read_yaml

_VERSION = 1
_BETWEEN = "，"
"""Stands between two results of one speaker: a number may go on over a pause, so it is looked for across results."""

_DIGIT = re.compile(r"[零〇一二两三四五六七八九幺妖洞拐\d]")
_LETTER = re.compile(r"[A-Za-z]")

MARK = "*"
_KEPT = {PrivateKind.PLATE: (2, 2), PrivateKind.PHONE: (3, 4)}


@dataclass(frozen=True, slots=True)
class Masking:
    """What each role may not see; a role that is not named sees no private number at all."""

    roles: Mapping[str, frozenset[PrivateKind]]

    def hidden_from(self, role: str) -> frozenset[PrivateKind]:
        """Return the kinds that are masked for `role`."""
        return self.roles.get(role, ALL_KINDS)


EVERYTHING = Masking(MappingProxyType({}))


def read_masking(text: str, file: str) -> tuple[Masking | None, tuple[Problem, ...]]:
    """Read masking.yaml; None when there are errors."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return None, tuple(problems)
    fields = Fields(tree, "脱敏规则", problems)
    if fields.integer("masking", _VERSION) != _VERSION:
        fields.error(fields.place("masking"), "不认识这个版本。", f"改为 masking: {_VERSION}。")
    roles: dict[str, frozenset[PrivateKind]] = {}
    inner_tree = fields.map("roles", required=True)
    known = {kind.value for kind in PrivateKind}
    if inner_tree is not None:
        inner = Fields(inner_tree, "角色", problems)
        for role in inner_tree.entries:
            kinds = inner.texts(role)
            for kind in kinds:
                if kind not in known:
                    remedy = f"可以写：{'、'.join(sorted(known))}。"
                    fields.error(inner.place(role), f"没有“{kind}”这一种号码。", remedy)
            roles[role] = frozenset(PrivateKind(kind) for kind in kinds if kind in known)
    fields.done()
    if any(problem.is_error for problem in problems):
        return None, tuple(problems)
    return Masking(MappingProxyType(roles)), tuple(problems)


def masked(heard: Sequence[Heard], kinds: frozenset[PrivateKind]) -> tuple[Heard, ...]:
    """Return the results with every private number of `kinds` masked, in text and words alike; times stay.

    Every character of a number becomes a mark (a telephone and a plate keep both ends), so the text keeps its length
    and all spans remain true. A number said in pieces over several results of one speaker is found too.
    """
    if not kinds:
        return tuple(heard)
    covers: list[dict[int, str]] = [{} for _ in heard]
    for leg in Leg:
        mine = [number for number, each in enumerate(heard) if each.leg is leg]
        for group in ([mine] if len(mine) > 1 else []) + [[number] for number in mine]:
            _hide(heard, group, kinds, covers)
    return tuple(_covered(each, cover) if cover else each for each, cover in zip(heard, covers, strict=True))


def _hide(
    heard: Sequence[Heard], group: Sequence[int], kinds: frozenset[PrivateKind], covers: Sequence[dict[int, str]]
) -> None:
    """Find private numbers in the joined results of `group`, and note what covers their characters: a mark wins."""
    places: list[tuple[int, int] | None] = []
    for number in group:
        places.extend((number, at) for at in range(len(heard[number].text)))
        places.append(None)
    joined = _BETWEEN.join(heard[number].text for number in group)
    digits = len(_DIGIT.findall(joined))
    if digits < 2 and not (digits and _LETTER.search(joined)):
        return  # not even 八个八, or a plate of one digit
    for private in find_private(joined):
        if private.kind in kinds:
            cover = _cover(private.kind, private.digits, joined[private.begin : private.end])
            for place, char in zip(places[private.begin : private.end], cover, strict=True):
                if place is not None and covers[place[0]].get(place[1]) != MARK:
                    covers[place[0]][place[1]] = char


def _cover(kind: PrivateKind, digits: str, said: str) -> str:
    """Return what is shown in the place of a number: marks, with the ends of it where custom shows them."""
    head, tail = _KEPT.get(kind, (0, 0))
    if len(said) != len(digits) or len(digits) < head + tail + 3:
        return MARK * len(said)  # said in another way than digit by digit: no character can stay
    return digits[:head] + MARK * (len(digits) - head - tail) + digits[len(digits) - tail :]


def _covered(heard: Heard, cover: Mapping[int, str]) -> Heard:
    text = "".join(cover.get(at, char) for at, char in enumerate(heard.text))
    words: list[HeardWord] = []
    at = 0
    for word in heard.words:
        found = heard.text.find(word.text, at)
        if found < 0:
            words.append(replace(word, text=MARK * len(word.text)))  # where it stands is unknown: better hidden
            continue
        at = found + len(word.text)
        words.append(replace(word, text=text[found:at]))
    return replace(heard, text=text, words=tuple(words))
