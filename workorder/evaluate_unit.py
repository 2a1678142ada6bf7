"""How good is the unit classifier on a deployer's own orders: the lexicon alone, the learnt model alone, and both."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from routing.classify.classify import Classified, Classifier
from routing.classify.model import LinearModel
from routing.classify.train import train
from routing.classify.vote import measure_lexicon, same_unit, vote

Row = Mapping[str, Any]
_Ranked = tuple[tuple[str, float], ...]
_Classify = Callable[[str], Classified]
_SURE = 0.9
_FEWEST = 10
"""Orders below which nothing can be learnt: the lexicon answers alone."""


def lexicon_hints(classify: _Classify) -> Callable[[str], list[str]]:
    """Return what the lexicon says of a text as features for the model: units and categories that were voted for."""

    def hints(text: str) -> list[str]:
        said = classify(text)
        names = [f"unit:{each.label}" for each in said.units[:3]]
        for each in said.categories[:3]:
            first, second, _ = each.label.split("/")
            names += [f"category:{each.label}", f"category:{first}/{second}"]
        return list(dict.fromkeys(names))

    return hints


def evaluate_unit(
    train_rows: Sequence[Row],
    test_rows: Sequence[Row],
    classifier: Classifier,
    seconds: Callable[[], float] | None = None,
) -> dict[str, dict[str, object]]:
    """Return figures for `lexicon`, `model` and `both` on `test_rows` (`text`, `unit`).

    Rows without a unit are left out. `coverage_at_0.9` is the largest share of texts, surest first,
    that are right nine times in ten.
    """
    clock = seconds or (lambda: 0.0)
    train_rows = [row for row in train_rows if row.get("unit") and row.get("text")]
    test_rows = [row for row in test_rows if row.get("unit")]
    begun = clock()
    texts, units = [str(row["text"]) for row in train_rows], [str(row["unit"]).strip() for row in train_rows]
    callers = [row.get("caller", number) for number, row in enumerate(train_rows)]
    labels = tuple(sorted(set(units)))
    classify = lru_cache(maxsize=16)(classifier.classify)
    model = _learn(texts, units, callers, classify) if len(texts) >= _FEWEST and len(labels) > 1 else None
    spent = clock() - begun

    def lexicon(text: str) -> _Ranked:
        ranked = classify(text).units
        total = sum(each.score for each in ranked) or 1.0
        said: dict[str, float] = {}
        for each in ranked:
            label = same_unit(each.label, labels) or each.label
            said[label] = max(said.get(label, 0.0), each.score / total * each.confidence)
        return tuple(sorted(said.items(), key=lambda pair: (-pair[1], pair[0]))[:3])

    ways: tuple[tuple[str, Callable[[str], _Ranked], float], ...] = (
        ("lexicon", lexicon, 0.0),
        ("model", model.rank if model is not None else lambda _text: (), spent),
        ("both", lambda text: vote(model, classify(text).units, text, len(texts)), spent),
    )
    return {
        name: {"n_train": len(texts), "n_test": len(test_rows), **_figures(test_rows, rank, took, clock)}
        for name, rank, took in ways
    }


def _learn(texts: Sequence[str], units: Sequence[str], callers: Sequence[Hashable], classify: _Classify) -> LinearModel:
    """Return the model as it comes back from its file, with the lexicon measured on texts it never learns from."""
    known = measure_lexicon((classify(text).units for text in texts), units)
    hints = lexicon_hints(classify)
    model = train(texts, units, callers, hints, {"lexicon_top1": round(known, 4)})
    return LinearModel.from_bytes(model.to_bytes(), hints)


def _figures(
    rows: Sequence[Row], rank: Callable[[str], _Ranked], took: float, clock: Callable[[], float]
) -> dict[str, object]:
    begun = clock()
    answers = [rank(str(row["text"])) for row in rows]
    spent = clock() - begun
    gold = [str(row["unit"]).strip() for row in rows]
    first = [answer[0][0] if answer else "" for answer in answers]
    right = [one == unit for one, unit in zip(first, gold, strict=True)]
    among = [any(label == unit for label, _ in answer) for answer, unit in zip(answers, gold, strict=True)]
    sureness = [answer[0][1] if answer else 0.0 for answer in answers]
    n = max(1, len(rows))
    return {
        "top1": round(sum(right) / n, 4),
        "top3": round(sum(among) / n, 4),
        "macro_f1": round(_macro_f1(first, gold), 4),
        "coverage_at_0.9": round(_coverage(right, sureness), 4),
        "train_seconds": round(took, 2),
        "us_per_text": round(1e6 * spent / n, 1),
    }


def _macro_f1(answers: Sequence[str], gold: Sequence[str]) -> float:
    """Return the mean F1 over the units that occur in `gold`."""
    scores = []
    for unit in sorted(set(gold)):
        both = sum(a == unit == g for a, g in zip(answers, gold, strict=True))
        said, meant = sum(a == unit for a in answers), sum(g == unit for g in gold)
        scores.append(2 * both / (said + meant) if said + meant else 0.0)
    return sum(scores) / max(1, len(scores))


def _coverage(right: Sequence[bool], sureness: Sequence[float]) -> float:
    """Return the largest share of answers, surest first, with at least nine in ten right."""
    order = sorted(range(len(right)), key=lambda i: -sureness[i])
    best = hits = 0
    for taken, i in enumerate(order, 1):
        hits += right[i]
        if hits >= _SURE * taken:
            best = taken
    return best / max(1, len(right))
