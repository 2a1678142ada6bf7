"""Lexicon and learnt model together: each speaks as loud as it was right on texts it had not seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from routing.classify.model import LinearModel
from routing.classify.rank import Ranked

LEXICON_LEADS_BELOW = 450
"""Labelled texts from which the model leads where nothing was measured (notes: learning curve of a linear model)."""
_LEADING, _FOLLOWING = 0.8, 0.45
"""How often the leader and the follower are supposed to be right where nothing was measured."""
_SHARPNESS = 3
_DOUBT = 1.0
_KNOWS_THE_CITY = 0.5


def vote(
    model: LinearModel | None, lexicon: Sequence[Ranked], text: str, trained_on: int, most: int = 3
) -> tuple[tuple[str, float], ...]:
    """Return labels with probabilities; a lexicon that knows the city may name a unit the model never saw.

    The loudness comes from the model card: `held_back_top1` and `lexicon_top1` (see `measure_lexicon`).
    """
    if model is None:
        total = sum(each.score for each in lexicon) or 1.0
        return tuple((each.label, each.score / total * each.confidence) for each in lexicon[:most])
    chances = dict(zip(model.labels, map(float, model.probabilities(text)), strict=True))
    lexicon_right, model_right = _measured(model, trained_on)
    said: dict[str, float] = {}
    for each in lexicon:
        label = same_unit(each.label, model.labels) or (each.label if lexicon_right >= _KNOWS_THE_CITY else "")
        if label:
            said[label] = max(said.get(label, 0.0), each.score)
    if said:
        total = sum(score**1.5 for score in said.values())
        sure = lexicon[0].score / (lexicon[0].score + _DOUBT)
        loud, other = (lexicon_right * sure) ** _SHARPNESS, max(model_right, 0.01) ** _SHARPNESS
        share = loud / (loud + other)
        for label in (*chances, *(label for label in said if label not in chances)):
            mine = chances.get(label, 0.0)
            chances[label] = (1 - share) * mine + share * said.get(label, 0.0) ** 1.5 / total
    return tuple(sorted(chances.items(), key=lambda each: (-each[1], each[0]))[:most])


def measure_lexicon(answers: Iterable[Sequence[Ranked]], units: Sequence[str]) -> float:
    """Return how often the lexicon's first answer is the order's unit: near 0 in a city whose units it has no word for.

    It never learns from these orders, so they are as good as unseen ones.
    """
    labels = tuple(sorted(set(units)))
    known: dict[str, str] = {}
    right = 0
    for ranked, unit in zip(answers, units, strict=True):
        if ranked:
            name = ranked[0].label
            right += known.setdefault(name, same_unit(name, labels)) == unit
    return right / max(1, len(units))


def _measured(model: LinearModel, trained_on: int) -> tuple[float, float]:
    """Return how often lexicon and model were right, or what is to be supposed by the number of texts."""
    measured, held_back = model.about.get("lexicon_top1"), model.about.get("held_back_top1")
    if isinstance(measured, int | float) and isinstance(held_back, int | float):
        return float(measured), float(held_back)
    return (_LEADING, _FOLLOWING) if trained_on < LEXICON_LEADS_BELOW else (_FOLLOWING, _LEADING)


def same_unit(name: str, labels: Sequence[str]) -> str:
    """Return the label that means the unit `name` in another city's words (市公安局 is 公安局), or nothing."""
    if name in labels:
        return name
    found = [label for label in labels if label.endswith(name) or (len(name) > 2 and name.endswith(label))]
    stem = name.removesuffix("局").removesuffix("公司").removesuffix("集团")
    if not found and len(stem) >= 2:
        found = [label for label in labels if stem in label]
    return min(found, key=lambda label: (len(label), label)) if found else ""
