"""What the order's life asks of its store. Every method may raise StoreError, and may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from workorder.life.actions import Action, Open
from workorder.life.actors import Actor
from workorder.life.history import LifeEvent
from workorder.life.living import LivingOrder
from workorder.life.refusal import Refusal
from workorder.life.states import LifeState
from workorder.life.timers import Timer
from workorder.order import OrderNumber


@dataclass(frozen=True, slots=True)
class Fired:
    """A timer that ran just now, exactly once, and the events it made."""

    number: OrderNumber
    timer: Timer
    events: tuple[LifeEvent, ...]


class LifeStore(Protocol):
    """Orders by their histories. Event, order, timers and message are written together or not at all."""

    async def open(
        self, action: Open, actor: Actor, at: datetime, number: OrderNumber | None = None
    ) -> LivingOrder | Refusal:
        """Begin an order; without a number it gets the day's next one. `action.pack` is the edition to live under."""

    async def act(
        self, number: OrderNumber, action: Action, actor: Actor, at: datetime, version: int | None = None
    ) -> LivingOrder | Refusal:
        """Do it, if the table and the city's rules let this actor; `version` is what the actor saw."""

    async def merge(
        self,
        number: OrderNumber,
        into: OrderNumber,
        told: str,
        actor: Actor,
        at: datetime,
        version: int | None = None,
    ) -> LivingOrder | Refusal:
        """Merge one order into another, both or neither; returns the one that lives on."""

    async def order(self, number: OrderNumber) -> LivingOrder | None: ...

    async def history(self, number: OrderNumber) -> tuple[LifeEvent, ...]: ...

    async def orders(
        self, owner: str = "", states: Sequence[LifeState] = (), due_before: datetime | None = None, limit: int = 50
    ) -> tuple[LivingOrder, ...]:
        """Return orders, what is due first first."""

    async def timers(self, number: OrderNumber) -> tuple[tuple[Timer, datetime | None], ...]:
        """Return the timers that wait or have run, with the instant at which they ran."""

    async def fire(self, server: str, now: datetime, limit: int = 100) -> tuple[Fired, ...]:
        """Run what is due by `now`, the oldest first; a timer that another server runs is left to it."""
