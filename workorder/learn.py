"""Learn from confirmed orders, and adopt what was learnt only when it beats what is in use on the latest orders.

The orders are split by time: the older ones teach, the latest are held back. What is in use and what was learnt then
answer the same held-back orders, each together with the lexicon as calls would be answered. The model that is adopted
is the one that was measured.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from routing.classify.classify import Classified
from routing.classify.model import LinearModel
from routing.classify.ngrams import Hints
from routing.classify.rank import Ranked
from routing.classify.train import train
from routing.classify.vote import LEXICON_LEADS_BELOW, measure_lexicon
from routing.classify.voting import Learnt, Target, ranked_of, voted
from workorder.lessons import Lesson

FEWEST = 60
"""Confirmed orders below which nothing is learnt."""
FEWEST_CALLERS = 3
"""A label (and an n-gram, see train.SEEN_IN) of fewer different callers never enters a model."""
MOST_LABELS = 200
_KNOWS_THE_CITY = 0.5
_HELD_SHARE, _FEWEST_HELD, _MOST_HELD = 5, 15, 1_000


@dataclass(frozen=True, slots=True)
class Score:
    """How often the first answer, and one of three, was the agent's."""

    top1: float
    top3: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What learning one target came to. `model` is the file's bytes, None when there was nothing to learn from."""

    target: Target
    verdict: str
    taught: int = 0
    held: int = 0
    in_use: Score | None = None
    learnt: Score | None = None
    model: bytes | None = None
    is_better: bool = False
    card: Mapping[str, object] | None = None

    @property
    def version(self) -> str:
        """The name of the model: what its bytes are."""
        return sha256(self.model).hexdigest()[:12] if self.model else ""


def learn(
    lessons: Sequence[Lesson],
    target: Target,
    classify: Callable[[str], Classified],
    hints: Hints,
    in_use: Learnt | None = None,
) -> Outcome:
    """Return what was learnt of `target`, measured beside `in_use`. The same lessons give the same bytes."""
    usable = sorted(
        (each for each in lessons if each.label(target) and each.text), key=lambda each: (each.confirmed, each.order)
    )
    if len(usable) < FEWEST:
        return Outcome(
            target, f"已确认的工单只有 {len(usable)} 张，至少 {FEWEST} 张才学得到东西；继续用关键词库", len(usable)
        )
    held_count = min(_MOST_HELD, max(_FEWEST_HELD, len(usable) // _HELD_SHARE))
    older, held = usable[:-held_count], usable[-held_count:]
    teaching = _teachable(older, target)
    if len({each.label(target) for each in teaching}) < 2:
        return Outcome(target, "能学的类别不到两个：每一类至少要有三位不同来电人的工单", len(teaching))
    model, card = _model(teaching, target, classify, hints)
    data = model.to_bytes()
    learnt = Learnt("", LinearModel.from_bytes(data, hints))
    before = _score(held, target, classify, in_use)
    after = _score(held, target, classify, learnt)
    is_better = (after.top1, after.top3) > (before.top1, before.top3)
    verdict = "比现用的好" if is_better else "没有比现用的好，不采用"
    whole = {**card, "held_back_orders": len(held), "in_use": _plain(before), "learnt": _plain(after)}
    return Outcome(target, verdict, len(teaching), len(held), before, after, data, is_better, whole)


def _teachable(lessons: Sequence[Lesson], target: Target) -> list[Lesson]:
    """Leave out labels that too few different callers taught, and the rarest when there are too many."""
    callers: defaultdict[str, set[str]] = defaultdict(set)
    for lesson in lessons:
        callers[lesson.label(target)].add(lesson.caller)  # the unknown count as one
    counts = Counter(lesson.label(target) for lesson in lessons)
    common = sorted(counts, key=lambda label: (-counts[label], label))
    kept = {label for label in common if len(callers[label]) >= FEWEST_CALLERS}
    kept = set([label for label in common if label in kept][:MOST_LABELS])
    return [lesson for lesson in lessons if lesson.label(target) in kept]


def _model(
    lessons: Sequence[Lesson], target: Target, classify: Callable[[str], Classified], hints: Hints
) -> tuple[LinearModel, Mapping[str, object]]:
    texts, labels = [each.text for each in lessons], [each.label(target) for each in lessons]
    lexicon = round(measure_lexicon((ranked_of(classify(text), target) for text in texts), labels), 4)
    about: dict[str, object] = {
        "target": target.value,
        "trained_from": lessons[0].confirmed.isoformat(),
        "trained_until": lessons[-1].confirmed.isoformat(),
    }
    # Without this measure the lexicon leads (vote): so few orders have not measured the model well. A lexicon that
    # is wrong more often than right on them has no word for this city's units and leads nobody.
    they_vote = len(lessons) >= LEXICON_LEADS_BELOW or lexicon < _KNOWS_THE_CITY
    about["lexicon_top1" if they_vote else "lexicon_right"] = lexicon
    model = train(texts, labels, [each.caller for each in lessons], hints, about)
    return model, dict(model.about)


def _score(
    held: Sequence[Lesson], target: Target, classify: Callable[[str], Classified], learnt: Learnt | None
) -> Score:
    first = among = 0
    for lesson in held:
        said: Sequence[Ranked] = ranked_of(classify(lesson.text), target)
        if learnt is not None:
            said = voted(learnt, said, lesson.text)
        labels = [each.label for each in said[:3]]
        first += labels[:1] == [lesson.label(target)]
        among += lesson.label(target) in labels
    return Score(round(first / len(held), 4), round(among / len(held), 4))


def _plain(score: Score) -> Mapping[str, float]:
    return {"top1": score.top1, "top3": score.top3}


def card_text(outcome: Outcome, version: str) -> str:
    """Return the model card, in Chinese, for whoever wants to know what was learnt from what."""
    card, what = outcome.card or {}, "承办单位" if outcome.target is Target.UNIT else "事项分类"
    before, after = outcome.in_use or Score(0, 0), outcome.learnt or Score(0, 0)
    return f"""# 模型卡：{what} {version}

- 用途：给坐席推荐{what}，由坐席确认；不自动派单。
- 学自：{outcome.taught} 张坐席确认过的工单，{card.get("labels")} 类；
  确认时间自 {card.get("trained_from")} 至 {card.get("trained_until")}。
- 方法：一至三字的字符片段，线性模型，与关键词库一起表决；少于 {LEXICON_LEADS_BELOW} 张时关键词库在前。
- 最近 {outcome.held} 张没有参加学习的工单：现用的第一个对 {before.top1:.1%}、前三个对 {before.top3:.1%}；
  学到的第一个对 {after.top1:.1%}、前三个对 {after.top3:.1%}。
- 隐私：只含至少 {card.get("seen_in")} 位不同来电人都说过的片段；数字一律记成同一个符号；号码不明的来电人合算一位。
- 同样的工单学出同样的文件，逐字节相同。
"""
