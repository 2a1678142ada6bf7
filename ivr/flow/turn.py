"""One step of the engine in the making: the session unfolded, the commands so far, and moving between nodes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ivr.call import CallId, NodeId, QueueName
from ivr.commands import (
    Command,
    Enqueue,
    HangUp,
    PlayPrompt,
    RememberPlace,
    SaveSurvey,
    StartListening,
    StepCommand,
    StopListening,
)
from ivr.flow.book import FlowBook, Table
from ivr.flow.hours import is_open
from ivr.flow.model import END, NOWHERE, GotoNode, HoursNode, Node, ReturnNode, SetNode, SubflowNode, SwitchNode
from ivr.flow.session import NOTHING, Background, Phase, Session
from ivr.flow.switch_cases import Circumstances, holds

MOST_HOPS = 64
MOST_STEPS = 400
MOST_KEYS = 100
MOST_PATH = 200
DEEPEST_STACK = 8


class Turn:
    """A session laid open for one event; `session()` closes it. Lives no longer than one call of `advance`."""

    __slots__ = (
        "answers",
        "background",
        "book",
        "call",
        "commands",
        "digits",
        "flow",
        "keys",
        "listening",
        "node",
        "path",
        "phase",
        "question",
        "rescued",
        "stack",
        "steps",
        "table",
        "tries",
        "variables",
    )

    def __init__(self, session: Session) -> None:
        self.commands: list[Command] = []
        self.call: CallId = session.call
        self.book: FlowBook = session.book
        self.background: Background = session.background
        self.phase: Phase = session.phase
        self.flow: str = session.flow
        self.node: NodeId = session.node
        self.variables: Mapping[str, str] = session.variables
        self.tries: int = session.tries
        self.digits: str = session.digits
        self.question: int = session.question
        self.answers: Mapping[str, str] = session.answers
        self.listening: bool = session.listening
        self.stack: tuple[tuple[str, NodeId], ...] = session.stack
        self.path: tuple[str, ...] = session.path
        self.keys: int = session.keys
        self.steps: int = session.steps
        self.rescued: bool = session.rescued
        tables = session.book.tables.get(session.flow)
        self.table: Table | None = tables.get(session.node) if tables is not None else None

    def session(self) -> Session:
        """Return the session after this turn."""
        return Session(
            self.call,
            self.book,
            self.background,
            self.phase,
            self.flow,
            self.node,
            self.variables,
            self.tries,
            self.digits,
            self.question,
            self.answers,
            self.listening,
            self.stack,
            self.path,
            self.keys,
            self.steps,
            self.rescued,
        )

    # ------------------------------------------------------------------------------------------------ commanding

    def step(self, phase: Phase, command: StepCommand) -> None:
        """Ask for the step that the caller is now in."""
        self.phase = phase
        self.steps += 1
        self.commands.append(command)

    def play(self, phase: Phase, sounds: tuple[str, ...], keys: str, wait: float, listens: bool) -> None:
        """Ask for a prompt, with the ears open or closed as the node wants them."""
        self.listen(listens)
        urgent = self.table.emergency_key if self.table is not None else ""
        keys = keys if urgent in keys else keys + urgent
        self.step(phase, PlayPrompt(self.call, sounds, keys, wait))

    def listen(self, wanted: bool) -> None:
        """Open or close the ears."""
        if wanted != self.listening:
            self.listening = wanted
            self.commands.append(StartListening(self.call) if wanted else StopListening(self.call))

    def remember(self, name: str, value: str) -> None:
        """Set a variable."""
        self.variables = MappingProxyType({**self.variables, name: value})

    def hang_up(self, cause: int = 16) -> None:
        """End the call."""
        self.listen(False)
        self.step(Phase.BYE, HangUp(self.call, cause))

    # ------------------------------------------------------------------------------------------------ moving

    def enter(self, target: NodeId) -> bool:
        """Move to `target`, on through nodes that take no time; whether a node was reached that must now begin.

        False when the call was ended or rescued on the way.
        """
        if self.answers:
            self.commands.append(SaveSurvey(self.call, self.answers))
            self.answers = NOTHING
        if self.steps > MOST_STEPS:
            self.rescue()
            return False
        for _ in range(MOST_HOPS):
            if target == END:
                self.hang_up()
                return False
            table = self.book.tables[self.flow].get(target) if self.flow in self.book.tables else None
            if table is None:
                break
            self._arrive(target, table)
            onward = self._onward(table.node)
            if onward is None:
                self.commands.append(RememberPlace(self.call, target))
                return True
            target = onward
        return self.rescue()

    def _arrive(self, id_: NodeId, table: Table) -> None:
        self.node, self.table = id_, table
        self.phase, self.tries, self.digits, self.question = Phase.ASK, 0, "", 0
        if len(self.path) < MOST_PATH:
            self.path = (*self.path, id_ if self.flow == self.background.flow else f"{self.flow}/{id_}")

    def _onward(self, node: Node) -> NodeId | None:
        """Return where a node leads that takes no time, or None when the node has something to do."""
        kind = type(node)
        if kind not in _INSTANT:
            return None
        match node:
            case HoursNode():
                at = self.background.at
                opened = at is not None and is_open(node.weekly, node.holidays, node.workdays, at)
                return node.outcomes["open" if opened else "closed"].node
            case SwitchNode():
                now = self._circumstances()
                outcome = next((case.outcome for case in node.cases if holds(case, now)), "else")
                return node.outcomes[outcome].node
            case SetNode():
                self.variables = MappingProxyType({**self.variables, **node.variables})
                return node.outcomes["then"].node
            case GotoNode(flow=""):
                return node.outcomes["then"].node
            case GotoNode() | SubflowNode():
                return self._into(node)
            case ReturnNode():
                if not self.stack:
                    return END
                self.flow, back = self.stack[-1]
                self.stack = self.stack[:-1]
                return back
            case _:
                return None

    def _into(self, node: GotoNode | SubflowNode) -> NodeId:
        flow = self.book.flows.get(node.flow)
        if flow is None or len(self.stack) >= DEEPEST_STACK:
            return NOWHERE
        if isinstance(node, SubflowNode):
            self.stack = (*self.stack, (self.flow, node.outcomes["then"].node))
        self.flow = flow.name
        return flow.start.node

    def _circumstances(self) -> Circumstances:
        known = self.background
        caller = known.caller.digits
        return Circumstances(caller, known.called, known.original_line, known.at, self.variables, known.queues)

    def rescue(self) -> bool:
        """Bring the caller to a person whatever happened: the flow's fallback once, then the bare queue."""
        flow = self.book.flows.get(self.flow)
        if not self.rescued and self.steps <= MOST_STEPS and flow is not None and flow.fallback in flow.nodes:
            self.rescued, self.keys = True, 0
            return self.enter(flow.fallback)
        self.listen(False)
        self.step(Phase.NET, Enqueue(self.call, QueueName(self.book.default_queue), 0, 0, ""))
        return False


_INSTANT = frozenset((HoursNode, SwitchNode, SetNode, GotoNode, SubflowNode, ReturnNode))
