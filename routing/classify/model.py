"""The learnt classifier: one linear layer over character n-grams, small enough to be read, sent and rolled back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ivr.errors import HotlineError
from routing.classify.ngrams import Floats, Hints, Vocabulary, grams_of

_MAGIC = b"HLMODEL1\n"
_LARGEST = 64 * 1024 * 1024
_MOST_LABELS = 2_000
_MOST_GRAMS = 500_000


class BrokenModelError(HotlineError):
    """A model file is not one of ours, is cut off, or was changed."""


@dataclass(frozen=True, slots=True)
class LinearModel:
    """`weights[i, k]` is what n-gram `i` says for label `k`; `about` tells how it was trained (the model card)."""

    labels: tuple[str, ...]
    vocabulary: Vocabulary
    weights: Floats
    bias: Floats
    temperature: float
    about: Mapping[str, Any] = field(default_factory=dict)
    hints: Hints | None = None

    def probabilities(self, text: str) -> Floats:
        """Return the probability of each label, in the order of `labels`."""
        numbers, values = self.vocabulary.row(grams_of(text, self.hints))
        scores = self.bias + values @ self.weights[numbers] if len(numbers) else self.bias
        scores = (scores - scores.max()) * self.temperature
        odds = np.exp(scores)
        result: Floats = (odds / odds.sum()).astype(np.float32)
        return result

    def rank(self, text: str, most: int = 3) -> tuple[tuple[str, float], ...]:
        """Return the likeliest labels with their probabilities."""
        chances = self.probabilities(text)
        order = np.argsort(-chances, kind="stable")[:most]
        return tuple((self.labels[k], float(chances[k])) for k in order)

    def why(self, text: str, label: str, most: int = 5) -> tuple[str, ...]:
        """Return the n-grams of `text` that speak most for `label`, as reasons to show."""
        numbers, values = self.vocabulary.row(grams_of(text, self.hints))
        pull = values * (self.weights[numbers, self.labels.index(label)] - self.weights[numbers].mean(axis=1))
        best = [numbers[i] for i in np.argsort(-pull, kind="stable")[:most] if pull[i] > 0]
        return tuple(self.vocabulary.grams[i].lstrip("\x02") for i in best)

    def to_bytes(self) -> bytes:
        """Return the model as a file: half-precision weights, the same bytes for the same model."""
        head = {
            "labels": self.labels,
            "grams": self.vocabulary.grams,
            "temperature": self.temperature,
            "about": dict(self.about),
        }
        parts = (
            json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode(),
            self.vocabulary.idf.astype("<f2").tobytes(),
            self.bias.astype("<f4").tobytes(),
            self.weights.astype("<f2").tobytes(),
        )
        packed = zlib.compress(b"".join(len(part).to_bytes(8, "little") + part for part in parts), 6)
        return _MAGIC + zlib.crc32(packed).to_bytes(4, "little") + packed

    @classmethod
    def from_bytes(cls, data: bytes, hints: Hints | None = None) -> LinearModel:
        """Read what `to_bytes` wrote; BrokenModelError for anything else, without ever unpickling."""
        packed = data[len(_MAGIC) + 4 :]
        if not data.startswith(_MAGIC) or zlib.crc32(packed).to_bytes(4, "little") != data[len(_MAGIC) :][:4]:
            raise BrokenModelError("不是本系统的模型文件，或文件已损坏。请重新训练或换回上一个模型。")
        try:
            unpacker = zlib.decompressobj()
            raw = unpacker.decompress(packed, _LARGEST)
            parts = []
            at = 0
            for _ in range(4):
                size = int.from_bytes(raw[at : at + 8], "little")
                parts.append(raw[at + 8 : at + 8 + size])
                at += 8 + size
            head = json.loads(parts[0])
            labels, grams = tuple(map(str, head["labels"])), tuple(map(str, head["grams"]))
            if len(labels) > _MOST_LABELS or len(grams) > _MOST_GRAMS:
                raise ValueError("too large")
            idf = np.frombuffer(parts[1], "<f2").astype(np.float32)
            bias = np.frombuffer(parts[2], "<f4").astype(np.float32)
            weights = np.frombuffer(parts[3], "<f2").astype(np.float32).reshape(len(grams), len(labels))
            if len(idf) != len(grams) or len(bias) != len(labels) or not np.isfinite(weights).all():
                raise ValueError("sizes differ")
            vocabulary = Vocabulary.of(grams, idf)
            return cls(labels, vocabulary, weights, bias, float(head["temperature"]), dict(head["about"]), hints)
        except (ValueError, KeyError, TypeError, zlib.error, MemoryError) as error:
            raise BrokenModelError(f"模型文件内容不完整（{error}）。请换回上一个模型。") from error
