"""The menu language as values: a Flow is nodes, and every node names where each of its outcomes leads.

Node kinds and their outcomes are tabled in `OUTCOMES` (also printed in docs/flows.md). One closed union, so one module,
however long: a node kind is added here, and mypy names every place that must know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TypeAlias

from ivr.call import NodeId
from ivr.flow.prompt import SILENT, Prompt
from ivr.problems import Place

VERSION = 1
END = NodeId("end")
"""The built-in target that hangs up quietly; no node may bear this name."""

NOWHERE = NodeId("")
CALLBACK_NUMBER = "callback_number"
"""The variable that holds the number a caller keyed in to be called back."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an outcome leads, and where that was written (for a default: where the node is)."""

    node: NodeId
    place: Place


Outcomes: TypeAlias = Mapping[str, Target]


@dataclass(frozen=True, slots=True)
class Choice:
    """A key, the words that mean the same, and wordings that contain such a word but do not mean it."""

    key: str
    target: Target
    words: tuple[str, ...] = ()
    except_words: tuple[str, ...] = ()


Choices: TypeAlias = Mapping[str, Choice]


@dataclass(frozen=True, slots=True)
class SayNode:
    """Says something and goes on."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    say: Prompt


@dataclass(frozen=True, slots=True)
class MenuNode:
    """Lets the caller choose by key or by words; asks `tries` times in all."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    say: Prompt
    choices: Choices
    wait_seconds: float
    tries: int
    say_wrong: Prompt
    say_silent: Prompt


@dataclass(frozen=True, slots=True)
class CollectNode:
    """Takes `shortest` to `longest` digits into a variable; `end_key` ends early, `check` judges them."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    say: Prompt
    into: str
    shortest: int
    longest: int
    end_key: str
    wait_seconds: float
    digit_seconds: float
    tries: int
    check: str
    say_wrong: Prompt
    say_silent: Prompt


@dataclass(frozen=True, slots=True)
class ListenNode:
    """Takes what the caller says into a variable."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    say: Prompt
    into: str
    wait_seconds: float
    tries: int
    say_silent: Prompt


@dataclass(frozen=True, slots=True)
class HoursNode:
    """Asks whether we are open: minutes of the day per weekday from Monday, holidays closed, make-up workdays open."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    weekly: tuple[tuple[tuple[int, int], ...], ...]
    holidays: frozenset[date]
    workdays: frozenset[date]


@dataclass(frozen=True, slots=True)
class Case:
    """One row of a switch; all conditions that are given must hold. Numbers may end in `*` (prefix)."""

    outcome: str
    place: Place
    caller: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    original_line: tuple[str, ...] = ()
    times: tuple[tuple[int, int], ...] = ()
    weekdays: frozenset[int] | None = None
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    queue: str = ""
    queue_place: Place | None = None
    waiting_at_least: int | None = None
    ready_at_most: int | None = None


@dataclass(frozen=True, slots=True)
class SwitchNode:
    """Goes the way of the first case that holds, or `else`."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class SetNode:
    """Sets variables."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class QueueNode:
    """Brings the caller to a person: waits in a queue of the switch; `keys` may leave it (outcome `key.N`)."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    say: Prompt
    queue: str
    queue_place: Place
    priority: int
    wait_seconds: int
    keys: str


@dataclass(frozen=True, slots=True)
class DialNode:
    """Connects to a number of the catalogue."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    say: Prompt
    number: str
    number_place: Place
    ring_seconds: int


@dataclass(frozen=True, slots=True)
class EmergencyNode:
    """Calls an emergency service into the call, and brings the caller to a person meanwhile."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    say: Prompt
    service: str


@dataclass(frozen=True, slots=True)
class VoicemailNode:
    """Records a message."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    say: Prompt
    max_seconds: int
    silence_seconds: int


@dataclass(frozen=True, slots=True)
class CallbackNode:
    """Offers to call back: on this number (1), or on one that is keyed in (2), read back and confirmed."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    say: Prompt
    say_enter: Prompt
    say_confirm: Prompt
    say_done: Prompt
    reason: str
    wait_seconds: float
    tries: int


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a survey and the keys that answer it."""

    name: str
    say: Prompt
    keys: str
    place: Place


@dataclass(frozen=True, slots=True)
class SurveyNode:
    """Asks questions that are answered by one key each; silence skips a question."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    say: Prompt
    questions: tuple[Question, ...]
    wait_seconds: float
    tries: int
    say_wrong: Prompt


@dataclass(frozen=True, slots=True)
class GotoNode:
    """Goes to a node (outcome `then`) or to the start of another flow (`flow`)."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    flow: str = ""
    flow_place: Place | None = None


@dataclass(frozen=True, slots=True)
class SubflowNode:
    """Runs another flow until its `return`, then goes on."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    flow: str
    flow_place: Place


@dataclass(frozen=True, slots=True)
class ReturnNode:
    """Ends a subflow; in a flow that nobody called it hangs up."""

    id: NodeId
    place: Place
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class HangupNode:
    """Says goodbye and hangs up."""

    id: NodeId
    place: Place
    outcomes: Outcomes
    say: Prompt
    cause: int


Node: TypeAlias = (
    SayNode
    | MenuNode
    | CollectNode
    | ListenNode
    | HoursNode
    | SwitchNode
    | SetNode
    | QueueNode
    | DialNode
    | EmergencyNode
    | VoicemailNode
    | CallbackNode
    | SurveyNode
    | GotoNode
    | SubflowNode
    | ReturnNode
    | HangupNode
)

OUTCOMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "say": ("then",),
        "menu": ("choices", "no_input", "no_match"),
        "collect": ("then", "no_input", "no_match"),
        "listen": ("heard", "nothing"),
        "hours": ("open", "closed"),
        "switch": ("cases", "else"),
        "set": ("then",),
        "queue": ("answered", "timeout", "full", "empty", "failed", "keys"),
        "dial": ("answered", "busy", "no_answer", "failed", "refused"),
        "emergency": ("joined", "answered", "failed", "no_policy"),
        "voicemail": ("recorded", "nothing"),
        "callback": ("requested", "declined"),
        "survey": ("then",),
        "goto": ("to",),
        "subflow": ("then",),
        "return": (),
        "hangup": (),
    }
)
"""Node kind → the names of its outcomes as written in a file."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow file. `anytime` works at every node; `fallback` is where anything unforeseen sends the caller.

    `emergency_key` works everywhere that a key is heard at all: in every question, and in the queue.
    `fallback` is `` only in a subflow without a person; the engine then asks the flow that called it.
    """

    name: str
    title: str
    place: Place
    start: Target
    nodes: Mapping[NodeId, Node]
    anytime: Choices = field(default_factory=dict)
    fallback: NodeId = NOWHERE
    is_subflow: bool = False
    speed: float = 1.0
    emergency_key: Choice | None = None


def prompts_of(node: Node) -> tuple[Prompt, ...]:
    """Return every prompt a node may play, the first being the one it begins with."""
    found: tuple[Prompt, ...] = ()
    match node:
        case MenuNode() | CollectNode():
            found = (node.say, node.say_wrong, node.say_silent)
        case ListenNode():
            found = (node.say, node.say_silent)
        case CallbackNode():
            found = (node.say, node.say_enter, node.say_confirm, node.say_done)
        case SurveyNode():
            found = (node.say, node.say_wrong, *(question.say for question in node.questions))
        case SayNode() | QueueNode() | DialNode() | EmergencyNode() | VoicemailNode() | HangupNode():
            found = (node.say,)
        case _:
            pass
    return tuple(prompt for prompt in found if prompt is not SILENT)
