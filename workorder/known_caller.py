"""What is known of a number before the seat rings: its earlier orders, its last agent, whether it was a nuisance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ivr.call import PhoneNumber, SeatId
from workorder.draft import FieldName
from workorder.order import WorkOrder


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """A number's past. `orders` are the latest, newest first; `calls` counts calls before this one."""

    number: PhoneNumber
    orders: tuple[WorkOrder, ...] = ()
    calls: int = 0
    last_seat: SeatId | None = None
    last_call_at: datetime | None = None
    nuisances: int = 0
    is_vip: bool = False  # 重点服务对象

    def to_plain(self) -> Mapping[str, object]:
        """Return what the bus may carry: masked, without the text of an order."""
        return {
            "caller": self.number.masked,
            "calls": self.calls,
            "last_seat": self.last_seat,
            "last_call_at": self.last_call_at,
            "nuisances": self.nuisances,
            "is_vip": self.is_vip,
            "orders": [
                {
                    "number": order.number,
                    "state": order.state.value,
                    "unit": order.draft.value(FieldName.UNIT),
                    "category": order.draft.value(FieldName.CATEGORY),
                    "created": order.created,
                }
                for order in self.orders
            ],
        }
