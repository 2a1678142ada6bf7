"""Routing's answers to the flow desk: where a caller waits, and how the queues stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType

from ivr.call import CallId, QueueName
from ivr.commands import Enqueue
from ivr.events import CallerAbandoned, CallerQueued, QueueLeft, QueueLeftBySwitch, SwitchEvent
from ivr.flow.switch_cases import QueueFacts
from routing.plan import overflow_after, place_in_queue
from routing.queue import Queues
from routing.shell import SeatDesk


class Routing:
    """Fulfils `ivr.visits.QueuePolicy` from the queues, the seats, and who waits according to the switch."""

    def __init__(self, queues: Callable[[], Queues], seats: SeatDesk) -> None:
        self._queues = queues
        self._seats = seats
        self._waiting: dict[CallId, QueueName] = {}

    def take(self, event: SwitchEvent) -> None:
        """Count callers in and out of the queues."""
        match event:
            case CallerQueued(call=call, queue=queue):
                self._waiting[call] = queue
            case QueueLeftBySwitch(call=call) | CallerAbandoned(call=call):
                self._waiting.pop(call, None)
            case _:
                pass

    def place(self, wish: Enqueue) -> Enqueue:
        return place_in_queue(wish, self._queues())

    def overflow(self, wish: Enqueue, left: QueueLeft, tried: frozenset[QueueName]) -> Enqueue | None:
        return overflow_after(wish, left, tried, self._queues())

    def facts(self) -> Mapping[str, QueueFacts]:
        waiting = Counter(self._waiting.values())
        facts: dict[str, QueueFacts] = {
            name: QueueFacts(waiting[name], self._seats.ready_in(name)) for name in self._queues().by_name
        }
        return MappingProxyType(facts)
