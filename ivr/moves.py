"""What every stage asks of a call that is already on the switch, in the dialplan's words. Each raises SwitchError."""

from __future__ import annotations

from ivr.call import ChannelName, PhoneNumber, QueueName
from ivr.ports import Switch

HOTLINE = PhoneNumber("12345")
"""Who calls, to whom the hotline itself calls."""


async def send_to_queue(switch: Switch, caller: ChannelName, queue: QueueName | None, priority: int) -> None:
    """Take the caller out of where they are and let them wait, without limit; None is the queue they had before."""
    wishes = {"HL_QUEUE": queue} if queue is not None else {}
    for name, value in {**wishes, "HL_PRIO": str(priority), "HL_WAIT": "", "HL_KEYS": "", "HL_DO": "queue"}.items():
        await switch.set_variable(caller, name, value)
    await switch.redirect(caller, "hl-done", "s")


async def end_leg(switch: Switch, leg: str) -> None:
    """Hang up the leg that was called under this id, if it is still there."""
    snapshot = await switch.snapshot()
    channel = next((each.channel for each in snapshot.channels if each.unique_id == leg), None)
    if channel is not None:
        await switch.hang_up(channel)
