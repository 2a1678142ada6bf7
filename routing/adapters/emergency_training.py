"""Learn the weights of the danger model: `python -m routing.adapters.emergency_training`.

Run by a developer when words or training sentences change; its output is committed. Every sentence is invented (the
files in routing/emergency/training); danger told as past, asked about or feared is made from them and counts as none.
The same files give the same weights.
"""

from __future__ import annotations

import random
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from routing.adapters.aho_matcher import AhoMatcher
from routing.adapters.emergency_words import packaged_words
from routing.adapters.packaged_lexicon import packaged_text, sound_table
from routing.emergency.alternatives import spell_out
from routing.emergency.grammar import Grammar
from routing.emergency.likeness import CLASSES, features, usual_weights, write_weights
from routing.emergency.spot import WINDOW, strip
from routing.emergency.words import Words

_FOLDER = files("routing.emergency")
_VARIANTS = {"danger": 10, "tricky": 14, "ordinary": 12, "plain": 14, "talk": 3}
_ORDINARY = ("ordinary", "plain", "talk")
_SCENES = {"scenes": 60, "everyday": 90, "fragments": 15}
_RAREST = 4
_MOST_RUNS = 20_000
_ROUNDS = 80
_STEP = 0.08
_HOLD_RUNS, _HOLD_RULES = 2e-5, 2e-4


def _read_fillers(name: str) -> dict[str, list[str]]:
    lines = (_FOLDER / "training" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return {line.split(": ")[0]: line.split(": ")[1].split() for line in lines if line and not line.startswith("#")}


_FILLERS = _read_fillers("fillers")
_SLOTS = _read_fillers("slots")
_GROUP = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile("{([^{}]*)}")
_DANGEROUS = re.compile(
    "[死塌伤炸毒埋]|着火|起火|失火|被困|关人|打架|持刀|自杀|走失|漏气|煤气味|溺|车祸|砸到人|砸着人|倒了|爆了"
)
_NOW = re.compile("现在|快来|救命|赶紧|马上|这会儿|快派|正在|刚")


@dataclass(frozen=True, slots=True)
class Sample:
    """One sentence, its class number, and the line it came from."""

    text: str
    label: int
    line: int


def samples(seeds: Iterable[int] = (1, 2)) -> list[Sample]:
    """Return every training sentence with its variations; the same each time."""
    return [sample for seed in seeds for sample in _varied(seed)]


def _varied(seed: int) -> list[Sample]:
    chance = random.Random(seed)
    homophones = [line.split(" ")[1][:12] for line in packaged_text("pinyin.txt").splitlines() if " " in line]
    by_character = {character: group for group in homophones for character in group}
    ordinary = {name: [text for _, text in _lines(name, chance)] for name in _ORDINARY}
    plain = [text for told in ordinary.values() for text in told]
    harmless = (*_matters(chance), *_told_about(packaged_words(), chance))
    found = [Sample(text, 0, -number - 1) for number, text in enumerate(harmless)]
    for number, (kind, text) in enumerate(_spoken_out(packaged_words(), chance), 1):
        found.append(Sample(text, CLASSES.index(kind), -100_000 - number))
    start = 0
    for name, told in ordinary.items():
        for number, text in enumerate(told, start):
            text = _vary(text, plain, 0.5, chance, by_character) + _ending(chance)
            found.append(Sample(text, 0, number // _VARIANTS[name]))
        start += 100_000
    for name in ("danger", "tricky"):
        for number, (kind, text) in enumerate(_lines(name, chance), start):
            line = number // _VARIANTS[name]
            label = CLASSES.index(kind)
            found.append(Sample(_vary(text, plain, 0.5, chance, by_character), label, line))
            if name == "danger" and not _NOW.search(text) and chance.random() < 0.6:
                found.append(Sample(_over(text, chance), 0, line))
        start += 100_000
    for name, times in _SCENES.items():
        for number, (kind, scene) in enumerate(_seen(name), start):
            for _ in range(times):
                text = _filled(scene, chance)
                sample = _vary(text, plain, 0.5, chance, by_character)
                found.append(Sample(sample, CLASSES.index(kind), number))
                if name == "scenes" and not _NOW.search(text) and chance.random() < 0.4:
                    found.append(Sample(_over(text, chance), 0, number))
        start += 100_000
    return found


def _matters(chance: random.Random) -> Iterator[str]:
    """Yield complaints and questions made of the classifier's own words, each word three times."""
    for line in packaged_text("categories.yaml").splitlines() * 3:
        name, _, rest = line.strip().partition(":")
        for token in rest.split():
            word = token.partition("=")[0].replace("+", "")
            if len(word) > 1 and not name.startswith("#") and not _DANGEROUS.search(word):
                yield (
                    chance.choice(_FILLERS["somewhere"]) + chance.choice(("", "的", "那个", "有")) + word
                    + chance.choice(_FILLERS["complaints"]) + _ending(chance)
                )  # fmt: skip


def _told_about(words: Words, chance: random.Random) -> Iterator[str]:
    """Yield danger words that are spoken of: as past, asked about, feared, insured, denied."""
    for family, members in words.families.items():
        if family not in words.contexts:
            for word in members:
                if len(word) > 1 and chance.random() < 0.4:
                    before, _, after = chance.choice(_FILLERS["abouts"]).partition("+")
                    yield chance.choice(("", "", "", chance.choice(_FILLERS["somewhere"]))) + before + word + after


def _spoken_out(words: Words, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (class, sentence): strong patterns as somebody short of breath says them, word after word."""
    for pattern in words.patterns:
        if not pattern.is_weak:
            for _ in range(6):
                text = ""
                for family in pattern.families:
                    joint = chance.choice(_FILLERS["joints"]) if text and chance.random() < 0.4 else ""
                    text += joint + chance.choice(words.families[family])
                yield pattern.kind.value, text + chance.choice(("", "", "了", "快来", "怎么办"))


def _ending(chance: random.Random) -> str:
    """Return how an ordinary call may end: the caller's name and number, or nothing."""
    if chance.random() < 0.75:
        return ""
    name = chance.choice(_FILLERS["surnames"]) + chance.choice(["", *_FILLERS["given"]])
    number = "".join(chance.choice("零幺二三四五六七八九") for _ in range(9))
    return (
        chance.choice(("我姓", "我叫", "电话", "联系人")) + name + chance.choice(("", "幺三" + number, "幺五" + number))
    )


def _lines(name: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (class, sentence), the same number of sentences of each line."""
    for line in (_FOLDER / "training" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        kind, text = ("none", line) if name in _ORDINARY else line.split(" ", 1)
        readings = spell_out(text)
        for _ in range(_VARIANTS[name]):
            yield kind, chance.choice(readings)


def _seen(name: str) -> Iterator[tuple[str, str]]:
    """Yield (class, line) of a file whose lines have slots."""
    for line in (_FOLDER / "training" / f"{name}.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, _, text = line.partition(" ") if name != "everyday" else ("none", " ", line)
            yield kind, text


def _filled(line: str, chance: random.Random) -> str:
    """Return one reading of a line: a way of each group, then a word for each slot."""
    text = _GROUP.sub(lambda group: chance.choice(group[1].split("/")), line)
    return _SLOT.sub(lambda slot: chance.choice(_SLOTS[slot[1]]), text)


def _vary(text: str, plain: Sequence[str], company: float, chance: random.Random, sounds: dict[str, str]) -> str:
    """Return a sentence with another kin, an opening, ordinary sentences around it, or misheard and lost characters."""
    if chance.random() < 0.4:
        for kin in _FILLERS["kin"]:
            if len(kin) > 1 and kin in text:
                text = text.replace(kin, chance.choice(_FILLERS["kin"]), 1)
                break
    if chance.random() < 0.4:
        text = chance.choice(_FILLERS["openings"]) + text
    if chance.random() < company:
        text = _among(strip(text), chance.choice(plain), chance.choice(plain), chance)
    if chance.random() < 0.25:
        text = "".join(
            chance.choice(sounds[each]) if each in sounds and chance.random() < 0.15 else each for each in text
        )
    if chance.random() < 0.15:
        text = "".join(each for each in text if chance.random() > 0.05)
    return text


def _among(text: str, before: str, after: str, chance: random.Random) -> str:
    """Return a sentence as it stands in one window of a longer talk, with ends of other sentences around it."""
    room = max(0, WINDOW - len(text))
    first = chance.randint(0, room)
    last = room - first if chance.random() < 0.5 else 0
    return strip(before)[-first or WINDOW :] + chance.choice(_FILLERS["turns"]) + text + strip(after)[:last]


def _over(text: str, chance: random.Random) -> str:
    """Return the danger as something past, asked about, feared or told."""
    if chance.random() < 0.5:
        return chance.choice(_FILLERS["before"]) + text + chance.choice(_FILLERS["after"])
    before, _, after = chance.choice(_FILLERS["asides"]).partition("+")
    return before + text + after


def train(told: Sequence[Sample], words: Words) -> dict[str, tuple[float, ...]]:
    """Return the weights that tell the samples apart, held near the usual weights of rules and near nothing of runs."""
    grammar = Grammar(words, AhoMatcher, sound_table())
    usual = usual_weights(words) | {"<start>": (1.5, 0.0, 0.0, 0.0, 0.0)}
    read = [sorted({"<start>", *features(text, grammar.read(text))}) for text in (strip(each.text) for each in told)]
    seen: Counter[str] = Counter()
    lines: dict[str, set[int]] = {}
    for sample, names in zip(told, read, strict=True):
        seen.update(names)
        for name in names:
            lines.setdefault(name, set()).add(sample.line)
    names = sorted(usual.keys() | {name for name in seen if seen[name] >= _RAREST and len(lines[name]) > 1})
    weights = _learn(read, told, names, usual, _ROUNDS)
    kept = [name for name in names if name[0] in "<@#~" and name in seen]
    by_strength = sorted((name for name in names if name[0] not in "<@#~"), key=lambda name: -np.ptp(weights[name]))
    return {name: tuple(weights[name].tolist()) for name in (*kept, *by_strength[:_MOST_RUNS])}


def _learn(
    read: Iterable[Sequence[str]], told: Sequence[Sample], names: Sequence[str],
    usual: dict[str, tuple[float, ...]], rounds: int,
) -> dict[str, npt.NDArray[np.float64]]:  # fmt: skip
    """Softmax regression over all samples at once (Adam), from and towards the usual weights."""
    row_of = {name: row for row, name in enumerate(names)}
    numbers, lengths = array("i"), array("i")
    for found in read:
        before = len(numbers)
        numbers.extend(row_of[name] for name in found if name in row_of)
        lengths.append(len(numbers) - before)
    feature_of = np.array(numbers, dtype=np.int32)
    sample_of = np.repeat(np.arange(len(told), dtype=np.int32), np.array(lengths))
    begins = np.concatenate(([0], np.cumsum(np.array(lengths))[:-1]))
    held = np.array([usual.get(name, (0.0,) * len(CLASSES)) for name in names]).T.copy()
    pull = np.array([_HOLD_RULES if name[0] in "<@#~" else _HOLD_RUNS for name in names])
    target = np.eye(len(CLASSES))[[sample.label for sample in told]].T.copy()
    share = target.mean(axis=1)
    importance = ((0.5 / len(CLASSES) / share + 0.5) @ target) / len(told)
    weights, mean, spread = held.copy(), np.zeros_like(held), np.zeros_like(held)
    slope = np.empty_like(held)
    for step in range(1, rounds + 1):
        scores = np.array([np.add.reduceat(row[feature_of], begins) for row in weights.astype(np.float32)])
        powers = np.exp(scores - scores.max(axis=0))
        error = (powers / powers.sum(axis=0) - target) * importance
        for row, wrong in enumerate(error):
            slope[row] = np.bincount(feature_of, weights=wrong[sample_of], minlength=len(names))
        slope += pull * (weights - held)
        mean = 0.9 * mean + 0.1 * slope
        spread = 0.999 * spread + 0.001 * slope**2
        weights = weights - _STEP * (mean / (1 - 0.9**step)) / (np.sqrt(spread / (1 - 0.999**step)) + 1e-8)
    return {name: weights[:, row] for name, row in row_of.items()}


def main() -> None:
    told = samples()
    weights = train(told, packaged_words())
    comment = f"learned from {len(told)} invented sentences by routing.adapters.emergency_training; do not edit"
    text = write_weights(weights, comment)
    Path(str(_FOLDER / "weights.txt")).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
