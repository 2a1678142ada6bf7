"""One telephone call as a YAML document: what happens in plain words, what is heard and done; kept and played again.

call: 沉默的来电人转到人工
flow: menu
caller: "13812345678"          # may be left out
at: 2026-11-23T10:00:00+08:00
queues: {general: [3, 0]}      # waiting, ready; may be left out
story:
  - heard: 您好，…             # what the caller hears now (words, joined), in full or a part of it
  - silence
  - key: 3
  - keys: "123456#"
  - words: 人工
  - does: 排队 general          # what the switch is asked for
  - queue: timeout             # how the queue let go of the caller (answered timeout full empty failed, key 1)
  - dial: busy
  - help: joined               # how a call for help ended (joined answered failed no_policy)
  - message: 12.5              # seconds of a message left
  - fails                      # the switch could not do the step
  - resumed
  - hangs up
  - path: [greeting, human]
  - ends: over | person | gone
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ivr.call import CallId, PhoneNumber, QueueName
from ivr.commands import (
    CallForHelp,
    Command,
    Dial,
    Enqueue,
    HangUp,
    Note,
    PlayPrompt,
    RecordMessage,
    RequestCallback,
    SaveSurvey,
)
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
from ivr.flow.session import Phase, Session

CALL = CallId("play-1")
OUTCOMES = ("answered", "timeout", "full", "empty", "failed")
DIAL_OUTCOMES = ("answered", "busy", "no_answer", "failed", "refused")
HELP_OUTCOMES = ("joined", "answered", "failed", "no_policy")


@dataclass(frozen=True, slots=True)
class Opening:
    """How a call begins."""

    flow: str
    at: datetime
    caller: str = ""
    called: str = "12345"

    def offered(self) -> CallOffered:
        return CallOffered(CALL, PhoneNumber.parse(self.caller), self.called, self.at)


def words_heard(commands: Sequence[Command], words: Mapping[str, str]) -> str:
    """Return what a caller hears of these commands, in words; a sound without known words shows its name."""
    sounds = [sound for command in commands if isinstance(command, PlayPrompt) for sound in command.sounds]
    return "".join(words.get(sound) or f"〔{sound}〕" for sound in sounds)


def deeds(commands: Sequence[Command]) -> tuple[str, ...]:
    """Return what the switch is asked for besides prompts, one phrase each."""
    return tuple(phrase for command in commands if (phrase := _deed(command)))


def _deed(command: Command) -> str:
    match command:
        case Enqueue(queue=queue, priority=priority):
            return f"排队 {queue}" + (f" 优先级 {priority}" if priority else "")
        case Dial(number=number):
            return f"拨打 {number}"
        case CallForHelp(service=service):
            return f"紧急呼叫 {service}"
        case RecordMessage():
            return "录留言"
        case HangUp():
            return "挂机"
        case RequestCallback(number=number, reason=reason):
            return f"登记回拨 {number} {reason}"
        case SaveSurvey(answers=answers):
            return "评价 " + " ".join(f"{name}={key}" for name, key in answers.items())
        case Note(name=name):
            return f"记录 {name}"
        case _:
            return ""


def events_of(item: object, session: Session, at: datetime) -> tuple[FlowEvent, ...] | None:
    """Return the events of one item of a story, or None when the item is an expectation or unknown."""
    call = session.call
    match item:
        case "silence":
            return (WaitExpired(call),)
        case "fails":
            return (StepFailed(call, "play"),)
        case "resumed":
            return (Resumed(call, at),)
        case "hangs up":
            return (CallerHungUp(call),)
        case {"key": key}:
            return (DigitPressed(call, str(key)),)
        case {"keys": keys}:
            return tuple(DigitPressed(call, key) for key in str(keys))
        case {"words": text}:
            return (WordsHeard(call, str(text)),)
        case {"queue": outcome}:
            return (_queue_left(session, str(outcome)),)
        case {"dial": outcome}:
            return (DialEnded(call, str(outcome)),)
        case {"help": outcome}:
            return (EmergencyEnded(call, str(outcome)),)
        case {"message": seconds}:
            return (VoicemailLeft(call, "message.wav", float(str(seconds))),)
        case _:
            return None


def _queue_left(session: Session, outcome: str) -> QueueLeft:
    name, _, digit = outcome.partition(" ")
    return QueueLeft(session.call, QueueName("general"), name, digit)


def standing(session: Session) -> str:
    """Return how the caller stands: `gone`, `over` (hung up by us), `person`, or `flow`."""
    if session.phase is Phase.GONE:
        return "gone"
    if session.phase is Phase.BYE:
        return "over"
    return "person" if session.is_with_people else "flow"
