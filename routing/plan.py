"""Where a caller waits: queue, priority and overflow. Policy only; the switch holds the callers."""

from __future__ import annotations

from ivr.call import QueueName
from ivr.commands import Enqueue
from ivr.events import QueueLeft
from routing.queue import Queues

EMERGENCY_PRIORITY = 100
"""Ahead of every ordinary caller."""

_OVERFLOWING = frozenset({"timeout", "full", "empty", "failed"})


def place_in_queue(wish: Enqueue, queues: Queues) -> Enqueue:
    """Return the wish with the queue's own rules: unknown queues become the default one, waits end at the overflow."""
    queue = queues.by_name.get(wish.queue, queues.default)
    wait = wish.wait_seconds or queue.wait_seconds
    if queue.overflow:
        wait = min(wait, queue.overflow.after_seconds)
    return Enqueue(wish.call, queue.name, wish.priority + queue.priority, wait, wish.exit_keys)


def overflow_after(wish: Enqueue, left: QueueLeft, tried: frozenset[QueueName], queues: Queues) -> Enqueue | None:
    """Return where the caller goes on waiting after `left`, or None when the flow must decide.

    `wish` is what the flow asked for at first; `tried` are the queues the caller has waited in so far.
    """
    queue = queues.by_name.get(left.queue)
    if queue is None or queue.overflow is None or left.outcome not in _OVERFLOWING or queue.overflow.to in tried:
        return None
    onward = Enqueue(wish.call, queue.overflow.to, wish.priority + queue.priority, wish.wait_seconds, wish.exit_keys)
    return place_in_queue(onward, queues)
