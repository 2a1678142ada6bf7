"""All live calls, a task for each: every letter reaches its call's task, and what nobody finished is finished later.

One call, one task, one bounded inbox. After a login to the switch our calls are compared with the switch's: legs that
are gone have ended, strangers are adopted. A call that could not be finished is finished at the next start.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from cti.adoption import begun_seconds_ago, ended_legs, remembered, strangers
from cti.call.letters import Answer, Asked, FlowOpened, FlowWent, Letter, PauseAsked, TapLost, TextLate
from cti.call.shell import CallTask, finish_call
from cti.conversation import Conversation, Outcome, conversation_of
from cti.finish import keep
from cti.pauses import pauses_in
from cti.world import World
from ivr.call import CallId, Leg
from ivr.commands import InstantCommand, RequestCallback
from ivr.errors import StoreError, SwitchError
from ivr.events import CallOffered, LegUp, SwitchEvent, SwitchReady
from ivr.ports import Heard

log = logging.getLogger(__name__)

RECOVER_DAYS = 3
MOST_GONE = 1000
RETAP_SECONDS = 0.5
PAUSE_SECONDS = 5.0
INTERRUPTED_REASON = "排队中系统中断"


class CallDesk:
    """All live calls; `take` is given every event of the switch, `hear` every result of the ears."""

    def __init__(
        self, world: World, tasks: asyncio.TaskGroup, over: Callable[[CallId], None] = lambda _call: None
    ) -> None:
        """`over` is told of each call whose task has ended."""
        self._world = world
        self._tasks = tasks
        self._over = over
        self.live: dict[CallId, CallTask] = {}
        self._gone: deque[CallId] = deque(maxlen=MOST_GONE)

    def opened(self, offered: CallOffered, flow: str) -> None:
        """A flow has the call, unless it hears late of a caller who is gone."""
        if offered.call in self._gone:
            return
        begun = Conversation(offered.call, offered.caller, offered.called, offered.at)
        self._post(offered.call, FlowOpened(offered, flow), begun)

    def went(self, call: CallId, path: tuple[str, ...]) -> None:
        """The flow moved on."""
        self._post(call, FlowWent(call, path))

    def told(self, command: InstantCommand) -> None:
        """The flow asked for something that outlives the call."""
        self._post(command.call, Asked(command))

    def tap_lost(self, call: CallId, leg: Leg) -> None:
        """A live stream ended; if the leg still lives a moment later, it is tapped again."""
        if call in self.live:
            asyncio.get_running_loop().call_later(RETAP_SECONDS, self._post, call, TapLost(call, leg))

    def text_late(self, call: CallId, leg: Leg, shed_s: float) -> None:
        """The ears cannot keep up with this leg; the recording fills what its live text lacks."""
        self._post(call, TextLate(call, leg, shed_s))

    async def pause(self, call: CallId, paused: bool, by: str) -> Answer:
        """Pause recording and recognition of a call, or let them go on; returns when it is so."""
        task = self.live.get(call)
        if task is None:
            return False, f"没有正在进行的通话 {call}。"
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def tell(told: Answer) -> None:
            if not answer.done():
                answer.set_result(told)

        self._post(call, PauseAsked(paused, by, tell))
        try:
            async with asyncio.timeout(PAUSE_SECONDS):
                return await answer
        except TimeoutError:
            return False, "系统没有按时应答，录音可能仍在进行。改法：请勿说出敏感信息，稍后重试。"

    def hear(self, heard: Heard) -> None:
        """Somebody said something."""
        self._post(heard.call, heard)

    async def take(self, event: SwitchEvent) -> None:
        """Let one event of the switch reach its call."""
        if isinstance(event, SwitchReady):
            await self._compare()
            return
        call: CallId | None = getattr(event, "call", None)
        if call is None:
            return
        begun = None
        if isinstance(event, LegUp) and event.leg is Leg.CALLER:
            begun = Conversation(call, event.number, "", event.at)
        self._post(call, event, begun)

    async def _compare(self) -> None:
        """After a login: what ended meanwhile has ended, and calls we do not know are adopted."""
        world = self._world
        try:
            snapshot = await world.switch.snapshot()
        except SwitchError as error:
            log.warning("calls_not_compared", extra={"reason": str(error)})
            return
        now = world.clock.now()
        for ended in ended_legs(snapshot, {call: tuple(task.here.legs) for call, task in self.live.items()}, now):
            self._post(ended.call, ended)
        store_is_there = True
        for call, letters in strangers(snapshot, self.live, now).items():
            begun_at = now - timedelta(seconds=begun_seconds_ago(snapshot, call))
            begun, store_is_there = await self._remembered(call, begun_at, store_is_there)
            for letter in letters:
                self._post(call, letter, begun)
            log.info("call_adopted", extra={"call": call, "legs": len(letters)})

    async def _remembered(self, call: CallId, begun_at: datetime, ask_store: bool) -> tuple[Conversation, bool]:
        """Return what store and journal know of a call, and whether the store answered."""
        stored = None
        if ask_store:
            try:
                stored = await self._world.calls.call(call)
            except StoreError as error:
                log.warning("calls_not_looked_up", extra={"reason": str(error)})
                ask_store = False
        return conversation_of(remembered(call, stored, self._written(call)), begun_at), ask_store

    def _written(self, call: CallId) -> tuple[Mapping[str, object], ...]:
        try:
            return self._world.journal.read(call)
        except StoreError as error:
            log.warning("journal_not_read", extra={"call": call, "reason": str(error)})
            return ()

    def _post(self, call: CallId, letter: Letter | PauseAsked, opening: Conversation | None = None) -> None:
        task = self.live.get(call)
        if task is None:
            if opening is None:
                return
            opening = replace(opening, pauses=pauses_in(self._written(call)))
            task = self.live[call] = CallTask(self._world, opening)
            self._tasks.create_task(self._keep(task), name=f"call {call}")
        try:
            task.inbox.put_nowait(letter)
        except asyncio.QueueFull:
            log.error("call_inbox_full", extra={"call": call})

    async def _keep(self, task: CallTask) -> None:
        """Run one call; a mistake of ours ends this task alone, and `recover` finishes the call at the next start."""
        try:
            await task.run()
        except Exception:
            log.exception("call_task_failed", extra={"call": task.here.call})
        finally:
            self.live.pop(task.here.call, None)
            self._gone.append(task.here.call)
            self._over(task.here.call)

    async def recover(self) -> int:
        """Finish every call of the last days that left audio or a story and no end; returns how many."""
        world = self._world
        alive = {channel.call for channel in (await world.switch.snapshot()).channels}
        now = world.clock.now()
        finished = 0
        since = now - timedelta(days=RECOVER_DAYS)
        told = await asyncio.to_thread(world.journal.calls_since, since)
        for call in sorted({*told, *await world.tapes.calls_since(since)}):
            record = await world.calls.call(call)
            if call in alive or call in self.live or (record is not None and record.ended is not None):
                continue
            written = self._written(call)
            here = replace(conversation_of(remembered(call, record, written), now), pauses=pauses_in(written))
            try:
                if here.outcome is Outcome.WAITING and here.caller.is_known:  # whether anybody took the call, none saw
                    await keep(world, here, RequestCallback(call, here.caller.digits, INTERRUPTED_REASON))
                await finish_call(world, here)
            except Exception:
                log.exception("call_not_recovered", extra={"call": call})  # the others are not to wait for this one
            else:
                finished += 1
        return finished
