"""What a call's task hears of: the switch's events and the ears' words, and these of our own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ivr.call import CallId, Leg
from ivr.commands import InstantCommand
from ivr.events import CallOffered, SwitchEvent
from ivr.ports import Heard


@dataclass(frozen=True, slots=True)
class FlowOpened:
    """A flow began (or took back) the call."""

    offered: CallOffered
    flow: str


@dataclass(frozen=True, slots=True)
class FlowWent:
    """The flow reached these nodes so far."""

    call: CallId
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TapLost:
    """A leg is no longer heard; perhaps it is gone, perhaps only the tap is."""

    call: CallId
    leg: Leg


@dataclass(frozen=True, slots=True)
class Asked:
    """The flow asked for something that outlives the call: a callback, a survey, a note."""

    command: InstantCommand


@dataclass(frozen=True, slots=True)
class TextLate:
    """The machine is too slow for the live text of a leg: so many seconds wait for the end of the call."""

    call: CallId
    leg: Leg
    shed_s: float


@dataclass(frozen=True, slots=True)
class PauseAsked:
    """Somebody (or the limit) wants recording and recognition to pause or to go on; `answer` is told what became."""

    paused: bool
    by: str
    answer: Callable[[Answer], None] | None = None


Letter: TypeAlias = FlowOpened | FlowWent | TapLost | TextLate | Asked | SwitchEvent | Heard
Answer: TypeAlias = tuple[bool, str]
"""Whether it was done, and what to tell the person who asked (Chinese)."""
