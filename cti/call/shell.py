"""The task of one call: takes its letters in order, and leaves recording, transcript and draft behind."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from cti.call.letters import Asked, FlowOpened, FlowWent, Letter, PauseAsked, TapLost, TextLate
from cti.call.muting import is_ruled, turn
from cti.conversation import Conversation, Deed, Finish, Keep, Publish, Tap, advance, record_of, with_wish
from cti.finish import finish, keep
from cti.pauses import BY_EMERGENCY, BY_LIMIT, BY_POLICY, is_paused
from cti.world import World
from ivr.call import Leg
from ivr.errors import EarsError, StoreError, SwitchError
from ivr.events import LegUp
from ivr.flow.serialise import to_plain
from ivr.ports import Heard
from workorder.envelope import call_event

log = logging.getLogger(__name__)

INBOX = 2000
RESUME_SECONDS = 0.5
"""How soon a recording that must go on, and could not, is tried again."""
MOST_TAPS = 200
"""A leg is tapped again for as long as it lives, but not for ever: the recording has it all."""

_SAVED_WHEN = frozenset({"queued", "answered", "abandoned"})


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
            if not is_ruled(self.here):
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
                await finish_call(self._world, self.here)

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
            was_paused = is_paused(self.here.pauses)
            self.here, told = await turn(self._world, self.here, asked.paused, asked.by)
            if is_paused(self.here.pauses) and not was_paused and not is_ruled(self.here):
                self._limit_pause()
        except (EarsError, SwitchError) as error:
            log.error("recording_not_turned", extra={"call": self.here.call, "reason": str(error)})
            told = (
                False,
                f"录音没有{'暂停' if asked.paused else '恢复'}（{error}）。改法：请勿说出敏感信息，稍后重试。",
            )
        if asked.answer is not None:
            asked.answer(told)
        if asked.by == BY_LIMIT and not told[0]:
            asyncio.get_running_loop().call_later(RESUME_SECONDS, self._limit_reached, self.here.pauses[-1].begun_s)

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


async def finish_call(world: World, here: Conversation) -> None:
    """Finish a call; the ears come to their end while the switch closes the recordings, each takes its moment."""
    heard = asyncio.ensure_future(world.ears.finish(here.call))
    try:
        await finish(world, here, heard)
    finally:
        heard.cancel()
