"""What a queue is called inside the switch: `q_` and our name, for `[general]` in queues.conf is not a queue."""

from __future__ import annotations

from ivr.call import QueueName

PREFIX = "q_"
"""The dialplan knows it too: `Queue(q_${HL_QUEUE})`; in HL_QUEUE and everywhere else a queue has our own name."""


def switch_queue(queue: str) -> str:
    """Return the switch's name of our queue."""
    return f"{PREFIX}{queue}"


def our_queue(text: str) -> QueueName:
    """Return our name of the switch's queue."""
    return QueueName(text.removeprefix(PREFIX))
