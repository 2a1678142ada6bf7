"""Where one caller is in a flow: everything the engine remembers between two events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from ivr.call import CallId, NodeId, PhoneNumber
from ivr.flow.book import FlowBook
from ivr.flow.model import NOWHERE
from ivr.flow.switch_cases import QueueFacts

NOTHING: Mapping[str, str] = MappingProxyType({})
NO_QUEUES: Mapping[str, QueueFacts] = MappingProxyType({})
NO_CALLER = PhoneNumber("")


class Phase(Enum):
    """What the caller is doing at the node: each phase but the first and last two has one step command outstanding."""

    NEW = "new"
    SAY = "say"
    ASK = "ask"
    MORE = "more"
    ENTER = "enter"
    CONFIRM = "confirm"
    DONE = "done"
    QUEUED = "queued"
    DIALLED = "dialled"
    RECORDING = "recording"
    HELPED = "helped"
    NET = "net"
    SORRY = "sorry"
    BYE = "bye"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Background:
    """What is known of the call as such. `at` is the present time as last told (offered or resumed), aware UTC.

    `referred_by` is `110` when 110 sent the call to us.
    """

    flow: str
    caller: PhoneNumber = NO_CALLER
    called: str = ""
    original_line: str = ""
    at: datetime | None = None
    queues: Mapping[str, QueueFacts] = field(default_factory=lambda: NO_QUEUES)
    referred_by: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Session:
    """One caller's place in a flow. `path` lists the nodes visited (`flow/node` outside the first flow), at most 200.

    Hours are judged by the time the call was offered (or resumed): the engine has no clock of its own.
    """

    call: CallId
    book: FlowBook
    background: Background
    phase: Phase = Phase.NEW
    flow: str = ""
    node: NodeId = NOWHERE
    variables: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    tries: int = 0
    digits: str = ""
    question: int = 0
    answers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    listening: bool = False
    stack: tuple[tuple[str, NodeId], ...] = ()
    path: tuple[str, ...] = ()
    keys: int = 0
    steps: int = 0
    rescued: bool = False

    @property
    def is_over(self) -> bool:
        """Whether the flow has said its last word (the caller may still be hearing it)."""
        return self.phase in (Phase.BYE, Phase.GONE)

    @property
    def is_with_people(self) -> bool:
        """Whether the caller waits for, or is with, a person."""
        return self.phase in (Phase.QUEUED, Phase.DIALLED, Phase.HELPED, Phase.NET)


def open_session(book: FlowBook, flow: str, call: CallId) -> Session:
    """Return the session of a call that will begin at `flow` when `CallOffered` comes."""
    return Session(call, book, Background(flow), flow=flow)


def told(session: Session, queues: Mapping[str, QueueFacts]) -> Session:
    """Return the session knowing the state of the queues; say it before an event, and write it into the journal."""
    return replace(session, background=replace(session.background, queues=MappingProxyType(dict(queues))))
