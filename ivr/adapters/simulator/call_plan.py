"""How a simulated phone behaves on a call: politely, or like one of the many bad lines a hotline meets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Dialling:
    """How a call is made. `raw_from` replaces the whole From value, whatever it holds: hostile tests need that.

    `asserted_identity` is a P-Asserted-Identity value; `display` the caller's name; `headers` are sent as they are.
    """

    display: str = ""
    raw_from: str | None = None
    asserted_identity: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    sends_audio: bool = True
    give_up_seconds: float = 32.0


@dataclass(frozen=True, slots=True)
class Answering:
    """What a phone does when it is called.

    It rings (unless `rings` is false), waits `after_seconds`, then answers; or refuses with `refuse_with` (a SIP
    status) if that is not 0; or, when `ignores`, says nothing at all, as a machine that is switched off.
    """

    after_seconds: float = 0.0
    rings: bool = True
    refuse_with: int = 0
    ignores: bool = False
    sends_audio: bool = True


class Manner(StrEnum):
    """The ways in which the emergency service simulator takes a call."""

    ANSWER = "answer"
    SLOW = "slow"
    BUSY = "busy"
    REFUSE = "refuse"
    NO_ANSWER = "no-answer"
    SILENT = "silent"
    MUTE = "mute"


FOREVER_SECONDS = 86_400.0

REASONS = {
    180: "Ringing",
    200: "OK",
    404: "Not Found",
    405: "Method Not Allowed",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    503: "Service Unavailable",
    600: "Busy Everywhere",
    603: "Decline",
}


def answering(manner: Manner, slow_seconds: float = 8.0) -> Answering:
    """Return the plan of a manner: `slow` rings first, `silent` says no word of SIP, `mute` answers without audio."""
    match manner:
        case Manner.ANSWER:
            return Answering()
        case Manner.SLOW:
            return Answering(after_seconds=slow_seconds)
        case Manner.BUSY:
            return Answering(refuse_with=486)
        case Manner.REFUSE:
            return Answering(refuse_with=603)
        case Manner.NO_ANSWER:
            return Answering(after_seconds=FOREVER_SECONDS)
        case Manner.SILENT:
            return Answering(ignores=True)
        case Manner.MUTE:
            return Answering(sends_audio=False)
