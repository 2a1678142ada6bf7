"""What can go wrong on a simulated telephone line."""

from __future__ import annotations

from ivr.errors import WorldError


class SimulatedPhoneError(WorldError):
    """A simulated phone could not do what it was asked."""


class NotLoopbackError(SimulatedPhoneError):
    """A simulated phone was pointed at a machine other than this one; it never sends a packet there."""


class CallRefusedError(SimulatedPhoneError):
    """The other side refused the call; `status` is its SIP status code, `reason` its words."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"the call was refused: {status} {reason}")
        self.status = status
        self.reason = reason


class CallTimeoutError(SimulatedPhoneError):
    """What was waited for on the line did not happen in time."""


class CallOverError(SimulatedPhoneError):
    """The call ended while something was still expected of it."""
