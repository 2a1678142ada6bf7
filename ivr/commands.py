"""Wishes, in the imperative: what a flow asks for one caller.

Of the commands that one step returns, at most the last is a *step command*: it takes time and its end comes back as
a FlowEvent. The others take effect at once and are never answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ivr.call import CallId, NodeId, QueueName

# ---------------------------------------------------------------------------------------------------- step commands


@dataclass(frozen=True, slots=True)
class PlayPrompt:
    """Play `sounds` in order, then wait in silence for `wait_seconds`.

    `sounds` are names of prepared prompts (no path, no extension). A key in `keys` ends it at once with DigitPressed;
    other keys are ignored. While the flow is listening, final words end it with WordsHeard. Else WaitExpired.
    """

    call: CallId
    sounds: tuple[str, ...]
    keys: str = ""
    wait_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Hand the caller to the switch's queue; comes back as QueueLeft unless the call ends there.

    `priority` orders callers (higher first), `wait_seconds` bounds the wait (0: no bound), `exit_keys` let one leave.
    """

    call: CallId
    queue: QueueName
    priority: int = 0
    wait_seconds: int = 0
    exit_keys: str = ""


@dataclass(frozen=True, slots=True)
class Dial:
    """Connect the caller to another number or seat; comes back as DialEnded unless the call ends there."""

    call: CallId
    number: str
    ring_seconds: int = 30


@dataclass(frozen=True, slots=True)
class RecordMessage:
    """Record the caller's message (beep, then until `#`, silence or `max_seconds`); comes back as VoicemailLeft."""

    call: CallId
    max_seconds: int = 120
    silence_seconds: int = 5


@dataclass(frozen=True, slots=True)
class CallForHelp:
    """Raise an emergency (`service` is 110, 119, 120 or 122) and wait at the head of the queue for everybody.

    Comes back as EmergencyEnded unless the call ends there.
    """

    call: CallId
    service: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call; `cause` is a Q.850 cause (16: normal clearing)."""

    call: CallId
    cause: int = 16


# ------------------------------------------------------------------------------------------------ commands at once


@dataclass(frozen=True, slots=True)
class StartListening:
    """From now on final words of the caller end the present step with WordsHeard."""

    call: CallId


@dataclass(frozen=True, slots=True)
class StopListening:
    """Words no longer steer the flow (they are still written down)."""

    call: CallId


@dataclass(frozen=True, slots=True)
class RememberPlace:
    """Tell the switch which node the caller is at (popup, operators, safety nets)."""

    call: CallId
    node: NodeId


@dataclass(frozen=True, slots=True)
class RequestCallback:
    """Put `number` (digits) on the list of people to be called back (漏接回拨), with what the flow knows."""

    call: CallId
    number: str
    reason: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SaveSurvey:
    """Keep the caller's answers to a survey (question → key)."""

    call: CallId
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Note:
    """Write one fact about this call into its journal and onto the bus."""

    call: CallId
    name: str
    fields: Mapping[str, str] = field(default_factory=dict)


StepCommand: TypeAlias = PlayPrompt | Enqueue | Dial | RecordMessage | CallForHelp | HangUp
InstantCommand: TypeAlias = StartListening | StopListening | RememberPlace | RequestCallback | SaveSurvey | Note
Command: TypeAlias = StepCommand | InstantCommand
