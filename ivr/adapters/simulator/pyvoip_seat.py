"""A seat with a pyVoIP phone and an agent who follows a script: for the demo, and for trying an installation.

pyVoIP works with threads of its own; everything here that is awaited runs in the caller's event loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from pyVoIP.VoIP.status import PhoneStatus
from pyVoIP.VoIP.VoIP import InvalidStateError, VoIPCall

from ivr.adapters.simulator.phone_errors import CallTimeoutError
from ivr.adapters.simulator.pyvoip_guard import GuardedCall, GuardedPhone, unsigned_8bit
from ivr.adapters.simulator.rtp import FRAME_SECONDS, RATE_HZ
from ivr.speech.audio import alaw_decode, rms_dbfs

log = logging.getLogger(__name__)

_LOUD_DBFS = -45.0


@dataclass(frozen=True, slots=True)
class SeatScript:
    """What the agent does with each call. Lines are signed 16-bit sound at 8 kHz.

    The phone rings for `answer_after_seconds`; the first line is said at once, each further one after the caller has
    spoken and then kept quiet for `quiet_seconds`, or after `patience_seconds` of nothing. After the last line the
    agent listens once more, for `farewell_seconds` if nothing comes, and hangs up, unless `hangs_up` is false.
    `refuses` says busy to every call.
    """

    lines: tuple[bytes, ...] = ()
    answer_after_seconds: float = 0.5
    quiet_seconds: float = 1.0
    patience_seconds: float = 15.0
    farewell_seconds: float = 3.0
    hangs_up: bool = True
    refuses: bool = False


@dataclass(slots=True)
class SeatCall:
    """One call at the seat. Times are `time.monotonic()` seconds, 0.0 until they happen."""

    phone_call: GuardedCall
    rang_at: float
    answered_at: float = 0.0
    ended_at: float = 0.0
    spoken_at: list[float] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return self.phone_call.over.is_set()

    def heard_pcm(self) -> bytes:
        """Return what the agent heard: signed 16-bit at 8 kHz."""
        return self.phone_call.rtp.listener.pcm() if self.phone_call.rtp else b""

    @property
    def heard_keys(self) -> str:
        rtp = self.phone_call.rtp
        return "".join(key for _, key in rtp.listener.keys) if rtp else ""

    async def ended(self, within_seconds: float = 60.0) -> None:
        """Wait for the end of the call; CallTimeoutError when it goes on."""
        if not await asyncio.to_thread(self.phone_call.over.wait, within_seconds):
            raise CallTimeoutError(f"the call did not end within {within_seconds:g} s")


class PyVoipSeat:
    """A seat that signs in, answers by itself, speaks its lines and hangs up. `calls` holds all it has had."""

    def __init__(
        self,
        *,
        seat: str,
        password: str,
        host: str,
        port: int,
        bind_ip: str = "127.0.0.1",
        script: SeatScript | None = None,
    ) -> None:
        self.seat = seat
        self.script = script or SeatScript()
        self.calls: list[SeatCall] = []
        self._phone = GuardedPhone(host, port, seat, password, my_ip=bind_ip, on_call=self._take)

    async def start(self, within_seconds: float = 10.0) -> None:
        """Sign in; CallTimeoutError when the switch does not accept it in time (the phone goes on trying)."""
        await asyncio.to_thread(self._phone.start)
        deadline = time.monotonic() + within_seconds
        while not self.is_registered:
            if time.monotonic() > deadline:
                raise CallTimeoutError(f"席位 {self.seat} 未能在 {within_seconds:g} 秒内登录到交换机")
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Hang up, sign out, end the threads."""
        await asyncio.to_thread(self._phone.stop)
        for call in self.calls:
            call.phone_call.over.set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def is_registered(self) -> bool:
        return bool(self._phone.get_status() == PhoneStatus.REGISTERED)

    @property
    def address(self) -> tuple[str, int]:
        """Where this phone can be called."""
        return self._phone.myIP, self._phone.sip.myPort

    async def next_call(self, after: int = 0, within_seconds: float = 30.0) -> SeatCall:
        """Return the call number `after` (from 0) as soon as it rings; CallTimeoutError."""
        deadline = time.monotonic() + within_seconds
        while len(self.calls) <= after:
            if time.monotonic() > deadline:
                raise CallTimeoutError(f"nobody called seat {self.seat} within {within_seconds:g} s")
            await asyncio.sleep(0.02)
        return self.calls[after]

    def _take(self, phone_call: VoIPCall) -> None:
        """Run in a thread of its own for each call."""
        assert isinstance(phone_call, GuardedCall)
        call = SeatCall(phone_call, rang_at=time.monotonic())
        self.calls.append(call)
        try:
            self._converse(call, self.script)
        except InvalidStateError:
            log.info("seat_call_ended_early")  # the caller was quicker
        finally:
            phone_call.over.wait()
            call.ended_at = time.monotonic()

    def _converse(self, call: SeatCall, script: SeatScript) -> None:
        phone_call = call.phone_call
        if script.refuses:
            phone_call.deny()
            phone_call.over.set()
            return
        if phone_call.over.wait(script.answer_after_seconds):
            return
        phone_call.answer()
        call.answered_at = time.monotonic()
        for number, line in enumerate(script.lines):
            if number and not self._caller_has_spoken(call, script.quiet_seconds, script.patience_seconds):
                return
            call.spoken_at.append(time.monotonic())
            phone_call.write_audio(unsigned_8bit(line))
            if phone_call.over.wait(len(line) / 2 / RATE_HZ + 2 * FRAME_SECONDS):
                return
        if script.hangs_up and self._caller_has_spoken(call, script.quiet_seconds, script.farewell_seconds):
            phone_call.hangup()

    def _caller_has_spoken(self, call: SeatCall, quiet_seconds: float, patience_seconds: float) -> bool:
        """Wait for the caller's words and the pause after them; false when the call is over."""
        started, last_sound, seen = time.monotonic(), 0.0, self._frames(call)
        while not call.phone_call.over.wait(FRAME_SECONDS):
            frames = call.phone_call.rtp.listener.frames if call.phone_call.rtp else []
            for frame in frames[seen:]:
                if rms_dbfs(alaw_decode(frame.alaw)) > _LOUD_DBFS:
                    last_sound = frame.arrived_at
            seen = len(frames)
            now = time.monotonic()
            if last_sound and now - last_sound >= quiet_seconds:
                return True
            if not last_sound and now - started >= patience_seconds:
                return True
        return False

    @staticmethod
    def _frames(call: SeatCall) -> int:
        return len(call.phone_call.rtp.listener.frames) if call.phone_call.rtp else 0
