"""The lexicon (关键词库): words that vote for categories and units, read from strict YAML.

A word is written `词`, `词=3` (weight 3) or `甲+乙=4` (both words within fifteen characters of each other).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.problems import Place, Problem, Severity
from ivr.yaml_source import YamlMap, YamlScalar, YamlValue, read_yaml, shorten

SEPARATOR = "/"
_WORD = re.compile(r"(?P<words>[^=+]{1,20}(?:\+[^=+]{1,20})?)(?:=(?P<weight>\d{1,2}(?:\.\d{1,2})?))?")
_UNSAFE = re.compile(r"[\x00-\x20<>&\"'`;\\]")
_HEAVIEST = 20.0
_MOST_WORDS = 50_000


@dataclass(frozen=True, slots=True)
class Vote:
    """`words` (one, or two that must stand close) speak for `label` with `weight`."""

    label: str
    words: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All votes of a file. `labels` holds every label, also those without a word, in the order written.

    `territory_names` are the votes for a territory's own names; `territory_matters` speak for all territories alike.
    """

    labels: tuple[str, ...]
    votes: tuple[Vote, ...]
    territories: tuple[str, ...] = ()
    territory_matters: tuple[Vote, ...] = ()


def read_categories(text: str, file: str) -> tuple[Lexicon | None, tuple[Problem, ...]]:
    """Read a category lexicon; its labels are the three levels joined by `/`. No lexicon when there are errors."""
    tree, problems = _read(text, file)
    if tree is None:
        return None, problems
    found = list(problems)
    labels: list[str] = []
    votes: list[Vote] = []
    for path, value, place in _leaves(tree.entries.get("categories"), "categories", found):
        if len(path) != 3:
            found.append(
                Problem(place, f"“{SEPARATOR.join(path)}”有 {len(path)} 级，应为三级分类。", "补齐或删去层级。")
            )
            continue
        label = SEPARATOR.join(path)
        labels.append(label)
        votes.extend(_votes(label, value, found))
    if not labels:
        found.append(Problem(Place(file), "没有任何分类。", "在 categories 下按三级写分类和关键词。"))
    return _finish(Lexicon(tuple(labels), tuple(votes)), found)


def read_units(text: str, file: str) -> tuple[Lexicon | None, tuple[Problem, ...]]:
    """Read a unit lexicon with its territories (街道). No lexicon when there are errors."""
    tree, problems = _read(text, file)
    if tree is None:
        return None, problems
    found = list(problems)
    labels: list[str] = []
    votes: list[Vote] = []
    for path, value, _ in _leaves(tree.entries.get("units"), "units", found):
        labels.append(SEPARATOR.join(path))
        votes.extend(_votes(labels[-1], value, found))
    names: list[str] = []
    matters: list[Vote] = []
    territories = tree.entries.get("territories")
    if isinstance(territories, YamlMap):
        matters = _votes("", territories.entries.get("matters"), found)
        for path, value, _ in _leaves(territories.entries.get("names"), "names", found):
            names.append(SEPARATOR.join(path))
            votes.extend(_votes(names[-1], value, found))
            votes.append(Vote(names[-1], (names[-1],), 7.0))
    if not labels and not names:
        found.append(Problem(Place(file), "没有任何承办单位。", "在 units 下写单位和关键词。"))
    return _finish(Lexicon((*labels, *names), tuple(votes), tuple(names), tuple(matters)), found)


def _read(text: str, file: str) -> tuple[YamlMap | None, tuple[Problem, ...]]:
    tree, problems = read_yaml(text, file)
    if tree is None or any(problem.is_error for problem in problems):
        return None, problems
    version = tree.entries.get("lexicon")
    if not isinstance(version, YamlScalar) or version.value != 1:
        place = version.place if version is not None else Place(file)
        return None, (*problems, Problem(place, "缺少关键词库版本。", "在文件开头写 lexicon: 1。"))
    return tree, problems


def _finish(lexicon: Lexicon, found: list[Problem]) -> tuple[Lexicon | None, tuple[Problem, ...]]:
    if len(lexicon.votes) > _MOST_WORDS:
        found.append(Problem(Place(""), f"关键词超过 {_MOST_WORDS} 个。", "拆分或删减关键词。"))
    return (None if any(problem.is_error for problem in found) else lexicon), tuple(found)


def _leaves(
    value: YamlValue | None, name: str, found: list[Problem], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], YamlValue, Place]]:
    """Yield each leaf under a mapping with the keys that lead to it; depth is bounded by the YAML reader."""
    if not isinstance(value, YamlMap):
        if value is not None:
            found.append(Problem(value.place, f"{name} 应为“名称: 关键词”的形式。", "参照自带的关键词库书写。"))
        return
    for key, below in value.entries.items():
        if SEPARATOR in key or _UNSAFE.search(key):
            found.append(Problem(value.keys[key], f"名称“{shorten(key)}”含有不允许的符号。", "名称只用文字和顿号。"))
        elif isinstance(below, YamlMap):
            yield from _leaves(below, name, found, (*path, key))
        else:
            yield (*path, key), below, value.keys[key]


def _votes(label: str, value: YamlValue | None, found: list[Problem]) -> list[Vote]:
    """Return the votes written in one scalar; wrong ones become problems."""
    if value is None or (isinstance(value, YamlScalar) and value.value is None):
        return []
    if not isinstance(value, YamlScalar):
        found.append(Problem(value.place, f"“{shorten(label)}”的关键词应写成用空格隔开的一行。", "去掉列表符号。"))
        return []
    votes: dict[tuple[str, ...], Vote] = {}
    for token in value.raw.split():
        match = _WORD.fullmatch(token)
        weight = float(match["weight"]) if match and match["weight"] else None
        if match is None or _UNSAFE.search(token) or (weight is not None and not 0 < weight <= _HEAVIEST):
            what = f"关键词“{shorten(token)}”写法不对。"
            found.append(Problem(value.place, what, f"写成 词、词=3 或 甲+乙=4，权重大于 0、不超过 {_HEAVIEST:g}。"))
            continue
        words = tuple(match["words"].split("+"))
        if words in votes:
            what = f"“{shorten(label)}”里的“{shorten(token)}”写了两次。"
            found.append(Problem(value.place, what, "删去一个。", Severity.WARNING))
            continue
        votes[words] = Vote(label, words, _usual_weight(words) if weight is None else weight)
    return list(votes.values())


def _usual_weight(words: tuple[str, ...]) -> float:
    """Return the weight of a word that has none written: the longer, the surer."""
    return float(min(4, sum(len(word) for word in words)))
