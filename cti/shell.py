"""A task for each call: hears the switch, the flow and the ears, and leaves recording, transcript and draft behind.

One call, one task, one bounded inbox. After a login to the switch our calls are compared with the switch's: legs that
are gone have ended, strangers are adopted. A call that could not be finished is finished at the next start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from cti.adoption import begun_seconds_ago, ended_legs, remembered, strangers
from cti.conversation import (
    Conversation,
    Deed,
    Finish,
    Keep,
    Outcome,
    Publish,
    Tap,
    advance,
    conversation_of,
    record_of,
    with_wish,
)
from cti.finish import finish, keep
from cti.pauses import BY_EMERGENCY, BY_LIMIT, BY_POLICY, is_paused, pauses_in, turned
from cti.world import World
from ivr.call import CallId, Leg
from ivr.commands import InstantCommand, RequestCallback
from ivr.errors import EarsError, StoreError, SwitchError
from ivr.events import CallOffered, LegUp, SwitchEvent, SwitchReady
from ivr.flow.serialise import to_plain
from ivr.ports import Heard
from workorder.envelope import call_event

log = logging.getLogger(__name__)

INBOX = 2000
RECOVER_DAYS = 3
RETAP_SECONDS = 0.5
PAUSE_SECONDS = 5.0
RESUME_SECONDS = 0.5
"""How soon a recording that must go on, and could not, is tried again."""
MOST_TAPS = 200
"""A leg is tapped again for as long as it lives, but not for ever: the recording has it all."""

INTERRUPTED_REASON = "排队中系统中断"

_SAVED_WHEN = frozenset({"queued", "answered", "abandoned"})


@dataclass(frozen=True, slots=True)
class FlowOpened:
    """A flow began (or took back) the call."""

    offered: CallOffered
    flow: str


@dataclass(frozen=True, slots=True)
class FlowWent:
    """The flow reached these nodes so far."""

    call: CallId
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TapLost:
    """A leg is no longer heard; perhaps it is gone, perhaps only the tap is."""

    call: CallId
    leg: Leg


@dataclass(frozen=True, slots=True)
class Asked:
    """The flow asked for something that outlives the call: a callback, a survey, a note."""

    command: InstantCommand


@dataclass(frozen=True, slots=True)
class TextLate:
    """The machine is too slow for the live text of a leg: so many seconds wait for the end of the call."""

    call: CallId
    leg: Leg
    shed_s: float


@dataclass(frozen=True, slots=True)
class PauseAsked:
    """Somebody (or the limit) wants recording and recognition to pause or to go on; `answer` is told what became."""

    paused: bool
    by: str
    answer: asyncio.Future[Answer] | None = None


Letter: TypeAlias = FlowOpened | FlowWent | TapLost | TextLate | Asked | SwitchEvent | Heard
Answer: TypeAlias = tuple[bool, str]
"""Whether it was done, and what to tell the person who asked (Chinese)."""


class CallTask:
    """One call from its first letter to its draft."""

    def __init__(self, world: World, here: Conversation) -> None:
        self._world = world
        self.here = here
        self.inbox: asyncio.Queue[Letter | PauseAsked] = asyncio.Queue(INBOX)
        self._last_nth = 0
        self._taps = 0

    async def run(self) -> None:
        """Take letters until the call is over and finished."""
        if is_paused(self.here.pauses):  # an earlier controller was told so
            await self._world.ears.pause(self.here.call, True)
            if not self._is_ruled:
                self._limit_pause()
        while not self.here.is_over:
            letter = await self.inbox.get()
            if isinstance(letter, PauseAsked):
                await self._pause(letter)
                continue
            self._write_down(letter)
            for deed in self._take(letter):
                await self._do(deed)
            if isinstance(letter, LegUp) and letter.leg is Leg.EMERGENCY and is_paused(self.here.pauses):
                await self._pause(PauseAsked(False, BY_EMERGENCY))
            elif isinstance(letter, FlowOpened | LegUp) and self._must_stay_silent():
                await self._pause(PauseAsked(True, BY_POLICY))

    @property
    def _is_ruled(self) -> bool:
        return bool(self.here.pauses) and self.here.pauses[-1].by == BY_POLICY

    def _must_stay_silent(self) -> bool:
        """Whether the number that was called is one that is not recorded, and nothing has been said of that yet."""
        return self.here.called in self._world.unrecorded and not self.here.pauses

    def _write_down(self, letter: Letter) -> None:
        """Every fact goes into the journal before it has an effect; partial words are no fact yet."""
        if isinstance(letter, FlowOpened | FlowWent | TextLate) or (isinstance(letter, Heard) and not letter.is_final):
            return  # the flow desk writes the flow's own lines
        now = self._world.clock.now().isoformat()
        self._world.journal.append(self.here.call, {"at": now, "heard_of": dict(to_plain(letter))})

    def _take(self, letter: Letter) -> tuple[Deed, ...]:
        match letter:
            case FlowOpened(offered=offered, flow=flow):
                self.here = replace(
                    self.here,
                    caller=offered.caller,
                    called=offered.called,
                    original_line=offered.original_line,
                    flow=flow,
                    their_id=offered.their_id,
                    referred=offered.context,
                )
                referred = (Publish(self.here.call, "referred", dict(offered.context)),) if offered.context else ()
                return (
                    Publish(
                        self.here.call,
                        "offered_to_flow",
                        {"flow": flow, "called": offered.called, "caller": offered.caller},
                    ),
                    *referred,
                )
            case FlowWent(path=path):
                self.here = replace(self.here, path=path)
                return ()
            case Heard():
                data = {"leg": letter.leg, "text": letter.text, "begun_s": letter.begun_s, "ended_s": letter.ended_s}
                return (Publish(self.here.call, "heard" if letter.is_final else "hearing", data),)
            case TextLate(leg=leg, shed_s=shed_s):
                return (Publish(self.here.call, "text_late", {"leg": leg, "shed_seconds": shed_s}),)
            case TapLost(leg=leg):
                at = self.here.seconds(self._world.clock.now())
                lost = [channel for channel, owner in self.here.legs.items() if owner is leg]
                return tuple(Tap(self.here.call, leg, channel, at) for channel in lost)
            case Asked(command=command):
                self.here = with_wish(self.here, command)
                return (Keep(command),)
            case _:
                self.here, deeds = advance(self.here, letter)
                return deeds

    async def _do(self, deed: Deed) -> None:
        match deed:
            case Tap():
                await self._tap(deed)
            case Publish(name=name, data=data):
                now = self._world.clock.now()
                nth = self._last_nth = max(self._last_nth + 1, round(now.timestamp() * 1_000_000))
                self._world.publisher.announce(call_event(self.here.call, name, now, data, nth))
                if name in _SAVED_WHEN:
                    await self._save()
            case Keep(command=command):
                await keep(self._world, self.here, command)
            case Finish():
                await _finish(self._world, self.here)

    async def _tap(self, tap: Tap) -> None:
        """Ask for the tap; without ears the call goes on, and the recording is written down afterwards."""
        self._taps += 1
        if self._taps > MOST_TAPS:
            return
        asked = {"at": self._world.clock.now().isoformat(), "asked": dict(to_plain(tap))}
        self._world.journal.append(tap.call, asked)
        try:
            stream = await self._world.ears.expect(tap.call, tap.leg, tap.begun_at_s)
            host, port = self._world.ears.address_of(stream)
            await self._world.switch.tap(tap.channel, stream, host, port)
        except (EarsError, SwitchError) as error:
            log.warning("leg_not_tapped", extra={"call": tap.call, "leg": tap.leg, "reason": str(error)})

    async def _pause(self, asked: PauseAsked) -> None:
        """Mute recording and ears, or let them go on; whoever asked is told what is so now."""
        try:
            told = await self._turn(asked.paused, asked.by)
        except (EarsError, SwitchError) as error:
            log.error("recording_not_turned", extra={"call": self.here.call, "reason": str(error)})
            told = (
                False,
                f"录音没有{'暂停' if asked.paused else '恢复'}（{error}）。改法：请勿说出敏感信息，稍后重试。",
            )
        if asked.answer is not None and not asked.answer.done():
            asked.answer.set_result(told)
        if asked.by == BY_LIMIT and not told[0]:
            asyncio.get_running_loop().call_later(RESUME_SECONDS, self._limit_reached, self.here.pauses[-1].begun_s)

    async def _turn(self, paused: bool, by: str) -> Answer:
        world, call, limit = self._world, self.here.call, self._world.longest_pause_seconds
        if paused and not limit and by != BY_POLICY:
            return False, "本系统不允许暂停录音。改法：设置 ears.longest_pause_seconds。"
        if paused == is_paused(self.here.pauses):
            return True, "录音已经暂停。" if paused else "录音正在进行。"
        if not paused and self._is_ruled and by != BY_EMERGENCY:
            return False, "这条线路按规定不录音，也不转写，不能恢复。"
        at_s = self.here.seconds(world.clock.now())  # a pause that begins is as long as can be, one that ends too
        if paused:
            await world.ears.pause(call, True)
        try:
            await self._mute(paused)
        except SwitchError:
            await world.ears.pause(call, is_paused(self.here.pauses))
            raise
        if not paused:
            await world.ears.pause(call, False)
            at_s = self.here.seconds(world.clock.now())
        self.here = replace(self.here, pauses=turned(self.here.pauses, paused, by, at_s))
        now = world.clock.now()
        world.journal.append(call, {"at": now.isoformat(), "paused": paused, "by": by, "at_s": round(at_s, 3)})
        name = "recording_paused" if paused else "recording_resumed"
        nth = round(now.timestamp() * 1_000_000)
        world.publisher.announce(call_event(call, name, now, {"by": by, "at_s": round(at_s, 3)}, nth))
        if paused and by == BY_POLICY:
            return True, "这条线路按规定不录音，也不转写。"
        if paused:
            self._limit_pause()
        return True, f"录音与转写已暂停，最多 {limit} 秒。" if paused else "录音与转写已恢复。"

    async def _mute(self, muted: bool) -> None:
        """Mute the recorder of every leg; one of them has it. SwitchError when none could be muted."""
        failure, done = SwitchError("没有正在录音的通话方。"), 0
        for channel in tuple(self.here.legs):
            try:
                await self._world.switch.mute_recording(channel, muted)
                done += 1
            except SwitchError as error:
                failure = error
        if not done:
            raise failure

    def _limit_pause(self) -> None:
        """Let the recording go on when the pause has lasted as long as is allowed."""
        begun_s = self.here.pauses[-1].begun_s
        paused_s = self.here.seconds(self._world.clock.now()) - begun_s
        left_s = max(0.0, self._world.longest_pause_seconds - paused_s)
        asyncio.get_running_loop().call_later(left_s, self._limit_reached, begun_s)

    def _limit_reached(self, begun_s: float) -> None:
        if is_paused(self.here.pauses) and self.here.pauses[-1].begun_s == begun_s:
            self.inbox.put_nowait(PauseAsked(False, BY_LIMIT))

    async def _save(self) -> None:
        """Keep where the call stands, so that a controller that comes after us knows it."""
        try:
            await self._world.calls.save_call(record_of(self.here))
        except StoreError as error:
            log.warning("call_not_saved", extra={"call": self.here.call, "reason": str(error)})


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

    def opened(self, offered: CallOffered, flow: str) -> None:
        """A flow has the call."""
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
        self._post(call, PauseAsked(paused, by, answer))
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
                await _finish(world, here)
            except Exception:
                log.exception("call_not_recovered", extra={"call": call})  # the others are not to wait for this one
            else:
                finished += 1
        return finished


async def _finish(world: World, here: Conversation) -> None:
    """Finish a call; the ears come to their end while the switch closes the recordings, each takes its moment."""
    heard = asyncio.ensure_future(world.ears.finish(here.call))
    try:
        await finish(world, here, heard)
    finally:
        heard.cancel()
