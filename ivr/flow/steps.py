"""What each kind of node does of itself: how it begins, what it says and asks, what comes after its words.

Every function changes the Turn it is given. What callers answer is taken in answers.py.
"""

from __future__ import annotations

from ivr.call import NodeId, QueueName
from ivr.commands import CallForHelp, Dial, Enqueue, RecordMessage
from ivr.flow.book import DIGITS, Table
from ivr.flow.model import (
    CallbackNode,
    CollectNode,
    DialNode,
    EmergencyNode,
    HangupNode,
    ListenNode,
    MenuNode,
    QueueNode,
    SayNode,
    SurveyNode,
    VoicemailNode,
)
from ivr.flow.prompt import SILENT, Prompt, sounds_with
from ivr.flow.session import Phase
from ivr.flow.turn import Turn


def go(turn: Turn, target: NodeId) -> None:
    """Move to a node and begin it."""
    if turn.enter(target):
        begin(turn)


def rescue(turn: Turn) -> None:
    """Bring the caller to a person, and begin that."""
    if turn.rescue():
        begin(turn)


def begin(turn: Turn) -> None:
    """Do the first thing of the node just entered."""
    table = turn.table
    node = table.node if table is not None else None
    match node:
        case MenuNode() | CollectNode() | ListenNode() | SurveyNode():
            ask(turn)
        case CallbackNode() if not turn.background.caller.is_known:
            turn.phase = Phase.ENTER
            ask(turn)
        case CallbackNode():
            ask(turn)
        case (
            SayNode(say=say)
            | QueueNode(say=say)
            | DialNode(say=say)
            | EmergencyNode(say=say)
            | VoicemailNode(say=say)
            | HangupNode(say=say)
        ):
            if say or isinstance(node, SayNode):
                turn.phase = Phase.SAY
                ask(turn)
            else:
                proceed(turn)
        case _:
            rescue(turn)


def proceed(turn: Turn) -> None:
    """Do what comes after the words of a node that is not a question."""
    node = turn.table.node if turn.table is not None else None
    match node:
        case SayNode():
            go(turn, node.outcomes["then"].node)
        case QueueNode():
            turn.keys = 0
            turn.listen(False)
            queue = QueueName(node.queue)
            turn.step(Phase.QUEUED, Enqueue(turn.call, queue, node.priority, node.wait_seconds, node.keys))
        case DialNode():
            turn.keys = 0
            turn.listen(False)
            turn.step(Phase.DIALLED, Dial(turn.call, node.number, node.ring_seconds))
        case EmergencyNode():
            turn.keys = 0
            turn.listen(False)
            turn.step(Phase.HELPED, CallForHelp(turn.call, node.service))
        case VoicemailNode():
            turn.listen(False)
            turn.step(Phase.RECORDING, RecordMessage(turn.call, node.max_seconds, node.silence_seconds))
        case HangupNode():
            turn.hang_up(node.cause)
        case _:
            rescue(turn)


def ask(turn: Turn, first: Prompt = SILENT) -> None:
    """Play what the node says in its present phase, after `first` (an apology)."""
    table = turn.table
    if table is None:
        rescue(turn)
        return
    node, keys, wait, prompt = table.node, table.keys, 0.0, SILENT
    phase = turn.phase if turn.phase in (Phase.SAY, Phase.ENTER, Phase.CONFIRM, Phase.DONE) else Phase.ASK
    match node:
        case MenuNode() | CollectNode() | ListenNode():
            prompt, wait, phase = node.say, node.wait_seconds, Phase.ASK
        case CallbackNode():
            prompt, keys = _callback_prompt(node, phase, table)
            wait = 0.0 if phase is Phase.DONE else node.wait_seconds
        case SurveyNode():
            question = node.questions[turn.question]
            prompt, wait, phase = question.say, node.wait_seconds, Phase.ASK
            keys = "".join(dict.fromkeys(question.keys + "".join(table.by_key)))
            if turn.question == 0 and turn.tries == 0 and not first:
                first = node.say
        case SayNode() | QueueNode() | DialNode() | EmergencyNode() | VoicemailNode() | HangupNode():
            prompt, phase = node.say, Phase.SAY
        case _:
            pass
    sounds = sounds_with(prompt, turn.variables)
    if first:
        sounds = sounds_with(first, turn.variables) + sounds
    turn.play(phase, sounds, keys, wait, table.listens)


def _callback_prompt(node: CallbackNode, phase: Phase, table: Table) -> tuple[Prompt, str]:
    match phase:
        case Phase.ENTER:
            return node.say_enter, DIGITS + "#"
        case Phase.CONFIRM:
            return node.say_confirm, table.keys
        case Phase.DONE:
            return node.say_done, ""
        case _:
            return node.say, table.keys
