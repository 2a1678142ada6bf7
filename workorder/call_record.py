"""What the store keeps of a call beside its order: the call itself, who is to be called back, the survey."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ivr.call import CallId, PhoneNumber


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call, from offer to end; saved anew whenever it moves on. Instants are aware, None while not yet reached.

    `outcome` is one word such as `answered`, `abandoned`, `voicemail`, `callback`, `ivr`; `path` the nodes of the flow.
    `their_id` is the id under which 110 knows a call that it sent to us.
    """

    call: CallId
    caller: PhoneNumber
    called: str = ""
    original_line: str = ""
    flow: str = ""
    path: tuple[str, ...] = ()
    started: datetime | None = None
    queued: datetime | None = None
    answered: datetime | None = None
    ended: datetime | None = None
    queue: str = ""
    seat: str = ""
    outcome: str = ""
    their_id: str = ""


@dataclass(frozen=True, slots=True)
class CallbackRequest:
    """A person to be called back (漏接回拨); at most one per call, the latest counts."""

    call: CallId
    number: PhoneNumber
    reason: str
    asked: datetime
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Survey:
    """A caller's answers (question → key); at most one survey per call, the latest counts."""

    call: CallId
    answers: Mapping[str, str]
    taken: datetime
