"""A person's pyVoIP telephone: it rings until somebody answers, and says how it stands. One call at a time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from enum import StrEnum

from pyVoIP.VoIP.status import PhoneStatus
from pyVoIP.VoIP.VoIP import InvalidStateError, VoIPCall

from ivr.adapters.simulator.phone_errors import CallTimeoutError
from ivr.adapters.simulator.pyvoip_speaking import SpeakingCall, SpeakingPhone
from ivr.adapters.simulator.rtp import KEYS
from ivr.adapters.simulator.sound import Sound


class PhoneState(StrEnum):
    """How the telephone stands."""

    AWAY = "away"
    IDLE = "idle"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"


class PhoneRefusalError(ValueError):
    """What was asked does not fit how the telephone stands; the text is for the person."""


class Softphone:
    """A seat's telephone. `on_change` is called, in some thread, whenever its state changes."""

    def __init__(
        self, seat: str, password: str, host: str, port: int, sound: Sound, on_change: Callable[[], object] = str
    ) -> None:
        self.seat = seat
        self._on_change = on_change
        self._call: SpeakingCall | None = None
        self._lock = threading.Lock()
        self._phone = SpeakingPhone(
            host,
            port,
            seat,
            password,
            my_ip="127.0.0.1",
            on_call=self._ring,
            microphone=sound.microphone,
            loudspeaker=sound.loudspeaker,
        )

    async def start(self, within_seconds: float = 10.0) -> None:
        """Sign in; CallTimeoutError when the switch does not accept it in time (the phone goes on trying)."""
        await asyncio.to_thread(self._phone.start)
        deadline = time.monotonic() + within_seconds
        while self.state is PhoneState.AWAY:
            if time.monotonic() > deadline:
                raise CallTimeoutError(f"席位 {self.seat} 未能在 {within_seconds:g} 秒内登录到交换机")
            await asyncio.sleep(0.05)

    async def stop(self) -> None:
        """Hang up, sign out, end the threads."""
        if self._call is not None and self._call.speaking.NSD and self.state in (PhoneState.TALKING, PhoneState.HELD):
            self._call.hangup()
        await asyncio.to_thread(self._phone.stop)

    @property
    def state(self) -> PhoneState:
        """How it stands now."""
        call = self._call
        if call is not None and not call.over.is_set():
            if call.state.name == "RINGING":
                return PhoneState.RINGING
            return PhoneState.HELD if call.speaking.is_held else PhoneState.TALKING
        return PhoneState.IDLE if self._phone.get_status() == PhoneStatus.REGISTERED else PhoneState.AWAY

    @property
    def is_muted(self) -> bool:
        call = self._call
        return call is not None and not call.over.is_set() and call.speaking.is_muted

    @property
    def caller(self) -> str:
        """The number that rings or talks, empty when there is none."""
        call = self._call
        return call.caller[0] if call is not None and not call.over.is_set() else ""

    def answer(self) -> None:
        """Pick up; PhoneRefusalError when it does not ring."""
        try:
            self._in(PhoneState.RINGING, "没有在振铃").answer()
        except InvalidStateError as late:
            raise PhoneRefusalError("对方已经挂断。") from late
        self._on_change()

    def hang_up(self) -> None:
        """End the talk, or refuse the call that rings."""
        call = self._in((PhoneState.RINGING, PhoneState.TALKING, PhoneState.HELD), "没有通话")
        if self.state is PhoneState.RINGING:
            call.deny()
            call.over.set()
        else:
            call.hangup()
        self._on_change()

    def hold(self) -> None:
        """Have the other side hear music."""
        self._in(PhoneState.TALKING, "没有在通话").hold(True)
        self._on_change()

    def unhold(self) -> None:
        """Talk on."""
        self._in(PhoneState.HELD, "没有在保持").hold(False)
        self._on_change()

    def mute(self, muted: bool) -> None:
        """Say nothing, though the other side is heard."""
        self._in((PhoneState.TALKING, PhoneState.HELD), "没有通话").speaking.is_muted = muted
        self._on_change()

    def press(self, keys: str) -> None:
        """Press keys one after another."""
        if not keys or len(keys) > 32 or set(keys) - set(KEYS):
            raise PhoneRefusalError("按键只能是 0-9、*、#、A-D，一次不超过 32 个。")
        speaking = self._in(PhoneState.TALKING, "没有在通话").speaking
        for key in keys:
            speaking.press(key)

    def _in(self, states: PhoneState | tuple[PhoneState, ...], otherwise: str) -> SpeakingCall:
        wanted = states if isinstance(states, tuple) else (states,)
        if self._call is None or self.state not in wanted:
            raise PhoneRefusalError(f"话机{otherwise}。")
        return self._call

    def _ring(self, call: VoIPCall) -> None:
        """Run in a thread of its own for each call, until it is over."""
        assert isinstance(call, SpeakingCall)
        with self._lock:
            is_busy = self._call is not None and not self._call.over.is_set()
            if not is_busy:
                self._call = call
        if is_busy:
            call.deny()
            call.over.set()
            return
        self._on_change()
        call.over.wait()
        self._on_change()
