"""A caller's steps over FastAGI: prompts that keys and words can end, and the hand-over of the long things.

One command per sound; waiting is the playing of silence, so that AMI ControlPlayback stop ends a prompt and a wait
alike. The switch drops keys pressed while no command runs; with the pauses between our commands (well under a
millisecond, the engine's turn about two) that is one key in thousands.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ivr.adapters.asterisk.agi import AgiReply
from ivr.adapters.asterisk.agi_server import AgiCall
from ivr.adapters.asterisk.steps_handover import HandOver, variables_for
from ivr.call import CallId
from ivr.commands import PlayPrompt
from ivr.errors import SwitchError, SwitchLostError
from ivr.events import CallerHungUp, DigitPressed, FlowEvent, StepFailed, WaitExpired, WordsHeard

log = logging.getLogger(__name__)

NO_KEY = "x"  # CONTROL STREAM FILE takes `#` and `*` for itself unless told of other keys; no telephone has an x
LONGEST_WAIT_SECONDS = 5.0
DEAD_CHANNEL = 511
_STOPPED_BY_US = "REMOTESTOPPED"


@dataclass(frozen=True, slots=True)
class StepSettings:
    """What the dialplan and the sounds folder agreed on; the lease is renewed when a quarter of it has passed."""

    lease_seconds: int = 20
    silence: str = "hl/silence"
    silence_seconds: int = 60
    longest_sound_seconds: float = 600.0


class AgiSteps:
    """Fulfils `ivr.ports.CallSteps` for one turn of one caller. `stop_prompt` asks the switch (AMI) to stop a sound."""

    def __init__(
        self,
        line: AgiCall,
        call: CallId,
        stop_prompt: Callable[[], Awaitable[None]],
        settings: StepSettings | None = None,
    ) -> None:
        self._line = line
        self._call = call
        self._stop_prompt = stop_prompt
        self._settings = settings or StepSettings()
        self._leased_at = asyncio.get_running_loop().time()
        self._in_step = False
        self._sounding = False
        self._words: WordsHeard | None = None
        self._stopped: asyncio.Future[bool] | None = None
        self._early_key = ""
        self._lease_is_gone = False
        self._renewing = asyncio.Lock()

    # ------------------------------------------------------------------------------------------------- CallSteps

    async def perform(self, command: PlayPrompt) -> FlowEvent:
        """Play, wait, and say how it ended; a key comes before words, words before the end of the wait."""
        early, self._early_key = self._early_key, ""
        if early and early in command.keys:
            return DigitPressed(self._call, early)
        self._in_step, self._words, self._stopped = True, None, None
        try:
            return await self._play_and_wait(command)
        except SwitchLostError:
            if self._line.hung_up:
                return CallerHungUp(self._call)
            raise
        finally:
            self._in_step = False

    async def hand_over(self, command: HandOver) -> None:
        """Tell the dialplan what to do and end this turn; how it ended comes with the call's next turn, if any."""
        await self.let_lease_go()
        for name, value in variables_for(command):
            await self.set_variable(name, value)
        self._line.close()

    async def set_variable(self, name: str, value: str) -> None:
        await self._line.ask("SET VARIABLE", name, value)

    async def interrupt_with_words(self, words: WordsHeard) -> bool:
        """End the present step with `words`; False when no step was there to be ended (they steer nothing then).

        A switch that cannot stop the sound lets it end by itself; the step then still ends with the words.
        """
        if not self._in_step or self._words is not None:
            return False
        self._words = words
        if not self._sounding:
            return True
        stopped = self._stopped = asyncio.get_running_loop().create_future()
        asked = False
        try:
            await self._stop_prompt()
            asked = True
        except SwitchError as failed:
            log.warning("prompt_not_stopped", extra={"call": self._call, "reason": str(failed)})
        finally:
            if not stopped.done():
                stopped.set_result(asked)
        return True

    # ---------------------------------------------------------------------------------------------------- the lease

    async def keep_lease(self, renew: Callable[[], Awaitable[None]]) -> None:
        """Renew the lease by AMI until `let_lease_go`: a sound longer than the lease would else cut the turn."""
        while True:
            await asyncio.sleep(self._settings.lease_seconds / 3)
            async with self._renewing:
                if self._lease_is_gone or self._line.hung_up or not self._line.is_open:
                    return
                try:
                    await renew()
                except SwitchError as failed:
                    log.info("lease_not_renewed", extra={"call": self._call, "reason": str(failed)})

    async def let_lease_go(self) -> None:
        """Renew no more, and wait for a renewal under way: one that came after the hand-over would end a later wait."""
        self._lease_is_gone = True
        async with self._renewing:
            pass

    # ---------------------------------------------------------------------------------------------------- within

    async def _play_and_wait(self, command: PlayPrompt) -> FlowEvent:
        silence, all_ms = self._settings.silence, self._settings.silence_seconds * 1000
        pieces = [(sound, 0) for sound in command.sounds]
        left_ms = round(command.wait_seconds * 1000)
        while left_ms > 0:
            piece_ms = min(left_ms, round(LONGEST_WAIT_SECONDS * 1000), all_ms)
            pieces.append((silence, all_ms - piece_ms))
            left_ms -= piece_ms
        for sound, from_ms in pieces:
            ended = await self._sound(sound, from_ms, command.keys)
            if ended is not None:
                return ended
        return self._words or WaitExpired(self._call)

    async def _sound(self, sound: str, from_ms: int, keys: str) -> FlowEvent | None:
        """Play one file from `from_ms`; return the event that ended the step, None when it was played to its end."""
        await self._renew_lease()
        if self._words is not None:
            return self._words
        self._sounding = True
        try:
            reply = await self._line.ask(
                "CONTROL STREAM FILE",
                *(sound, keys, "3000", NO_KEY, NO_KEY, "", str(from_ms)),
                seconds=self._settings.longest_sound_seconds,
            )
        finally:
            self._sounding = False
        if self._is_gone(reply):
            return CallerHungUp(self._call)
        if self._stopped is not None:
            gone = await self._settle(self._stopped)
            if gone:
                return CallerHungUp(self._call)
        if reply.result > 0:
            return DigitPressed(self._call, chr(reply.result))
        if reply.result < 0:
            gone = self._is_gone(await self._line.ask("CHANNEL STATUS"))
            return CallerHungUp(self._call) if gone else StepFailed(self._call, f"cannot play {sound[:80]}")
        return self._words

    async def _settle(self, stopped: asyncio.Future[bool]) -> bool:
        """Make sure that our stop hit this sound, or is taken off the channel before it can hit the next one.

        True when the caller turned out to be gone.
        """
        if not await stopped:
            return False
        status = await self._line.ask("GET VARIABLE", "CPLAYBACKSTATUS")
        if status.value == _STOPPED_BY_US:
            return False
        taken = await self._line.ask("WAIT FOR DIGIT", "20")
        if taken.result > 0 and chr(taken.result) in "0123456789*#":
            self._early_key = chr(taken.result)
        return self._is_gone(taken)

    async def _renew_lease(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._leased_at > self._settings.lease_seconds / 4:
            await self.set_variable("TIMEOUT(absolute)", str(self._settings.lease_seconds))
            self._leased_at = now

    def _is_gone(self, reply: AgiReply) -> bool:
        return self._line.hung_up or reply.code == DEAD_CHANNEL
