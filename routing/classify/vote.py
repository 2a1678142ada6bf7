"""Lexicon and learnt model together: below some hundred labelled texts the lexicon leads, above it they vote."""

from __future__ import annotations

from collections.abc import Sequence

from routing.classify.model import LinearModel
from routing.classify.rank import Ranked

LEXICON_LEADS_BELOW = 450
"""Labelled texts from which the model has the louder voice (notes: learning curve of a linear model)."""
_LEADING, _FOLLOWING = 0.75, 0.08


def vote(
    model: LinearModel | None, lexicon: Sequence[Ranked], text: str, trained_on: int, most: int = 3
) -> tuple[tuple[str, float], ...]:
    """Return labels with probabilities; labels are the model's, or the lexicon's own where there is no model."""
    if model is None:
        total = sum(each.score for each in lexicon) or 1.0
        return tuple((each.label, each.score / total * each.confidence) for each in lexicon[:most])
    chances = dict(zip(model.labels, map(float, model.probabilities(text)), strict=True))
    said: dict[str, float] = {}
    for each in lexicon:
        label = same_unit(each.label, model.labels)
        if label:
            said[label] = max(said.get(label, 0.0), each.score)
    if said:
        total = sum(score**1.5 for score in said.values())
        share = _LEADING if trained_on < LEXICON_LEADS_BELOW else _FOLLOWING
        sure = lexicon[0].score / (lexicon[0].score + 4.0)
        for label in chances:
            chances[label] = (1 - share * sure) * chances[label] + share * sure * said.get(label, 0.0) ** 1.5 / total
    return tuple(sorted(chances.items(), key=lambda each: (-each[1], each[0]))[:most])


def same_unit(name: str, labels: Sequence[str]) -> str:
    """Return the label that means the unit `name` in another city's words (市公安局 is 公安局), or nothing."""
    if name in labels:
        return name
    found = [label for label in labels if label.endswith(name) or (len(name) > 2 and name.endswith(label))]
    stem = name.removesuffix("局").removesuffix("公司").removesuffix("集团")
    if not found and len(stem) >= 2:
        found = [label for label in labels if stem in label]
    return min(found, key=lambda label: (len(label), label)) if found else ""
