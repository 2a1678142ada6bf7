"""How each kind of node takes a key, silence or words while a prompt plays or after it.

Every function changes the Turn it is given; those named `on_…` return nothing, so that the caller of the line is always
either asked again or moved on.
"""

from __future__ import annotations

from types import MappingProxyType

from ivr.commands import RequestCallback
from ivr.flow.book import DIGITS
from ivr.flow.checks import is_phone, passes
from ivr.flow.model import CALLBACK_NUMBER, CallbackNode, CollectNode, ListenNode, MenuNode, SurveyNode
from ivr.flow.prompt import SILENT, Prompt
from ivr.flow.session import Phase
from ivr.flow.spoken import choose, normalise
from ivr.flow.steps import ask, go, proceed, rescue
from ivr.flow.turn import Turn

PHONE_DIGITS = 12
CALLBACK_DIGIT_SECONDS = 4.0


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
