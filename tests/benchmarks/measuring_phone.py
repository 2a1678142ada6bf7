"""A caller who presses keys and notes, packet by packet, when each press ended and when the next prompt began."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from dataclasses import dataclass, field

import numpy as np

from ivr.adapters.simulator.rtp import HeardFrame, RtpPacket, RtpSpeaker
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.speech.audio import alaw_decode, samples
from tests.benchmarks.hotline_service import CALLERS, HERTZ, MeasuredService

_PRESS_MS = 80
_MOST_MS = 900.0
_ANGLES = -2j * np.pi * np.arange(160) / 8000


class NotingSpeaker(RtpSpeaker):
    """Notes when the first of the three packets that end a key press is about to be sent."""

    def __init__(self) -> None:
        super().__init__(secrets.randbits(32), secrets.randbelow(1 << 15), secrets.randbits(31))
        self.ended_at: list[float] = []
        self._last = -1

    def next_packet(self) -> RtpPacket:
        packet = super().next_packet()
        ends = packet.payload_type == self.events and packet.payload[1] & 0x80
        if ends and packet.timestamp != self._last:
            self._last = packet.timestamp
            self.ended_at.append(time.monotonic())
        return packet


@dataclass(slots=True)
class Measured:
    """Milliseconds from each key press to the first packet of the prompt it asked for; and the keys never answered."""

    to_prompt_ms: list[float] = field(default_factory=list)
    lost_keys: int = 0
    answer_ms: list[float] = field(default_factory=list)


async def press_and_measure(service: MeasuredService, number: str, presses: int, nth: int) -> Measured:
    """Make one call, press 2, 1, 2, ... while the prompts play, and return what was measured."""
    switch = service.settings.switch
    async with SipPhone(bind_ip=CALLERS, number=f"1380000{nth:04d}") as phone:
        call = await phone.call(number, switch.sip_host, switch.sip_port)
        speaker = NotingSpeaker()
        call._speaker = call._stream.speaker = speaker
        await call.answered(10)
        answer_ms = 1000 * (call.answered_at - call.begun_at)
        await call.wait_for_audio(10)
        await asyncio.sleep(0.5)
        keys = ["2" if each % 2 == 0 else "1" for each in range(presses)]
        for key in keys:
            await call.press(key, _PRESS_MS)
            await asyncio.sleep(random.uniform(0.15, 0.3))
        await asyncio.sleep(0.3)
        frames = tuple(call._listener.frames)
        await call.hang_up()
    return _evaluate(frames, list(zip(keys, speaker.ended_at, strict=True)), answer_ms)


def _evaluate(frames: tuple[HeardFrame, ...], presses: list[tuple[str, float]], answer_ms: float) -> Measured:
    found = Measured(answer_ms=[answer_ms])
    at = 0
    for key, ended_at in presses:
        while at < len(frames) and frames[at].arrived_at < ended_at:
            at += 1
        began = next((frame for frame in frames[at : at + 50] if _holds(frame, HERTZ[key])), None)
        took = 1000 * (began.arrived_at - ended_at) if began else _MOST_MS
        if began is None or took >= _MOST_MS:
            found.lost_keys += 1
        else:
            found.to_prompt_ms.append(took)
    return found


def _holds(frame: HeardFrame, hertz: float) -> bool:
    """Whether this packet is (for its greater part) this tone."""
    if len(frame.alaw) != 160:
        return False
    wave = samples(alaw_decode(frame.alaw)).astype(np.float64)
    level = 2 / 160 * abs(np.exp(_ANGLES * hertz) @ wave)
    return bool(level > 3000)
