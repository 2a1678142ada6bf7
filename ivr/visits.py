"""A caller's visit to the flow, and whom the flow desk asks and tells on the way: ports in the flow's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ivr.call import CallId, ChannelName, PhoneNumber, QueueName
from ivr.commands import Enqueue, InstantCommand
from ivr.events import CallOffered, FlowEvent, QueueLeft
from ivr.flow.book import FlowBook
from ivr.flow.switch_cases import QueueFacts


@dataclass(frozen=True, slots=True)
class Visit:
    """A caller whom the switch has just handed to us; `outcome` is how the last long step ended, if there was one.

    `context` is what 110 told of a call that it sent to us; see CallOffered.
    """

    call: CallId
    channel: ChannelName
    caller: PhoneNumber
    called: str
    flow: str
    original_line: str
    outcome: FlowEvent | None = None
    context: Mapping[str, str] = field(default_factory=dict)


class Shelf(Protocol):
    """The editions of the flows: the present one for new calls, older ones for calls that run on them."""

    def current(self) -> FlowBook: ...

    def edition(self, digest: str) -> FlowBook | None: ...


class QueuePolicy(Protocol):
    """Where a caller waits: routing's business, asked through this port."""

    def place(self, wish: Enqueue) -> Enqueue: ...

    def overflow(self, wish: Enqueue, left: QueueLeft, tried: frozenset[QueueName]) -> Enqueue | None: ...

    def facts(self) -> Mapping[str, QueueFacts]: ...


class HelpLine(Protocol):
    """Whoever calls emergency services: routing's business, asked through this port; returns at once."""

    def call_for_help(self, call: CallId, service: str) -> bool:
        """Begin, or go on, without moving the caller; False when this city does not connect the service."""

    def help_ended(self, call: CallId) -> str:
        """Return `joined` when caller and service understood each other, `answered` when an agent was there, or ``."""


class NoHelpLine:
    """Fulfils `HelpLine` where there is none: the caller goes to a person."""

    def call_for_help(self, call: CallId, service: str) -> bool:
        return False

    def help_ended(self, call: CallId) -> str:
        return ""


class FlowWatcher(Protocol):
    """Whoever follows the callers through the flows; must return at once."""

    def opened(self, offered: CallOffered, flow: str) -> None: ...

    def went(self, call: CallId, path: tuple[str, ...]) -> None: ...

    def told(self, command: InstantCommand) -> None: ...
