"""An order with everything that is kept of it, for writing many at once."""

from __future__ import annotations

from dataclasses import dataclass

from workorder.call_record import CallRecord
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder
from workorder.order import WorkOrder


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """The draft as it was confirmed, the life with its history, and the call (a contact, for other channels)."""

    draft: WorkOrder
    order: LivingOrder
    history: tuple[LifeEvent, ...]
    call: CallRecord
