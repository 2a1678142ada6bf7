"""What a simulated phone hears: its audio so far, and waiting for a sound, a tone or silence."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from ivr.adapters.simulator.phone_errors import CallTimeoutError
from ivr.adapters.simulator.rtp import FRAME_SECONDS, RtpListener
from ivr.adapters.simulator.tones import hears_tone
from ivr.speech.audio import rms_dbfs

_LOUD_DBFS = -45.0


class Hearing(ABC):
    """The listening half of a call. Times are `time.monotonic()` seconds, audio is signed 16-bit at 8 kHz."""

    def __init__(self) -> None:
        self._listener = RtpListener()

    @abstractmethod
    def _require_line(self) -> None:
        """Raise CallOverError when the call is over: nothing more will be heard."""

    def heard_pcm(self, since: float = 0.0) -> bytes:
        """Return what was heard, optionally only what arrived after a `time.monotonic()` moment."""
        return self._listener.pcm(self.frames_before(since))

    def frames_before(self, moment: float) -> int:
        """Return how many audio packets had arrived before a `time.monotonic()` moment."""
        frames = self._listener.frames
        if moment <= 0.0:
            return 0
        return next((index for index, frame in enumerate(frames) if frame.arrived_at >= moment), len(frames))

    @property
    def heard_arrivals(self) -> tuple[float, ...]:
        """When each audio packet came."""
        return tuple(frame.arrived_at for frame in self._listener.frames)

    @property
    def heard_keys(self) -> str:
        """The keys that the other side pressed."""
        return "".join(key for _, key in self._listener.keys)

    async def wait_for_audio(self, within_seconds: float = 10.0, *, louder_than_dbfs: float = _LOUD_DBFS) -> float:
        """Wait for 100 ms of sound from now on and return when (monotonic) it began; CallTimeoutError."""
        return await self._wait_for(lambda pcm: rms_dbfs(pcm) > louder_than_dbfs, 5, within_seconds, "sound")

    async def wait_for_silence(self, seconds: float = 1.0, within_seconds: float = 60.0) -> float:
        """Wait until nothing was heard for `seconds`; returns when the silence began. No packets are silence too."""
        started = time.monotonic()
        quiet_since, seen = started, len(self._listener.frames)
        while time.monotonic() - started < within_seconds:
            frames = self._listener.frames
            for index in range(seen, len(frames)):
                if rms_dbfs(self._listener_pcm(index, index + 1)) > _LOUD_DBFS:
                    quiet_since = frames[index].arrived_at
            seen = max(seen, len(frames))
            if time.monotonic() - quiet_since >= seconds:
                return quiet_since
            self._require_line()
            await asyncio.sleep(FRAME_SECONDS)
        raise CallTimeoutError(f"no silence of {seconds:g} s within {within_seconds:g} s")

    async def wait_for_tone(self, hertz: float, within_seconds: float = 10.0, *, seconds: float = 0.2) -> float:
        """Wait for a tone of at least `seconds` from now on; returns when it began; CallTimeoutError."""
        frames = max(1, round(seconds / FRAME_SECONDS))
        return await self._wait_for(
            lambda pcm: hears_tone(pcm, hertz, seconds=seconds * 0.8), frames, within_seconds, f"{hertz:g} Hz"
        )

    async def _wait_for(self, wanted: Callable[[bytes], bool], frames: int, within_seconds: float, what: str) -> float:
        """Look at each new window of `frames` packets until one is what is wanted."""
        started = time.monotonic()
        at = len(self._listener.frames)
        while time.monotonic() - started < within_seconds:
            while at + frames <= len(self._listener.frames):
                if wanted(self._listener_pcm(at, at + frames)):
                    return self._listener.frames[at].arrived_at
                at += 1
            self._require_line()
            await asyncio.sleep(FRAME_SECONDS)
        raise CallTimeoutError(f"did not hear {what} within {within_seconds:g} s")

    def _listener_pcm(self, first: int, last: int) -> bytes:
        return self._listener.pcm_of(self._listener.frames[first:last])
