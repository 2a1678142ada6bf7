"""What a benchmark returns: figures, each beside its peer of the same run; and how they are spread and printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. `better` says which way is good; `target` (if any) is a bound on `ours`, or on the ratio.

    `ratio` is ours divided by the peer's. `note` says what a reader must know of this figure alone.
    """

    name: str
    unit: str
    ours: float
    peer: float | None = None
    peer_name: str = ""
    better: Literal["less", "more", "equal"] = "less"
    target: float | None = None
    of_ratio: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.peer if self.peer else None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is reached; None where there is none."""
        value = self.ratio if self.of_ratio else self.ours
        if self.target is None or value is None:
            return None
        match self.better:
            case "less":
                return value <= self.target
            case "more":
                return value >= self.target
        return value == self.target


@dataclass(frozen=True, slots=True)
class Options:
    """How thoroughly to measure, and where progress is told."""

    quick: bool = False
    say: Say = field(default=print)

    def pick(self, full: float, quick: float) -> float:
        return quick if self.quick else full


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie (nearest rank); nan of nothing."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


def shown(value: float | None) -> str:
    """Return a figure with three significant digits, whole from 100 on."""
    if value is None:
        return "–"
    if value != value:
        return "nothing measured"
    if value == round(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
