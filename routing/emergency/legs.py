"""The ids that we give to legs of our own: `em-<call>-<raise>-<attempt>` to the emergency side, `ag-…` to an agent.

`nt-…` is a call to a unit's duty telephone, `say-…` what says a sound to a caller: neither is a party of the call.
"""

from __future__ import annotations

from ivr.call import CallId

EMERGENCY = "em-"
AGENT = "ag-"
NOTICE = "nt-"
SAYING = "say-"


def is_ours(channel_id: str) -> bool:
    """Whether we asked for this leg to be a party of a call."""
    return channel_id.startswith((EMERGENCY, AGENT))


def call_of_leg(channel_id: str) -> CallId | None:
    """Return the call for whose sake the leg was asked for; None when it is not ours."""
    if not is_ours(channel_id):
        return None
    return CallId(channel_id[3:].rsplit("-", 2)[0])


def agent_leg(case: str, attempt: int) -> str:
    """Return the id of the `attempt`-th leg that invites an agent into a case."""
    return f"{AGENT}{case}-{attempt}"


def attempt_of(channel_id: str) -> int:
    """Return which attempt a leg of ours is; 0 when that cannot be read."""
    number = channel_id.rpartition("-")[2]
    return int(number) if number.isascii() and number.isdigit() else 0
