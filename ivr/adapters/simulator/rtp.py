"""RTP as values: packets, key presses (RFC 4733), and the two ends of one audio stream. No sockets, no clock."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ivr.speech.audio import alaw_decode, alaw_encode

RATE_HZ = 8000
FRAME = 160
"""Samples in one 20 ms packet."""

FRAME_SECONDS = FRAME / RATE_HZ
SILENCE = bytes([0xD5]) * FRAME
KEYS = "0123456789*#ABCD"
_END_PACKETS = 3
_MOST_HELD_FRAMES = 50 * 3600 * 2
_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One packet; `timestamp` counts samples at 8 kHz and wraps at 2**32."""

    payload_type: int
    sequence: int
    timestamp: int
    source: int
    payload: bytes
    marker: bool = False

    def encode(self) -> bytes:
        second = self.payload_type | (0x80 if self.marker else 0)
        return (
            _HEADER.pack(0x80, second, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.source) + self.payload
        )


def parse_rtp(data: bytes) -> RtpPacket | None:
    """Return the packet in a datagram, extension and padding taken off; None when it is not RTP (or is RTCP)."""
    if len(data) < 12 or data[0] >> 6 != 2 or 200 <= data[1] <= 204:
        return None
    first, second, sequence, timestamp, source = _HEADER.unpack_from(data)
    start = 12 + 4 * (first & 0x0F)
    if first & 0x10 and len(data) >= start + 4:
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data) - data[-1] if first & 0x20 else len(data)
    if end < start:
        return None
    return RtpPacket(second & 0x7F, sequence, timestamp, source, data[start:end], bool(second & 0x80))


@dataclass(slots=True)
class _Words:
    alaw: bytes
    done: Callable[[], None]
    spoken: int = 0


@dataclass(slots=True)
class _Press:
    event: int
    samples: int
    done: Callable[[], None]
    begun_at: int = -1
    ends_sent: int = 0


@dataclass(slots=True)
class RtpSpeaker:
    """The speaking end: a queue of words and key presses, of which `next_packet` takes 20 ms at a time.

    Silence is sent when there is nothing to say, as a telephone does. The timestamp runs on through all of it.
    """

    source: int
    sequence: int
    timestamp: int
    events: int = 101
    sent: int = 0
    _waiting: deque[_Words | _Press] = field(default_factory=deque)
    _was_silent: bool = True

    def say(self, pcm: bytes, done: Callable[[], None]) -> None:
        """Queue audio (signed 16-bit, 8 kHz); `done` is called when its last sample has been taken."""
        self._waiting.append(_Words(alaw_encode(pcm), done))

    def press(self, key: str, milliseconds: int, done: Callable[[], None]) -> None:
        """Queue one key press of the given length; ValueError when no telephone has that key."""
        if key not in KEYS:
            raise ValueError(f"no such key: {key[:10]!r}")
        samples = max(FRAME, min(milliseconds * RATE_HZ // 1000 // FRAME * FRAME, 0xFFFF // FRAME * FRAME))
        self._waiting.append(_Press(KEYS.index(key), samples, done))

    def hush(self) -> None:
        """Forget everything that waits to be said."""
        for waiting in tuple(self._waiting):
            waiting.done()
        self._waiting.clear()

    def next_packet(self) -> RtpPacket:
        """Return the packet of the next 20 ms."""
        head = self._waiting[0] if self._waiting else None
        packet = self._next_event(head) if isinstance(head, _Press) else self._next_words(head)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + FRAME) & 0xFFFFFFFF
        self.sent += 1
        return packet

    def _next_words(self, words: _Words | None) -> RtpPacket:
        payload = SILENCE
        if words is not None:
            payload = words.alaw[words.spoken : words.spoken + FRAME].ljust(FRAME, SILENCE[:1])
            words.spoken += FRAME
            if words.spoken >= len(words.alaw):
                self._waiting.popleft()
                words.done()
        marker, self._was_silent = self._was_silent and words is not None, words is None
        return RtpPacket(8, self.sequence, self.timestamp, self.source, payload, marker)

    def _next_event(self, press: _Press) -> RtpPacket:
        """All packets of a press carry the timestamp of its beginning; the last is sent three times (RFC 4733, 2.5)."""
        first = press.begun_at < 0
        if first:
            press.begun_at = self.timestamp
        lasted = min(((self.timestamp - press.begun_at) & 0xFFFFFFFF) + FRAME, press.samples)
        over = lasted >= press.samples
        packet = RtpPacket(
            self.events,
            self.sequence,
            press.begun_at,
            self.source,
            _EVENT.pack(press.event, (0x80 if over else 0) | 10, lasted),
            marker=first,
        )
        press.ends_sent += over
        if press.ends_sent == _END_PACKETS:
            self._waiting.popleft()
            press.done()
            self._was_silent = True
        return packet


@dataclass(frozen=True, slots=True)
class HeardFrame:
    """One audio packet: when it came (monotonic seconds), and the place of its first sample on the call's time line."""

    arrived_at: float
    position: int
    alaw: bytes


@dataclass(slots=True)
class RtpListener:
    """The hearing end: keeps every frame with its arrival time, and every key pressed by the other side."""

    events: int = 101
    frames: list[HeardFrame] = field(default_factory=list)
    keys: list[tuple[float, str]] = field(default_factory=list)
    lost: int = 0
    _last: RtpPacket | None = None
    _last_key: tuple[int, int] | None = None

    def hear(self, packet: RtpPacket, arrived_at: float) -> None:
        """Take one packet in; unknown payloads are ignored."""
        if packet.payload_type == self.events and len(packet.payload) >= 4:
            name = (packet.source, packet.timestamp)
            if name != self._last_key and packet.payload[0] < len(KEYS):
                self._last_key = name
                self.keys.append((arrived_at, KEYS[packet.payload[0]]))
        elif packet.payload_type == 8 and packet.payload and len(self.frames) < _MOST_HELD_FRAMES:
            position = self._place(packet, arrived_at)
            self.frames.append(HeardFrame(arrived_at, position, packet.payload))
            self._last = packet

    def _place(self, packet: RtpPacket, arrived_at: float) -> int:
        """Follow the sender's timestamps while they make sense, and the clock where the switch starts a new source."""
        if self._last is None:
            return 0
        by_clock = round((arrived_at - self.frames[0].arrived_at) * RATE_HZ)
        newest = self.frames[-1]
        if packet.source == self._last.source:
            skipped = (packet.sequence - self._last.sequence) & 0xFFFF
            if 1 < skipped < 100:
                self.lost += skipped - 1
            step = (packet.timestamp - self._last.timestamp + 2**31) % 2**32 - 2**31
            if abs(newest.position + step - by_clock) <= RATE_HZ // 5:
                return max(0, newest.position + step)
        return max(by_clock, newest.position + len(newest.alaw))

    def pcm(self, first_frame: int = 0) -> bytes:
        """Return what was heard since a frame, on one time line with silence in the gaps: signed 16-bit, 8 kHz."""
        return self.pcm_of(self.frames[first_frame:])

    @staticmethod
    def pcm_of(frames: Sequence[HeardFrame]) -> bytes:
        """Return some frames on their time line: signed 16-bit, 8 kHz."""
        if not frames:
            return b""
        start = min(frame.position for frame in frames)
        length = max(frame.position + len(frame.alaw) for frame in frames) - start
        line = np.full(length, 0xD5, np.uint8)
        for frame in frames:
            at = frame.position - start
            line[at : at + len(frame.alaw)] = np.frombuffer(frame.alaw, np.uint8)
        return alaw_decode(line.tobytes())
