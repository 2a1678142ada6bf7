"""What each kind of node does: how it begins, and how it takes a key, silence or words while a prompt plays.

Every function changes the Turn it is given; those named `on_…` return nothing, so that the caller of the line is always
either asked again or moved on.
"""

from __future__ import annotations

from types import MappingProxyType

from ivr.call import NodeId, QueueName
from ivr.commands import CallForHelp, Dial, Enqueue, RecordMessage, RequestCallback
from ivr.flow.book import DIGITS, Table
from ivr.flow.checks import is_phone, passes
from ivr.flow.model import (
    CALLBACK_NUMBER,
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
from ivr.flow.spoken import choose, normalise
from ivr.flow.turn import Turn

PHONE_DIGITS = 12
CALLBACK_DIGIT_SECONDS = 4.0


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


# ------------------------------------------------------------------------------------------------------ keys


def on_digit(turn: Turn, digit: str) -> None:
    """Take one key."""
    table = turn.table
    if table is None:
        rescue(turn)
        return
    node, phase = table.node, turn.phase
    is_collecting = isinstance(node, CollectNode) or phase in (Phase.ENTER, Phase.MORE)
    if digit and digit == table.emergency_key:
        go(turn, table.by_key[digit])
    elif isinstance(node, SurveyNode) and digit in node.questions[turn.question].keys:
        turn.answers = MappingProxyType({**turn.answers, node.questions[turn.question].name: digit})
        _next_question(turn, node)
    elif not is_collecting and phase is not Phase.DONE and digit in table.by_key:
        go(turn, table.by_key[digit])
    elif isinstance(node, CallbackNode) and phase is not Phase.DONE:
        _callback_digit(turn, node, digit)
    elif isinstance(node, CollectNode):
        if digit not in DIGITS and digit != node.end_key and digit in table.by_key:
            go(turn, table.by_key[digit])
        else:
            _collect_digit(turn, node, digit)
    elif table.ahead is not None:
        if turn.enter(table.ahead):
            turn.phase = Phase.ASK
            on_digit(turn, digit)
    elif isinstance(node, MenuNode | SurveyNode | ListenNode):
        on_wrong(turn)
    else:
        ask(turn)


def _collect_digit(turn: Turn, node: CollectNode, digit: str) -> None:
    if digit == node.end_key:
        _judge(turn, node)
        return
    if digit in DIGITS:
        turn.digits += digit
    if len(turn.digits) >= node.longest:
        _judge(turn, node)
    else:
        _more(turn, node.digit_seconds, DIGITS + node.end_key)


def _more(turn: Turn, seconds: float, keys: str) -> None:
    """Wait for the next digit."""
    turn.play(Phase.MORE, (), keys, seconds, turn.listening)


def _judge(turn: Turn, node: CollectNode) -> None:
    digits = turn.digits
    if len(digits) >= node.shortest and passes(node.check, digits):
        turn.remember(node.into, digits)
        go(turn, node.outcomes["then"].node)
    else:
        on_wrong(turn)


def _callback_digit(turn: Turn, node: CallbackNode, digit: str) -> None:
    match turn.phase:
        case Phase.ENTER | Phase.MORE:
            if digit in DIGITS:
                turn.digits += digit
            if digit == "#" or len(turn.digits) >= PHONE_DIGITS:
                _judge_callback(turn)
            else:
                _more(turn, CALLBACK_DIGIT_SECONDS, DIGITS + "#")
        case Phase.CONFIRM if digit == "1":
            _request(turn, node, turn.variables[CALLBACK_NUMBER])
        case Phase.CONFIRM if digit == "2":
            turn.phase, turn.digits = Phase.ENTER, ""
            _ask_again(turn, SILENT)
        case Phase.ASK if digit == "1":
            _request(turn, node, turn.background.caller.digits)
        case Phase.ASK if digit == "2":
            turn.phase = Phase.ENTER
            ask(turn)
        case _:
            on_wrong(turn)


def _judge_callback(turn: Turn) -> None:
    if is_phone(turn.digits):
        turn.remember(CALLBACK_NUMBER, turn.digits)
        turn.phase = Phase.CONFIRM
        ask(turn)
    else:
        on_wrong(turn)


def _request(turn: Turn, node: CallbackNode, number: str) -> None:
    turn.commands.append(RequestCallback(turn.call, number, node.reason, turn.variables))
    turn.phase = Phase.DONE
    ask(turn)


def _next_question(turn: Turn, node: SurveyNode) -> None:
    turn.tries = 0
    turn.question += 1
    if turn.question < len(node.questions):
        ask(turn)
    else:
        turn.question = len(node.questions) - 1
        go(turn, node.outcomes["then"].node)


# ------------------------------------------------------------------------------------------------------ silence


def on_silence(turn: Turn) -> None:
    """Take the end of a prompt and of the wait after it."""
    node = turn.table.node if turn.table is not None else None
    match node:
        case CollectNode() if turn.phase is Phase.MORE:
            _judge(turn, node)
        case CallbackNode() if turn.phase is Phase.MORE:
            _judge_callback(turn)
        case CallbackNode() if turn.phase is Phase.DONE:
            go(turn, node.outcomes["requested"].node)
        case MenuNode() | CollectNode():
            if _may_ask_again(turn, node.tries):
                _ask_again(turn, node.say_silent)
            else:
                go(turn, node.outcomes["no_input"].node)
        case ListenNode():
            if _may_ask_again(turn, node.tries):
                _ask_again(turn, node.say_silent)
            else:
                go(turn, node.outcomes["nothing"].node)
        case CallbackNode():
            if _may_ask_again(turn, node.tries):
                _ask_again(turn, SILENT)
            else:
                go(turn, node.outcomes["declined"].node)
        case SurveyNode():
            if _may_ask_again(turn, node.tries):
                _ask_again(turn, SILENT)
            else:
                _next_question(turn, node)
        case _:
            proceed(turn)


def on_wrong(turn: Turn) -> None:
    """Take an answer that is none."""
    node = turn.table.node if turn.table is not None else None
    match node:
        case MenuNode() | CollectNode():
            if _may_ask_again(turn, node.tries):
                _ask_again(turn, node.say_wrong)
            else:
                go(turn, node.outcomes["no_match"].node)
        case CallbackNode():
            turn.phase = Phase.ENTER if turn.phase is Phase.MORE else turn.phase
            if _may_ask_again(turn, node.tries):
                _ask_again(turn, SILENT)
            else:
                go(turn, node.outcomes["declined"].node)
        case SurveyNode():
            if _may_ask_again(turn, node.tries):
                _ask_again(turn, node.say_wrong)
            else:
                _next_question(turn, node)
        case _:
            on_silence(turn)


def _may_ask_again(turn: Turn, tries: int) -> bool:
    turn.tries += 1
    return turn.tries < tries


def _ask_again(turn: Turn, first: Prompt) -> None:
    turn.digits = ""
    ask(turn, first)


# ------------------------------------------------------------------------------------------------------ words


def on_words(turn: Turn, text: str) -> None:
    """Take what the caller said: a choice, an answer to `listen`, or nothing the node knows."""
    table = turn.table
    if table is None:
        rescue(turn)
        return
    choice = choose(text, table.spoken)
    node = table.node
    if choice is not None:
        go(turn, choice.target.node)
    elif isinstance(node, ListenNode) and normalise(text):
        turn.remember(node.into, normalise(text))
        go(turn, node.outcomes["heard"].node)
    elif turn.phase is Phase.MORE:
        seconds = node.digit_seconds if isinstance(node, CollectNode) else CALLBACK_DIGIT_SECONDS
        _more(turn, seconds, DIGITS + (node.end_key if isinstance(node, CollectNode) else "#"))
    elif turn.phase is Phase.SAY and turn.tries == 0:
        turn.tries += 1  # the words cut the prompt short: say it once more
        ask(turn)
    elif turn.phase not in (Phase.SAY, Phase.DONE) and normalise(text):
        on_wrong(turn)
    else:
        on_silence(turn)
