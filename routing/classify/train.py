"""Learn the linear classifier from labelled texts, with numpy alone and always the same way.

Three experts are trained on the same features and merged into one linear layer: a support vector machine per label
(dual coordinate descent, all labels at once), multinomial logistic regression, and complement naive Bayes. Texts held
back choose regularisation, the mixture and the temperature; then all texts train the model that is kept.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from routing.classify.model import LinearModel
from routing.classify.ngrams import Floats, Hints, Integers, Vocabulary, grams_of

SEEN_IN = 3
"""N-grams of fewer texts of different callers never enter a model: they could name a person."""
_MOST_GRAMS = 90_000
_FILE_NUMBERS = 900_000
"""Weights that fit a file of 2 MB at half precision, with the n-grams."""
_STRENGTHS = (0.1, 0.25, 0.6)
_MIXTURES = (
    (1.0, 0.0, 0.0),
    (0.5, 0.5, 0.0),
    (0.4, 0.4, 0.2),
    (0.3, 0.5, 0.2),
    (0.3, 0.3, 0.4),
    (0.2, 0.2, 0.6),
    (0.0, 0.0, 1.0),
)
_FOLDS = 3
_MANY = 12_000
"""From so many texts on one fifth held back is enough to choose by."""
_TEMPERATURES = (0.5, 0.8, 1.2, 1.8, 2.5, 3.5, 5.0, 7.0)
_EPOCHS = 12
_SEED = 12345


@dataclass(frozen=True, slots=True)
class _Rows:
    """Sparse rows and the label number of each."""

    numbers: list[Integers]
    values: list[Floats]
    labels: Integers
    width: int
    classes: int

    def part(self, chosen: Integers) -> _Rows:
        numbers = [self.numbers[i] for i in chosen]
        values = [self.values[i] for i in chosen]
        return _Rows(numbers, values, self.labels[chosen], self.width, self.classes)

    def scores(self, weights: Floats, bias: Floats) -> Floats:
        return np.array([v @ weights[n] for n, v in zip(self.numbers, self.values, strict=True)], np.float32) + bias


def train(
    texts: Sequence[str],
    labels: Sequence[str],
    callers: Sequence[Hashable] | None = None,
    hints: Hints | None = None,
    about: Mapping[str, object] | None = None,
) -> LinearModel:
    """Return a model of `labels` from `texts`; ValueError when there are fewer than two labels or ten texts.

    `callers` (any ids) keeps n-grams of one caller's many texts out. The same input gives the same bytes.
    """
    if len(texts) != len(labels) or len(texts) < 10 or len(set(labels)) < 2:
        raise ValueError("训练至少需要十条文字和两个不同的标签。")
    counts = [grams_of(text, hints) for text in texts]
    names = tuple(sorted(set(labels)))
    vocabulary = Vocabulary.learn(counts, callers, SEEN_IN, _MOST_GRAMS)
    if not vocabulary.grams:
        raise ValueError("文字太少或太不相同，学不到任何特征。")
    numbered = {name: number for number, name in enumerate(names)}
    pairs = [vocabulary.row(each) for each in counts]
    targets = np.array([numbered[label] for label in labels], dtype=np.int32)
    rows = _Rows([n for n, _ in pairs], [v for _, v in pairs], targets, len(vocabulary.grams), len(names))
    order = np.random.default_rng(_SEED).permutation(len(texts)).astype(np.int32)
    choice = _choose(rows, order)
    weights, bias = _merged(_experts(rows, choice.strength), choice.shares)
    vocabulary, weights = _pruned(vocabulary, weights)
    card = {
        "n": len(texts),
        "labels": len(names),
        "strength": choice.strength,
        "mixture": choice.mixture,
        "held_back_top1": round(choice.top1, 4),
        "seen_in": SEEN_IN,
        **(about or {}),
    }
    return LinearModel(names, vocabulary, weights, bias, choice.temperature, card, hints)


_Expert = tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class _Choice:
    """What did best on the texts held back; `shares` is the mixture divided by each expert's spread there."""

    strength: float
    mixture: tuple[float, ...]
    shares: tuple[float, ...]
    temperature: float
    top1: float


def _choose(rows: _Rows, order: Integers) -> _Choice:
    """Return regularisation, mixture and temperature that do best on fifths of the texts, each held back in turn."""
    size = max(2, len(order) // 5)
    folds = [order[k * size : (k + 1) * size] for k in range(_FOLDS if len(order) < _MANY else 1)]
    labels = np.concatenate([rows.labels[held] for held in folds])
    best: tuple[float, _Choice] | None = None
    for strength in _STRENGTHS:
        scored = _held_scores(rows, order, folds, strength)
        spreads = [float(scores.std(axis=1).mean()) or 1.0 for scores in scored]
        for mixture in _MIXTURES:
            shares = tuple(share / spread for share, spread in zip(mixture, spreads, strict=True))
            scores = np.zeros_like(scored[0])
            for share, each in zip(shares, scored, strict=True):
                scores += np.float32(share) * each
            ranks = (scores > np.take_along_axis(scores, labels[:, None], axis=1)).sum(axis=1)
            merit = float((ranks == 0).mean() + 0.5 * (ranks < 3).mean())
            if best is None or merit > best[0] + 1e-9:
                temperature = _temperature(scores, labels)
                best = merit, _Choice(strength, mixture, shares, temperature, float((ranks == 0).mean()))
    assert best is not None
    return best[1]


def _held_scores(rows: _Rows, order: Integers, folds: Sequence[Integers], strength: float) -> list[Floats]:
    """Return each expert's scores of the texts held back, the folds one after the other."""
    parts: list[list[Floats]] = []
    for held in folds:
        kept = order[~np.isin(order, held)]
        experts = _experts(rows.part(kept), strength)
        parts.append([rows.part(held).scores(*expert) for expert in experts])
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def _temperature(scores: Floats, labels: Integers) -> float:
    losses = [_loss(scores, labels, each) for each in _TEMPERATURES]
    return _TEMPERATURES[losses.index(min(losses))]


def _loss(scores: Floats, labels: Integers, temperature: float) -> float:
    scaled = (scores - scores.max(axis=1, keepdims=True)) * temperature
    log_odds = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
    return float(-np.take_along_axis(log_odds, labels[:, None], axis=1).mean())


def _merged(experts: Sequence[_Expert], shares: Sequence[float]) -> _Expert:
    """Return one layer whose scores are the sum of the experts' scores in these shares."""
    weights = np.zeros_like(experts[0][0])
    bias = np.zeros_like(experts[0][1])
    for share, (expert, offset) in zip(shares, experts, strict=True):
        if share:
            weights += np.float32(share) * expert
            bias += np.float32(share) * offset
    return weights, bias


def _experts(rows: _Rows, strength: float) -> tuple[_Expert, _Expert, _Expert]:
    return _support_vectors(rows, strength), _logistic(rows, strength), _complement(rows)


def _support_vectors(rows: _Rows, strength: float) -> _Expert:
    """One-vs-rest L2-loss SVM by dual coordinate descent (the LIBLINEAR algorithm), every label in one step."""
    weights = np.zeros((rows.width, rows.classes), np.float32)
    bias = np.zeros(rows.classes, np.float32)
    dual = np.zeros((len(rows.labels), rows.classes), np.float32)
    ridge = np.float32(1 / (2 * strength))
    chance = np.random.default_rng(_SEED)
    for _ in range(_EPOCHS):
        for i in chance.permutation(len(rows.labels)):
            numbers, values = rows.numbers[i], rows.values[i]
            signs = np.full(rows.classes, -1, np.float32)
            signs[rows.labels[i]] = 1
            here = weights[numbers]
            slope = signs * (values @ here + bias) - 1 + ridge * dual[i]
            changed = np.maximum(dual[i] - slope / (2 + ridge), 0)
            step = (changed - dual[i]) * signs
            dual[i] = changed
            weights[numbers] = here + values[:, None] * step
            bias += step
    return weights, bias


def _logistic(rows: _Rows, strength: float) -> _Expert:
    """Multinomial logistic regression by stochastic gradients, averaged over the later half of the epochs."""
    weights = np.zeros((rows.width, rows.classes), np.float32)
    bias = np.zeros(rows.classes, np.float32)
    total = np.zeros_like(weights)
    decay = 1 / (strength * 12 * len(rows.labels))
    chance = np.random.default_rng(_SEED + 1)
    kept = 0
    for epoch in range(_EPOCHS):
        rate = np.float32(4.0 / (1 + epoch))
        for i in chance.permutation(len(rows.labels)):
            numbers, values = rows.numbers[i], rows.values[i]
            here = weights[numbers]
            scores = values @ here + bias
            odds = np.exp(scores - scores.max())
            slope = odds / odds.sum()
            slope[rows.labels[i]] -= 1
            weights[numbers] = here - values[:, None] * (rate * slope)
            bias -= 0.05 * rate * slope
        weights *= np.float32(1 - min(0.5, float(rate) * decay * len(rows.labels)))
        if epoch >= _EPOCHS // 2:
            total += weights
            kept += 1
    average: Floats = (total / np.float32(kept)).astype(np.float32)
    return average, bias


def _complement(rows: _Rows, smoothing: float = 0.3) -> _Expert:
    """Complement naive Bayes: a label is likely when the words are rare in all other labels."""
    mass = np.zeros((rows.width, rows.classes), np.float32)
    for numbers, values, label in zip(rows.numbers, rows.values, rows.labels, strict=True):
        mass[numbers, label] += values
    others = mass.sum(axis=1, keepdims=True) - mass + smoothing
    weights = -np.log(others / others.sum(axis=0, keepdims=True))
    weights /= np.abs(weights).sum(axis=0, keepdims=True)
    weights *= np.float32(rows.width)
    return (weights - weights.mean(axis=1, keepdims=True)).astype(np.float32), np.zeros(rows.classes, np.float32)


def _pruned(vocabulary: Vocabulary, weights: Floats) -> tuple[Vocabulary, Floats]:
    """Drop the n-grams that say least, until the file is small enough."""
    most = _FILE_NUMBERS // weights.shape[1]
    if len(vocabulary.grams) <= most:
        return vocabulary, weights
    telling = np.sort(
        np.argsort(-np.abs(weights - weights.mean(axis=1, keepdims=True)).max(axis=1), kind="stable")[:most]
    )
    grams = [vocabulary.grams[i] for i in telling]
    return Vocabulary.of(grams, vocabulary.idf[telling]), weights[telling]
