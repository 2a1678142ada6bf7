"""The flow as it is lived: takes a caller's turns at the flow, asks the engine, carries out its commands.

A turn begins when the switch hands us the caller and ends when we hand the caller back for a long step (queue, dial,
message) or the caller is gone. Between turns the session waits here; after a restart it is rebuilt by folding the
call's journal through the engine, so that a caller goes on where the flow was.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from ivr.call import CallId, Leg, QueueName
from ivr.commands import (
    CallForHelp,
    Command,
    Dial,
    Enqueue,
    HangUp,
    PlayPrompt,
    RecordMessage,
    RememberPlace,
    StartListening,
    StopListening,
)
from ivr.errors import SwitchError, SwitchLostError
from ivr.events import CallerHungUp, CallOffered, EmergencyEnded, FlowEvent, QueueLeft, Resumed, WordsHeard
from ivr.flow.engine import advance
from ivr.flow.replay import opening_line, queues_line, replay, step_line
from ivr.flow.serialise import command_from_plain
from ivr.flow.session import Phase, Session, open_session, told
from ivr.ports import CallSteps, Clock, Heard, Journal
from ivr.visits import FlowWatcher, HelpLine, NoHelpLine, QueuePolicy, Shelf, Visit

log = logging.getLogger(__name__)

REFERRED_PRIORITY = 80
"""Who was sent by 110 waits before ordinary callers, unless the city says otherwise."""

HELP_PRIORITY = 100
"""Who called for help waits before everybody else."""


@dataclass(slots=True)
class _Caller:
    """One caller between and in the turns."""

    session: Session
    line: CallSteps | None = None
    wish: Enqueue | None = None
    tried: frozenset[QueueName] = field(default_factory=frozenset)


class FlowDesk:
    """All callers who are in a flow, or will come back to one."""

    def __init__(
        self,
        shelf: Shelf,
        policy: QueuePolicy,
        journal: Journal,
        clock: Clock,
        watcher: FlowWatcher,
        default_flow: str,
        tasks: asyncio.TaskGroup,
        help_line: HelpLine | None = None,
        referred_priority: int = REFERRED_PRIORITY,
    ) -> None:
        self._referred_priority = referred_priority
        self._help_line = help_line or NoHelpLine()
        self._shelf = shelf
        self._policy = policy
        self._journal = journal
        self._clock = clock
        self._watcher = watcher
        self._default_flow = default_flow
        self._tasks = tasks
        self._callers: dict[CallId, _Caller] = {}

    async def visit(self, visit: Visit, line: CallSteps) -> None:
        """Play one turn to its end."""
        caller = self._callers.get(visit.call) or self._remembered(visit.call)
        event: FlowEvent
        if caller is None:
            caller, event = self._begin(visit)
        elif visit.outcome is not None:
            event = visit.outcome
        else:
            event = Resumed(visit.call, self._clock.now())
        self._callers[visit.call] = caller
        caller.line = line
        try:
            await self._play(caller, line, event)
        except SwitchLostError as lost:
            log.info("turn_ended_early", extra={"call": visit.call, "reason": str(lost)})
        finally:
            caller.line = None

    def hear(self, heard: Heard) -> None:
        """Let a caller's final words steer the flow that listens to them."""
        caller = self._callers.get(heard.call)
        if caller is None or caller.line is None or not caller.session.listening:
            return
        if heard.is_final and heard.leg is Leg.CALLER and heard.text:
            words = WordsHeard(heard.call, heard.text, heard.begun_s, heard.ended_s)
            self._tasks.create_task(self._interrupt(caller.line, words))

    async def _interrupt(self, line: CallSteps, words: WordsHeard) -> None:
        try:
            await line.interrupt_with_words(words)
        except SwitchError as error:
            log.warning("words_steered_nothing", extra={"call": words.call, "reason": str(error)})

    def forget(self, call: CallId) -> None:
        """The call is over."""
        self._callers.pop(call, None)

    def path(self, call: CallId) -> tuple[str, ...]:
        """Return the nodes the caller has been at."""
        caller = self._callers.get(call)
        return caller.session.path if caller else ()

    # ------------------------------------------------------------------------------------------------------ inside

    def _begin(self, visit: Visit) -> tuple[_Caller, CallOffered]:
        book = self._shelf.current()
        flow = visit.flow if visit.flow in book.flows else self._default_flow
        now, theirs = self._clock.now(), visit.context.get("id", "")
        line = visit.original_line
        offered = CallOffered(visit.call, visit.caller, visit.called, now, line, theirs, dict(visit.context))
        self._journal.append(visit.call, opening_line(flow, book))
        self._watcher.opened(offered, flow)
        return _Caller(open_session(book, flow, visit.call)), offered

    def _remembered(self, call: CallId) -> _Caller | None:
        """Rebuild a session from the journal of the controller that was here before us."""
        lines = self._journal.read(call)
        opened = next((line for line in lines if "digest" in line), None)
        if opened is None:
            return None
        book = self._shelf.edition(str(opened["digest"]))
        if book is None:
            log.error("flow_edition_gone", extra={"call": call, "digest": opened["digest"]})
            return None
        try:
            session = replay(lines, book, call).session
        except ValueError as odd:
            log.error("journal_unreadable", extra={"call": call, "reason": str(odd)})
            return None
        log.info("flow_resumed", extra={"call": call, "node": session.node})
        wish, tried = _waits_of(lines)
        return _Caller(session, wish=wish, tried=tried)

    async def _play(self, caller: _Caller, line: CallSteps, event: FlowEvent) -> None:
        if self._is_back_from_help(caller, event):
            await _to_the_net(line)
            return
        event = self._after_help(caller, event)
        onward = self._overflow(caller, event)
        while onward is None:
            commands = self._step(caller, event)
            step = await self._carry_out(line, commands)
            if step is None and not caller.session.is_over:
                event = Resumed(caller.session.call, self._clock.now())  # nothing is outstanding: begin the step again
                continue
            if step is None or isinstance(event, CallerHungUp):
                if not isinstance(event, CallerHungUp):
                    await _to_the_net(line)  # moved out of the flow by others, and back
                return
            if isinstance(step, PlayPrompt):
                event = await line.perform(step)
                continue
            if isinstance(step, CallForHelp):
                if not self._help_line.call_for_help(step.call, step.service):
                    event = EmergencyEnded(step.call, "no_policy")
                    continue
                everybody = caller.session.book.default_queue
                caller.wish = onward = Enqueue(step.call, everybody, HELP_PRIORITY)
                caller.tried = frozenset()
                break
            if not isinstance(step, Enqueue):
                await line.hand_over(step)
                return
            caller.wish, caller.tried = step, frozenset()
            onward = self._policy.place(step)
        if caller.session.background.referred_by:
            onward = replace(onward, priority=max(onward.priority, self._referred_priority))
        caller.tried |= {onward.queue}
        placed = {"placed": onward.queue, "priority": onward.priority, "wait_seconds": onward.wait_seconds}
        self._journal.append(onward.call, placed)
        await line.hand_over(onward)

    def _is_back_from_help(self, caller: _Caller, event: FlowEvent) -> bool:
        """Whether an emergency took the caller out of the queue and is over: they did not wait in vain."""
        if caller.session.phase is Phase.HELPED or not isinstance(event, QueueLeft) or event.outcome != "failed":
            return False
        return bool(self._help_line.help_ended(caller.session.call))

    def _after_help(self, caller: _Caller, event: FlowEvent) -> FlowEvent:
        """Return what the end of a wait means for one who had called for help: the flow hears only of that."""
        if caller.session.phase is not Phase.HELPED or not isinstance(event, QueueLeft):
            return event
        call = caller.session.call
        if ended := self._help_line.help_ended(call):
            return EmergencyEnded(call, ended)
        if caller.wish is not None and self._policy.overflow(caller.wish, event, caller.tried) is not None:
            return event  # the next queue may have somebody
        return EmergencyEnded(call, "answered" if event.outcome == "answered" else "failed")

    def _overflow(self, caller: _Caller, event: FlowEvent) -> Enqueue | None:
        """Return the next queue when the one just left overflows; else the flow hears how the wait ended."""
        if not isinstance(event, QueueLeft) or caller.wish is None:
            return None
        return self._policy.overflow(caller.wish, event, caller.tried)

    def _step(self, caller: _Caller, event: FlowEvent) -> tuple[Command, ...]:
        """One step of the engine, written down before it is carried out."""
        call = caller.session.call
        facts = self._policy.facts()
        if facts != caller.session.background.queues:
            caller.session = told(caller.session, facts)
            self._journal.append(call, queues_line(facts))
        before = caller.session.path
        caller.session, commands = advance(caller.session, event)
        at = self._clock.now().isoformat()
        self._journal.append(call, {"at": at, **step_line(event, commands)})
        if caller.session.path != before:
            self._watcher.went(call, caller.session.path)
        return commands

    async def _carry_out(
        self, line: CallSteps, commands: tuple[Command, ...]
    ) -> PlayPrompt | Enqueue | Dial | RecordMessage | CallForHelp | HangUp | None:
        """Do what takes effect at once; return the step command, if there is one."""
        for command in commands:
            match command:
                case PlayPrompt() | Enqueue() | Dial() | RecordMessage() | CallForHelp() | HangUp():
                    return command
                case RememberPlace(node=node):
                    await line.set_variable("HL_NODE", node)
                case StartListening() | StopListening():
                    pass  # the session itself says whether it listens
                case _:
                    self._watcher.told(command)
        return None


async def _to_the_net(line: CallSteps) -> None:
    """Give the caller back without a wish: the dialplan says goodbye after a talk, and queues everybody else."""
    await line.set_variable("HL_DONE", "1")


def _waits_of(lines: Iterable[Mapping[str, object]]) -> tuple[Enqueue | None, frozenset[QueueName]]:
    """Return the last wish to wait that a journal tells of, and the queues in which the caller has waited since."""
    wish: Enqueue | None = None
    tried: set[QueueName] = set()
    for line in lines:
        commands, placed = line.get("commands"), line.get("placed")
        for plain in commands if isinstance(commands, list) else ():
            if isinstance(plain, Mapping) and plain.get("kind") == Enqueue.__name__:
                command = command_from_plain(plain)
                wish, tried = (command, set()) if isinstance(command, Enqueue) else (wish, tried)
        if isinstance(placed, str):
            tried.add(QueueName(placed))
    return wish, frozenset(tried)
