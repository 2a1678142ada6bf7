"""Two orders that belong together: linked (关联), or one merged into the other (并案)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workorder.audit import Person
from workorder.order import OrderNumber


class LinkKind(StrEnum):
    """How they belong together."""

    RELATED = "related"  # 关联
    MERGED = "merged"  # 并入


@dataclass(frozen=True, slots=True)
class OrderLink:
    """`number` was linked to `other`, or merged into it, by `person`."""

    number: OrderNumber
    other: OrderNumber
    kind: LinkKind
    person: Person
    at: datetime
