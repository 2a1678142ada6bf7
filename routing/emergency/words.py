"""What danger sounds like, as an admin writes it: word families, patterns of families, and contexts that soften them.

A file (emergency_words: 1) holds `families` (name: words), `patterns` (a list) with the `type` they call for, or
`masks` (words that hide danger words inside them). A pattern names families in the order spoken: `人 ~14 昏倒`;
`~14` lets 14 characters stand between, `=120,110` names types that are as good, a final `?` says that it takes more to
be sure.
Problems are told all at once, as everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ivr.problems import Place, Problem, Severity, has_errors
from ivr.yaml_fields import Fields, remedy_for_unknown, text_of
from ivr.yaml_source import YamlMap, read_yaml, shorten
from routing.emergency.alternatives import spell_out
from routing.emergency.kinds import Kind

USUAL_GAP = 8
_LONGEST_WORD = 16
_MOST_WORDS = 20_000
_TOKEN = re.compile(r"~(?P<gap>[0-9]{1,2})|=(?P<also>[0-9,]+)|(?P<weak>\?)|(?P<family>\S+)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Families in the order spoken, `gaps[i]` characters at most after the i-th; `also` are types as good as `kind`."""

    kind: Kind
    families: tuple[str, ...]
    gaps: tuple[int, ...]
    also: tuple[Kind, ...] = ()
    is_weak: bool = False

    @property
    def name(self) -> str:
        """The pattern's identity, by which the learned weights find it."""
        return f"{self.kind.value}:{'+'.join(self.families)}"


@dataclass(frozen=True, slots=True)
class Words:
    """All files together. `contexts` are the families of the file without a type: they soften or sharpen."""

    families: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    patterns: tuple[Pattern, ...] = ()
    contexts: frozenset[str] = frozenset()
    masks: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    problems: list[Problem] = field(default_factory=list)
    families: dict[str, tuple[str, ...]] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    patterns: list[tuple[Pattern, Place]] = field(default_factory=list)
    contexts: set[str] = field(default_factory=set)
    masks: dict[str, None] = field(default_factory=dict)

    def complain(self, place: Place, what: str, remedy: str, severity: Severity = Severity.ERROR) -> None:
        self.problems.append(Problem(place, what, remedy, severity))


def read_words(files: Iterable[tuple[str, str]]) -> tuple[Words | None, tuple[Problem, ...]]:
    """Read (text, file name) pairs into one set of words; None when there are errors."""
    reading = _Reading()
    for text, file in files:
        tree, problems = read_yaml(text, file)
        reading.problems.extend(problems)
        if tree is not None and not has_errors(problems):
            _read_file(tree, reading)
    _check(reading)
    problems = tuple(reading.problems)
    if has_errors(problems):
        return None, problems
    patterns = tuple(pattern for pattern, _ in reading.patterns)
    return Words(reading.families, patterns, frozenset(reading.contexts), tuple(reading.masks)), problems


def _read_file(tree: YamlMap, reading: _Reading) -> None:
    fields = Fields(tree, "险情词文件", reading.problems)
    fields.integer("emergency_words", low=1, high=1)
    kinds = [kind.value for kind in Kind]
    kind = Kind(fields.choice("type", kinds)) if fields.has("type") else None
    families = fields.map("families")
    for name, value in families.entries.items() if families else ():
        place = families.keys[name] if families else tree.place
        if name in reading.families:
            reading.complain(place, f"词族“{shorten(name)}”已经写过。", "改名，或把词并到一起。")
        reading.families[name] = _read_list(text_of(value), place, reading)
        reading.places[name] = place
    masks = fields.map("masks")
    for name, value in masks.entries.items() if masks else ():
        place = masks.keys[name] if masks else tree.place
        reading.masks.update(dict.fromkeys(_read_list(text_of(value), place, reading)))
    if masks is not None and families is not None:
        reading.contexts.update(families.entries)
    if fields.has("patterns"):
        if kind is None:
            reading.complain(fields.place("patterns"), "有句式却没有写类型。", "在文件开头加上 type: “119”等。")
        else:
            for text in fields.texts("patterns"):
                _read_pattern(text, kind, fields.place("patterns"), reading)
    fields.done()


def _read_list(text: str | None, place: Place, reading: _Reading) -> tuple[str, ...]:
    if not text:
        reading.complain(place, "这里应写成用空格隔开的词。", "写上词，或删去这一项。")
        return ()
    words: dict[str, None] = {}
    for token in text.split():
        try:
            readings = spell_out(token)
        except ValueError as error:
            reading.complain(place, f"“{shorten(token)}”{error}。", "检查括号和斜杠。")
            continue
        for word in readings:
            if not 0 < len(word) <= _LONGEST_WORD:
                reading.complain(
                    place, f"“{shorten(token)}”里有空的或过长的词。", f"每个词 1 到 {_LONGEST_WORD} 个字。"
                )
                break
            words[word] = None
    return tuple(words)


def _read_pattern(text: str, kind: Kind, place: Place, reading: _Reading) -> None:
    families: list[str] = []
    gaps: list[int] = []
    also: list[Kind] = []
    is_weak = False
    known = {each.value for each in Kind}
    for match in _TOKEN.finditer(text):
        if match["gap"] is not None and families:
            gaps[len(families) - 1 :] = [int(match["gap"])]
        elif match["also"] is not None and set(match["also"].split(",")) <= known:
            also.extend(Kind(code) for code in match["also"].split(","))
        elif match["weak"] is not None:
            is_weak = True
        elif match["family"] is not None:
            gaps.extend([USUAL_GAP] * (len(families) - len(gaps)))
            families.append(match["family"])
        else:
            what = f"句式“{shorten(text)}”里的“{match[0]}”写法不对。"
            reading.complain(place, what, "写成：词族 ~距离 词族 =其他类型 ?。")
            return
    if not families:
        reading.complain(place, f"句式“{shorten(text)}”没有词族。", "至少写一个词族的名称。")
        return
    gaps.extend([USUAL_GAP] * (len(families) - 1 - len(gaps)))
    reading.patterns.append(
        (Pattern(kind, tuple(families), tuple(gaps[: len(families) - 1]), tuple(also), is_weak), place)
    )


def _check(reading: _Reading) -> None:
    """Every family named exists, no pattern is written twice, and there are not too many words."""
    seen: set[str] = set()
    for pattern, place in reading.patterns:
        for name in pattern.families:
            if name not in reading.families:
                remedy = remedy_for_unknown(name, reading.families)
                reading.complain(place, f"句式里的词族“{shorten(name)}”不存在。", remedy)
        if pattern.name in seen:
            reading.complain(place, f"句式“{pattern.name}”写了两次。", "删去一个。", Severity.WARNING)
        seen.add(pattern.name)
    if sum(map(len, reading.families.values())) > _MOST_WORDS:
        reading.complain(Place("险情词"), f"词超过 {_MOST_WORDS} 个。", "减少括号里的组合。")
