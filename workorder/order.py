"""The work order (工单): so far only its first state, the draft that a call leaves behind, and its number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import NewType

from workorder.draft import Draft

OrderNumber = NewType("OrderNumber", str)
"""What people call an order by: `WO20261122-000123`, the day it was opened and its serial number of that day."""

HOTLINE_TIME = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has one time zone without summer time (since 1991); days of orders are days there."""

_NUMBER = re.compile(r"WO[0-9]{8}-[0-9]{6,9}")


class OrderState(StrEnum):
    """Where an order stands."""

    DRAFTED = "drafted"  # 预填


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One order as the store knows it. `revision` counts from 1 and grows with every saved change of its draft.

    `touched` is the revision of the last change by a person (0: none yet); `confirmed` when an agent stood behind it.
    """

    number: OrderNumber
    draft: Draft
    state: OrderState
    revision: int
    created: datetime
    updated: datetime
    touched: int = 0
    confirmed: datetime | None = None
    confirmed_by: str = ""


def order_number(text: str) -> OrderNumber:
    """Return `text` as an OrderNumber; ValueError unless it looks like `WO20261122-000123`."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"not an order number: {text[:80]!r}")
    return OrderNumber(text)


def numbered(day: date, serial: int) -> OrderNumber:
    """Return the number of the `serial`-th order (from 1) of `day`."""
    return order_number(f"WO{day:%Y%m%d}-{serial:06d}")


def order_day(at: datetime) -> date:
    """Return the day in China at the aware instant `at`."""
    return at.astimezone(HOTLINE_TIME).date()
