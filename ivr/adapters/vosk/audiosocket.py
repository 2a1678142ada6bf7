"""The AudioSocket protocol: frames in, frames out, no I/O.

A frame is kind (1 byte), length (2 bytes, big-endian) and payload. Asterisk sends one UUID frame, then audio of 20 ms.
See https://docs.asterisk.org/Configuration/Channel-Drivers/AudioSocket/.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

HEADER = struct.Struct("!BH")
MAX_PAYLOAD = 65_535
UNKNOWN_FRAMES_ALLOWED = 64
"""Newer switches may send kinds we do not know; a peer that sends only such is not a switch."""


class Kind(IntEnum):
    """What a frame carries."""

    HANGUP = 0x00
    UUID = 0x01
    DIGIT = 0x03
    AUDIO = 0x10
    ERROR = 0xFF


@dataclass(frozen=True, slots=True)
class StreamNamed:
    """The peer said which stream this is; `uuid` in lower case with dashes."""

    uuid: str


@dataclass(frozen=True, slots=True)
class AudioCame:
    """8 kHz signed linear, one speaker; several frames that arrived together are one."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class DigitCame:
    """A key press that the switch saw in the stream."""

    digit: str


@dataclass(frozen=True, slots=True)
class PeerEnded:
    """The peer said goodbye; `error` is its code, None for a normal hang-up."""

    error: int | None = None


@dataclass(frozen=True, slots=True)
class NotASwitch:
    """What arrives is not AudioSocket: hang up."""

    reason: str


Fact = StreamNamed | AudioCame | DigitCame | PeerEnded | NotASwitch


class Decoder:
    """Turns the bytes of one connection into facts. Holds at most one incomplete frame (64 kB)."""

    def __init__(self) -> None:
        self._rest = b""
        self._named = False
        self._unknown = 0
        self._over = False

    def feed(self, data: bytes) -> tuple[Fact, ...]:
        """Return what `data` completes; after PeerEnded or NotASwitch nothing more is said."""
        if self._over:
            return ()
        data = self._rest + data if self._rest else data
        facts: list[Fact] = []
        audio: list[bytes] = []
        at, size = 0, len(data)
        while size - at >= HEADER.size and not self._over:
            kind, length = HEADER.unpack_from(data, at)
            if not self._named and (kind not in _FIRST or length > 16):
                self._end(facts, audio, NotASwitch("the first frame is not a UUID"))
                break
            end = at + HEADER.size + length
            if end > size:
                break
            if kind == Kind.AUDIO:
                audio.append(data[at + HEADER.size : end - (length & 1)])
            else:
                self._other(kind, data[at + HEADER.size : end], facts, audio)
            at = end
        self._rest = b"" if self._over else data[at:]
        _put(audio, facts)
        return tuple(facts)

    def _other(self, kind: int, payload: bytes, facts: list[Fact], audio: list[bytes]) -> None:
        if kind == Kind.UUID:
            if len(payload) != 16 or self._named:
                self._end(facts, audio, NotASwitch("a UUID frame of a wrong size, or a second one"))
                return
            self._named = True
            facts.append(StreamNamed(str(UUID(bytes=payload))))
        elif kind == Kind.HANGUP:
            self._end(facts, audio, PeerEnded())
        elif kind == Kind.ERROR:
            self._end(facts, audio, PeerEnded(payload[0] if payload else 0))
        elif kind == Kind.DIGIT:
            _put(audio, facts)
            facts.append(DigitCame(payload[:1].decode("ascii", "replace")))
        else:
            self._unknown += 1
            if self._unknown > UNKNOWN_FRAMES_ALLOWED:
                self._end(facts, audio, NotASwitch("too many frames of unknown kinds"))

    def _end(self, facts: list[Fact], audio: list[bytes], last: Fact) -> None:
        _put(audio, facts)
        facts.append(last)
        self._over = True


_FIRST = frozenset({Kind.UUID, Kind.HANGUP, Kind.ERROR})


def _put(audio: list[bytes], facts: list[Fact]) -> None:
    if audio:
        facts.append(AudioCame(b"".join(audio)))
        audio.clear()


def frame(kind: Kind, payload: bytes = b"") -> bytes:
    """Return one frame; ValueError when the payload is longer than a frame can be."""
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"{len(payload)} bytes do not fit into one AudioSocket frame")
    return HEADER.pack(kind, len(payload)) + payload


def name_frame(uuid: str) -> bytes:
    """The first frame of a stream."""
    return frame(Kind.UUID, UUID(uuid).bytes)


def audio_frames(pcm: bytes, frame_bytes: int = 320) -> bytes:
    """`pcm` cut into frames of 20 ms, as Asterisk sends it."""
    return b"".join(frame(Kind.AUDIO, pcm[at : at + frame_bytes]) for at in range(0, len(pcm), frame_bytes))


HANGUP_FRAME = frame(Kind.HANGUP)
