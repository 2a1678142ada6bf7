"""Learn the weights of the danger model: `python -m routing.adapters.emergency_training`.

Run by a developer when words or training sentences change; its output is committed. Every sentence is invented (the
files in routing/emergency/training); danger told as past, asked about or feared is made from them and counts as none.
The same files give the same weights.
"""

from __future__ import annotations

import random
import re
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
from routing.emergency.spot import strip
from routing.emergency.words import Words

_FOLDER = files("routing.emergency")
_VARIANTS = {"danger": 10, "tricky": 14, "ordinary": 12, "plain": 14, "talk": 3}
_ORDINARY = ("ordinary", "plain", "talk")
_RAREST = 4
_MOST_RUNS = 6_000
_ROUNDS = 260
_HOLD_RUNS, _HOLD_RULES = 1e-4, 2e-4

_OPENINGS = (
    "喂 你好 您好 喂你好 喂是12345吗 同志 哎呀 那个 我跟你说 你好我这里是城关区 我在民主路 我们小区 我家住三单元 "
    "我是东门的 你好我姓张 麻烦一下 喂喂 听得见吗 我这边 您好我在学校门口 我们村 在体育馆旁边 我住二楼 你好同志"
).split()
_KIN = "我妈 我爸 我爷爷 我奶奶 我老公 我媳妇 我儿子 我女儿 我弟弟 我姐 我同事 我室友 邻居 老人 孩子 他 她 我婆婆 我外公 我朋友".split()
_BEFORE = "去年 前年 上个月 上周 昨天 前几天 三年前 上次 以前 那次 两个月前 春节的时候 前天晚上 十年前".split()
_AFTER = (
    "的赔偿一直没到 的事派出所没给结果 保险公司不赔 后来没事了想问医药费谁出 已经处理完了 的补助什么时候发 法院判了不执行 "
    "现在已经出院了 物业到现在没说法 我想问调查结果 责任怎么认定 已经报过警了 当时就处理了 的损失找谁"
).split()
_ASIDE = (
    ("请问", "怎么预防"), ("想问一下", "该怎么处理归哪个部门管"), ("咨询一下", "有没有补助"), ("万一", "谁负责"),
    ("如果", "怎么办"), ("怕", "希望你们早点管"), ("担心", "建议装个护栏"), ("听说", "是不是谣言"),
    ("网上说", "是真的吗"), ("抖音上看到", "是不是咱们这"), ("新闻里说", "后来怎么样了"), ("演练的时候模拟", "要借场地"),
    ("我做梦梦见", "心里不踏实"), ("电视剧里", "孩子看了害怕"), ("这条路老是", "希望整改"), ("早晚得", "建议检查"),
    ("请问保险管不管", ""), ("免得", "希望维修"), ("没有", "就是问问"), ("防止", "要加强宣传"), ("培训讲", "怎么急救"),
)  # fmt: skip
_SOMEWHERE = (
    "我想反映一下 我要投诉 我们小区 城东市场 人民路 学校门口 我家楼下 隔壁单元 村里 新区工地 兴隆街 建设路口 东关社区 我问一下 "
    "请问 咨询一下 你好我这边 花园小区三号楼 南环路 医院旁边 那个商场 楼上那家 河滨公园 老街坊"
).split()
_COMPLAINTS = (
    "没人管 怎么办理 什么时候能解决 希望处理一下 已经好几天了 太吵了 找哪个部门 收费不合理 影响居民 坏了没人修 天天这样 能不能管管 "
    "有没有规定 物业不管 打电话也没人来 要求整改 怎么收费 归谁管 一直没解决 态度不好"
).split()
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


def samples(seed: int = 12345) -> list[Sample]:
    """Return every training sentence with its variations; the same each time."""
    chance = random.Random(seed)
    homophones = [line.split(" ")[1][:12] for line in packaged_text("pinyin.txt").splitlines() if " " in line]
    by_character = {character: group for group in homophones for character in group}
    ordinary = {name: [text for _, text in _lines(name, chance)] for name in _ORDINARY}
    plain = [text for told in ordinary.values() for text in told]
    found = [Sample(text, 0, -number - 1) for number, text in enumerate(_matters(chance))]
    start = 0
    for name, told in ordinary.items():
        for number, text in enumerate(told, start):
            text = _vary(text, plain, 0.35, chance, by_character) + _ending(chance)
            found.append(Sample(text, 0, number // _VARIANTS[name]))
        start += 100_000
    for name in ("danger", "tricky"):
        for number, (kind, text) in enumerate(_lines(name, chance), start):
            line = number // _VARIANTS[name]
            label = CLASSES.index(kind)
            found.append(Sample(_vary(text, plain, 0.2, chance, by_character), label, line))
            if name == "danger" and not _NOW.search(text) and chance.random() < 0.6:
                found.append(Sample(_over(text, chance), 0, line))
        start += 100_000
    return found


def _matters(chance: random.Random) -> Iterator[str]:
    """Yield complaints and questions made of the classifier's own words, each word once."""
    for line in packaged_text("categories.yaml").splitlines():
        name, _, rest = line.strip().partition(":")
        for token in rest.split():
            word = token.partition("=")[0].replace("+", "")
            if len(word) > 1 and not name.startswith("#") and not _DANGEROUS.search(word):
                yield (
                    chance.choice(_SOMEWHERE) + chance.choice(("", "的", "那个", "有")) + word
                    + chance.choice(_COMPLAINTS) + _ending(chance)
                )  # fmt: skip


def _ending(chance: random.Random) -> str:
    """Return how an ordinary call may end: the caller's name and number, or nothing."""
    if chance.random() < 0.75:
        return ""
    name = chance.choice("王李张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗段宋尤汪邱") + chance.choice(
        ("", "先生", "女士", "建军", "秀英", "晓燕", "涛", "洁", "桂芳", "志强", "琪", "霞")
    )
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


def _vary(text: str, plain: Sequence[str], company: float, chance: random.Random, sounds: dict[str, str]) -> str:
    """Return a sentence with another kin, an opening, an ordinary sentence before it, or misheard characters."""
    if chance.random() < 0.4:
        for kin in _KIN:
            if len(kin) > 1 and kin in text:
                text = text.replace(kin, chance.choice(_KIN), 1)
                break
    if chance.random() < 0.4:
        text = chance.choice(_OPENINGS) + text
    if chance.random() < company:
        text = strip(chance.choice(plain))[:30] + text
    if chance.random() < 0.25:
        text = "".join(
            chance.choice(sounds[each]) if each in sounds and chance.random() < 0.15 else each for each in text
        )
    return text


def _over(text: str, chance: random.Random) -> str:
    """Return the danger as something past, asked about, feared or told."""
    if chance.random() < 0.5:
        return chance.choice(_BEFORE) + text + chance.choice(_AFTER)
    before, after = chance.choice(_ASIDE)
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
    kept = [name for name in names if name[0] in "<@#" and name in seen]
    by_strength = sorted((name for name in names if name[0] not in "<@#"), key=lambda name: -np.ptp(weights[name]))
    return {name: tuple(weights[name].tolist()) for name in (*kept, *by_strength[:_MOST_RUNS])}


def _learn(
    read: Iterable[Sequence[str]], told: Sequence[Sample], names: Sequence[str],
    usual: dict[str, tuple[float, ...]], rounds: int,
) -> dict[str, npt.NDArray[np.float64]]:  # fmt: skip
    """Softmax regression over all samples at once (Adam), from and towards the usual weights."""
    row_of = {name: row for row, name in enumerate(names)}
    pairs = [(number, row_of[name]) for number, found in enumerate(read) for name in found if name in row_of]
    sample_of = np.array([number for number, _ in pairs])
    feature_of = np.array([row for _, row in pairs])
    begins = np.searchsorted(sample_of, np.arange(len(told)))
    order = np.argsort(feature_of, kind="stable")
    present = np.unique(feature_of)
    feature_begins = np.searchsorted(feature_of[order], present)
    held = np.array([usual.get(name, (0.0,) * len(CLASSES)) for name in names])
    pull = np.array([_HOLD_RULES if name[0] in "<@#" else _HOLD_RUNS for name in names])[:, None]
    target = np.eye(len(CLASSES))[[sample.label for sample in told]]
    share = target.mean(axis=0)
    importance = (target @ (0.5 / len(CLASSES) / share + 0.5))[:, None] / len(told)
    weights, mean, spread = held.copy(), np.zeros_like(held), np.zeros_like(held)
    for step in range(1, rounds + 1):
        scores = np.add.reduceat(weights[feature_of], begins, axis=0)
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        error = (powers / powers.sum(axis=1, keepdims=True) - target) * importance
        slope = pull * (weights - held)
        slope[present] += np.add.reduceat(error[sample_of[order]], feature_begins, axis=0)
        mean = 0.9 * mean + 0.1 * slope
        spread = 0.999 * spread + 0.001 * slope**2
        weights = weights - 0.05 * (mean / (1 - 0.9**step)) / (np.sqrt(spread / (1 - 0.999**step)) + 1e-8)
    return {name: weights[row] for name, row in row_of.items()}


def main() -> None:
    told = samples()
    weights = train(told, packaged_words())
    comment = f"learned from {len(told)} invented sentences by routing.adapters.emergency_training; do not edit"
    text = write_weights(weights, comment)
    Path(str(_FOLDER / "weights.txt")).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
