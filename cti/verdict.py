"""What the hotline would make of a text: labels with the words that voted for them, and danger with its reasons."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """A label, its score and confidence (0 to 1) and the words that spoke for it, strongest first."""

    label: str
    score: float
    confidence: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Danger:
    """Whom a danger calls for, how sure that is, and the words that say so."""

    kind: str
    title: str
    is_confirmed: bool
    probability: float
    words: tuple[str, ...]
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything best first; `question` is what an agent would ask to tell the likeliest units apart."""

    categories: tuple[Reason, ...]
    units: tuple[Reason, ...]
    request_types: tuple[Reason, ...]
    urgencies: tuple[Reason, ...]
    concepts: tuple[Reason, ...]
    question: str
    danger: Danger | None


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What may be written into an order as its category (three levels joined by `/`) and its unit."""

    categories: tuple[str, ...]
    units: tuple[str, ...]
