"""What an agent's confirmation teaches: the caller's words, and the unit and category that a person stood behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from routing.classify.voting import Target
from workorder.order import OrderNumber


@dataclass(frozen=True, slots=True)
class Lesson:
    """One confirmed order. `caller` is empty when unknown; `suggested…` is what the machine had put first."""

    order: OrderNumber
    caller: str
    text: str
    unit: str
    category: str
    suggested_unit: str
    suggested_category: str
    confirmed: datetime

    def label(self, target: Target) -> str:
        """Return the right answer, empty when the order has none."""
        return self.unit if target is Target.UNIT else self.category

    def suggested(self, target: Target) -> str:
        """Return what was suggested."""
        return self.suggested_unit if target is Target.UNIT else self.suggested_category
