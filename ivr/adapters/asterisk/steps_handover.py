"""What the dialplan must know to carry out a long step: command → channel variables, HL_DONE last (pure)."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from ivr.commands import Dial, Enqueue, HangUp, RecordMessage

HandOver: TypeAlias = Enqueue | Dial | RecordMessage | HangUp


def variables_for(command: HandOver) -> tuple[tuple[str, str], ...]:
    """Return names and values in the order in which they must be set; the done flag is the last."""
    match command:
        case Enqueue():
            wishes = [
                ("HL_QUEUE", command.queue),
                ("HL_PRIO", str(command.priority)),
                ("HL_WAIT", str(command.wait_seconds)),
                ("HL_KEYS", command.exit_keys),
                ("HL_DO", "queue"),
            ]
        case Dial():
            wishes = [("HL_DIAL", command.number), ("HL_RING", str(command.ring_seconds)), ("HL_DO", "dial")]
        case RecordMessage():
            wishes = [
                ("HL_RECORD_SECONDS", str(command.max_seconds)),
                ("HL_RECORD_SILENCE", str(command.silence_seconds)),
                ("HL_DO", "record"),
            ]
        case HangUp():
            wishes = [("HL_CAUSE", str(command.cause)), ("HL_DO", "hangup")]
        case _:
            assert_never(command)
    return (*wishes, ("HL_DONE", "1"))
