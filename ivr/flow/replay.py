"""`hotline replay`: a call's journal through the engine again; it must ask for the same commands.

Lines of the flow in a journal (other lines are skipped):
`{"flow": name, "digest": edition}` once, first · `{"queues": {name: [waiting, ready]}}` when told ·
`{"event": {…}, "commands": [{…}, …]}` for every event taken, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ivr.call import CallId
from ivr.commands import Command
from ivr.events import FlowEvent
from ivr.flow.book import FlowBook
from ivr.flow.engine import advance
from ivr.flow.serialise import command_to_plain, event_from_plain, event_to_plain, facts_from_plain, facts_to_plain
from ivr.flow.session import Session, open_session, told
from ivr.flow.switch_cases import QueueFacts

Line = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Difference:
    """The first line at which a replay asked for something else; `line` counts from 1."""

    line: int
    event: object
    written: object
    replayed: object

    def __str__(self) -> str:
        return f"第 {self.line} 行不一致：事件 {self.event}；日志中的命令 {self.written}；重放得到 {self.replayed}。"


@dataclass(frozen=True, slots=True)
class Replayed:
    """The session as it stands after the last line, the events taken, and the first difference if any."""

    session: Session
    events: int
    difference: Difference | None


def opening_line(flow: str, book: FlowBook) -> Line:
    """Return the line that begins a call's flow journal."""
    return {"flow": flow, "digest": book.digest}


def queues_line(queues: Mapping[str, QueueFacts]) -> Line:
    """Return the line for what a session was told of the queues."""
    return {"queues": facts_to_plain(queues)}


def step_line(event: FlowEvent, commands: Iterable[Command]) -> Line:
    """Return the line for one event and what it led to."""
    return {"event": event_to_plain(event), "commands": [command_to_plain(command) for command in commands]}


def replay(lines: Sequence[Line], book: FlowBook, call: CallId) -> Replayed:
    """Run a journal through the engine; also how a restarted controller finds its sessions again.

    Stops at the first difference. ValueError when a line is broken or no line names the flow.
    """
    flow = next((line["flow"] for line in lines if "flow" in line and "digest" in line), None)
    if not isinstance(flow, str):
        raise ValueError("日志里没有写明流程名的行（flow、digest）。")
    session, events = open_session(book, flow, call), 0
    for number, line in enumerate(lines, 1):
        queues, event = line.get("queues"), line.get("event")
        if isinstance(queues, Mapping):
            session = told(session, facts_from_plain(queues))
        if not isinstance(event, Mapping) or "commands" not in line:
            continue
        session, commands = advance(session, event_from_plain(event))
        events += 1
        replayed = [dict(command_to_plain(command)) for command in commands]
        if replayed != line["commands"]:
            return Replayed(session, events, Difference(number, dict(event), line["commands"], replayed))
    return Replayed(session, events, None)
