"""What a simulated phone says: speech, keys and silence, on the stream that also brings what it hears."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from functools import partial

from ivr.adapters.simulator.hearing import Hearing
from ivr.adapters.simulator.media_loop import MediaStream
from ivr.adapters.simulator.phone_errors import NotLoopbackError
from ivr.adapters.simulator.rtp import RtpSpeaker
from ivr.adapters.simulator.sdp import AudioAddress, Direction, write_sdp

_GAP_BETWEEN_KEYS_MS = 100


class Talking(Hearing):
    """The audio of a call, both ways; where it goes is agreed in SDP. Audio is signed 16-bit at 8 kHz."""

    def __init__(self, host: str, *, sends_audio: bool) -> None:
        super().__init__()
        self._host = host
        self._sdp_version = 1
        self._wants_audio = sends_audio
        self._speaker = RtpSpeaker(secrets.randbits(32), secrets.randbelow(1 << 15), secrets.randbits(31))
        self._stream = MediaStream(host, self._speaker, self._listener)
        self._stream.is_sending = sends_audio

    async def say(self, pcm: bytes) -> None:
        """Speak, and return when the last sample is on its way or the call is over."""
        await self._spoken(partial(self._speaker.say, pcm))

    def start_saying(self, pcm: bytes) -> None:
        """Begin to speak and return at once; what is said later follows it."""
        self._speaker.say(pcm, lambda: None)

    async def press(self, keys: str, milliseconds: int = 120) -> None:
        """Press keys one after another, each for `milliseconds`."""
        gap = bytes(2 * 8 * _GAP_BETWEEN_KEYS_MS)
        for key in keys:
            await self._spoken(partial(self._speaker.press, key, milliseconds))
            await self.say(gap)

    def hush(self) -> None:
        """Stop speaking at once."""
        self._speaker.hush()

    @property
    def packets_sent(self) -> int:
        return self._speaker.sent

    @property
    def send_lateness(self) -> tuple[float, ...]:
        """How late (seconds) each packet left, measured against a perfect clock."""
        return tuple(self._stream.lateness)

    def _listen_to(self, audio: AudioAddress | None) -> bool:
        """Aim our audio at the other side; false when it speaks no A-law or lives on another machine."""
        if audio is None or not audio.speaks_alaw:
            return False
        try:
            self._stream.send_to(audio.host, audio.port)
        except NotLoopbackError:
            return False
        if audio.events:
            self._speaker.events = self._listener.events = audio.events
        self._stream.is_sending = self._wants_audio and audio.direction in (Direction.BOTH, Direction.RECEIVE)
        return True

    def _sdp(self, offer: AudioAddress | None = None) -> bytes:
        direction = offer.direction.mirrored if offer else Direction.BOTH
        events = offer.events if offer else self._speaker.events
        return write_sdp(AudioAddress(self._host, self._stream.port, True, events, direction), self._sdp_version)

    async def _spoken(self, queue: Callable[[Callable[[], None]], None]) -> None:
        """Queue something to be said by the audio thread and wait until it was said."""
        self._require_line()
        loop = asyncio.get_running_loop()
        said: asyncio.Future[None] = loop.create_future()

        def settle() -> None:
            if not said.done():
                said.set_result(None)

        def tell() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle)

        queue(tell)
        await said
