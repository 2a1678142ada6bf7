"""Where a simulated call is, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class LineState(Enum):
    """Where the call is."""

    CALLING = auto()
    RINGING = auto()
    TALKING = auto()
    ENDED = auto()


class EndedBy(Enum):
    """Why it is over."""

    HERE = auto()
    THERE = auto()
    REFUSED = auto()
    CANCELLED = auto()
    NO_ANSWER = auto()
    VANISHED = auto()


@dataclass(frozen=True, slots=True)
class Ending:
    """How the call ended; `status` is the SIP status of a refusal, `reason` the other side's words."""

    by: EndedBy
    status: int = 0
    reason: str = ""
