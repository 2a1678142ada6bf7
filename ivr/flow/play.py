"""`hotline play`: a flow at the terminal. One typed line is one thing the caller (or the switch) does.

1 2 * #      keys (several at once: 123456#)      (empty) or .   silence
人工         spoken words                          !              hangs up
q timeout    how the queue ended (answered timeout full empty failed, or key 1)
d busy       how the dialled call ended            m 12           a message of 12 seconds
e joined     how the call for help ended (joined answered failed no_policy)
x            the switch could not do the step      ?              help
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ivr.commands import Command, PlayPrompt
from ivr.flow.book import FlowBook
from ivr.flow.calls import (
    CALL,
    DIAL_OUTCOMES,
    HELP_OUTCOMES,
    OUTCOMES,
    Opening,
    deeds,
    events_of,
    standing,
    words_heard,
)
from ivr.flow.engine import advance, open_session
from ivr.flow.session import Phase, Session

HELP = """按键：直接输入，如 1 或 123456#　　沉默：空行或 .　　说话：直接输入文字　　挂机：!
排队结果：q answered|timeout|full|empty|failed，或 q 1（排队中按 1）
转接结果：d answered|busy|no_answer|failed|refused　　紧急呼叫结果：e joined|answered|failed|no_policy
留言：m 秒数　　交换机做不到：x　　帮助：?"""

_KEYS = re.compile(r"[0-9*#]+")


@dataclass(frozen=True, slots=True)
class Played:
    """A session at the terminal: what was done so far, as items of a story."""

    opening: Opening
    session: Session
    words: Mapping[str, str]
    story: tuple[object, ...] = ()

    @property
    def is_over(self) -> bool:
        return self.session.is_over


def start_play(book: FlowBook, opening: Opening, words: Mapping[str, str]) -> tuple[Played, str]:
    """Begin a call and return it with what the terminal shows; `words` are those of each sound name."""
    session, commands = advance(open_session(book, opening.flow, CALL), opening.offered())
    played = Played(opening, session, words)
    return _after(played, session, commands)


def typed(played: Played, line: str) -> tuple[Played, str]:
    """Take one line typed at the terminal and return the call with what the terminal shows."""
    item = _item_of(line.strip()[:200], played.session)
    if item is None:
        return played, HELP
    events = events_of(item, played.session, played.opening.at) or ()
    session = played.session
    commands: list[Command] = []
    for event in events:
        session, asked = advance(session, event)
        commands += asked
    return _after(replace(played, story=(*played.story, item)), session, tuple(commands))


def _item_of(line: str, session: Session) -> object | None:
    if line in ("", "."):
        return "silence"
    if line in ("!", "！"):
        return "hangs up"
    if line == "x":
        return "fails"
    verb, _, rest = line.partition(" ")
    if verb == "q" and (rest in OUTCOMES or (len(rest) == 1 and _KEYS.fullmatch(rest))):
        return {"queue": rest if rest in OUTCOMES else f"key {rest}"}
    if verb == "d" and rest in DIAL_OUTCOMES:
        return {"dial": rest}
    if verb == "e" and rest in HELP_OUTCOMES:
        return {"help": rest}
    if verb == "m" and re.fullmatch(r"[0-9]{1,3}(\.[0-9])?", rest):
        return {"message": float(rest)}
    if line in ("?", "？", "h") or verb in ("q", "d", "e", "m"):
        return None
    if _KEYS.fullmatch(line):
        if session.phase is Phase.QUEUED and len(line) == 1:
            return {"queue": f"key {line}"}
        return {"key": line} if len(line) == 1 else {"keys": line}
    return {"words": line}


def _after(played: Played, session: Session, commands: tuple[Command, ...]) -> tuple[Played, str]:
    heard, done = words_heard(commands, played.words), deeds(commands)
    found: list[object] = []
    if heard:
        found.append({"heard": heard})
    found.extend({"does": deed} for deed in done)
    shown = [f"听到：{heard}"] if heard else []
    shown += [f"→ {deed}" for deed in done]
    last = commands[-1] if commands else None
    if isinstance(last, PlayPrompt) and last.wait_seconds:
        shown.append(f"（等待 {last.wait_seconds:g} 秒，可按 {' '.join(last.keys) or '—'}）")
    if not commands and not session.is_over:
        shown.append("（这时没有作用；输入 ? 看帮助）")
    if session.is_over:
        shown.append("（通话结束）")
    return replace(played, session=session, story=(*played.story, *found)), "\n".join(shown)


def call_document(played: Played, title: str) -> str:
    """Return the session as a document for tests/calls, which repeats it exactly."""
    opening = played.opening
    lines = [f"call: {_quoted(title)}", f"flow: {opening.flow}", f"at: {_quoted(_instant(opening.at))}"]
    if opening.caller:
        lines.append(f"caller: {_quoted(opening.caller)}")
    lines.append("story:")
    for item in played.story:
        if isinstance(item, str):
            lines.append(f"  - {item}")
        elif isinstance(item, dict):
            lines.extend(f"  - {name}: {_quoted(str(value))}" for name, value in item.items())
    lines.append(f"  - path: [{', '.join(played.session.path)}]")
    lines.append(f"  - ends: {standing(played.session)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _instant(at: datetime) -> str:
    return at.isoformat()
