"""The flow engine: `advance(session, event)` returns the session after an event and what the switch must now do.

Pure: no clock, no I/O, no randomness. An event that does not fit the present phase is ignored (no commands); when the
shell then has no step outstanding it says `Resumed`, and the present step is begun again. After `CallerHungUp`
nothing is ever commanded. Whatever is impossible, too long or too often brings the caller to a person.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ivr.commands import Command, HangUp, Note, PlayPrompt, RequestCallback, StartListening
from ivr.events import (
    CallerHungUp,
    CallOffered,
    DialEnded,
    DigitPressed,
    EmergencyEnded,
    FlowEvent,
    QueueLeft,
    Resumed,
    StepFailed,
    VoicemailLeft,
    WaitExpired,
    WordsHeard,
)
from ivr.flow.answers import on_digit, on_silence, on_words
from ivr.flow.book import FlowBook
from ivr.flow.model import DialNode, EmergencyNode, QueueNode, VoicemailNode
from ivr.flow.prompt import named_sound
from ivr.flow.session import Phase, Session, open_session
from ivr.flow.steps import ask, go, proceed, rescue
from ivr.flow.turn import MOST_KEYS, MOST_STEPS, Turn

MISSED_REASON = "排队未接通"
SHORTEST_MESSAGE_SECONDS = 1.0
_PROMPTING = frozenset((Phase.SAY, Phase.ASK, Phase.MORE, Phase.ENTER, Phase.CONFIRM, Phase.DONE))

Step = tuple[Session, tuple[Command, ...]]


def advance(session: Session, event: FlowEvent) -> Step:
    """Return the session after `event`, and what the switch must now do."""
    if session.phase is Phase.GONE or event.call != session.call:
        return session, ()
    if isinstance(event, CallerHungUp):
        return replace(session, phase=Phase.GONE, listening=False), ()
    if session.phase is Phase.BYE:
        return session, ((HangUp(session.call),) if isinstance(event, Resumed) else ())
    turn = Turn(session)
    _take(turn, event)
    if not turn.commands:
        return session, ()
    return turn.session(), tuple(turn.commands)


def begin_call(book: FlowBook, flow: str, offered: CallOffered) -> Step:
    """Open a session for a call just offered and return it with its first commands."""
    return advance(open_session(book, flow, offered.call), offered)


def _take(turn: Turn, event: FlowEvent) -> None:
    phase = turn.phase
    if phase in _PROMPTING and turn.steps > MOST_STEPS:
        rescue(turn)
        return
    match event:
        case DigitPressed(digit=digit) if phase in _PROMPTING:
            turn.keys += 1
            if turn.keys > MOST_KEYS:
                rescue(turn)
            else:
                on_digit(turn, digit)
        case WaitExpired() | StepFailed() if phase in _PROMPTING:
            on_silence(turn)
        case WordsHeard(text=text) if phase in _PROMPTING:
            on_words(turn, text)
        case QueueLeft() if phase is Phase.QUEUED:
            _leave_queue(turn, event)
        case DialEnded(outcome=outcome) if phase is Phase.DIALLED:
            _leave(turn, outcome)
        case EmergencyEnded(outcome=outcome) if phase is Phase.HELPED:
            _leave(turn, outcome)
        case StepFailed() if phase in (Phase.QUEUED, Phase.DIALLED, Phase.HELPED):
            _leave(turn, "failed")
        case VoicemailLeft() if phase is Phase.RECORDING:
            fields = {"file": event.file, "seconds": f"{event.seconds:g}"}
            turn.commands.append(Note(turn.call, "voicemail_left", fields))
            _leave(turn, "recorded" if event.seconds >= SHORTEST_MESSAGE_SECONDS else "nothing")
        case StepFailed() if phase is Phase.RECORDING:
            _leave(turn, "nothing")
        case QueueLeft() | StepFailed() if phase is Phase.NET:
            _leave_net(turn, isinstance(event, QueueLeft) and event.outcome == "answered")
        case WaitExpired() | StepFailed() if phase is Phase.SORRY:
            turn.hang_up()
        case QueueLeft(outcome="answered"):
            turn.hang_up()  # a safety net of the switch brought the caller to a person meanwhile
        case CallOffered() if phase is Phase.NEW:
            _begin(turn, event.at, event)
        case Resumed(at=at):
            _resume(turn, at)
        case _:
            pass


def _begin(turn: Turn, at: datetime, offered: CallOffered | None) -> None:
    known = turn.background
    if offered is not None:
        line, sent_by = offered.original_line, offered.context.get("from", "")
        known = replace(known, caller=offered.caller, called=offered.called, original_line=line, referred_by=sent_by)
    turn.background = replace(known, at=at)
    flow = turn.book.flows.get(turn.flow)
    if flow is None:
        rescue(turn)
    else:
        go(turn, flow.start.node)


def _resume(turn: Turn, at: datetime) -> None:
    """Begin the present step again: the switch or we were away, so the ears are opened anew as well."""
    if turn.phase is Phase.NEW:
        _begin(turn, at, None)
        return
    turn.background = replace(turn.background, at=at)
    if turn.listening:
        turn.commands.append(StartListening(turn.call))
    if turn.steps > MOST_STEPS or turn.phase is Phase.NET:
        rescue(turn)
    elif turn.phase is Phase.SORRY:
        _apologise(turn)
    elif turn.phase in _PROMPTING:
        if turn.phase is Phase.MORE and turn.digits:
            turn.digits = ""
            turn.phase = Phase.ENTER
        ask(turn)
    else:
        proceed(turn)


def _leave_queue(turn: Turn, event: QueueLeft) -> None:
    _leave(turn, f"key.{event.digit}" if event.outcome == "key" else event.outcome)


def _leave(turn: Turn, outcome: str) -> None:
    """Go the way of an outcome; one the node does not know counts as failed."""
    node = turn.table.node if turn.table is not None else None
    if isinstance(node, QueueNode | DialNode | EmergencyNode | VoicemailNode):
        target = node.outcomes.get(outcome) or node.outcomes.get("failed")
        if target is not None:
            go(turn, target.node)
            return
    rescue(turn)


def _leave_net(turn: Turn, was_answered: bool) -> None:
    if was_answered:
        turn.hang_up()
        return
    caller = turn.background.caller
    if caller.is_known:
        turn.commands.append(RequestCallback(turn.call, caller.digits, MISSED_REASON, turn.variables))
    _apologise(turn)


def _apologise(turn: Turn) -> None:
    turn.step(Phase.SORRY, PlayPrompt(turn.call, (named_sound("nobody_free"),)))


__all__ = ["Step", "advance", "begin_call", "open_session"]
