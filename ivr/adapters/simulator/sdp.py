"""Session descriptions: where each side wants to be spoken to, and whether it wants to hear (RFC 4566, RFC 3264)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

PCMA = 8
TELEPHONE_EVENT = 101


class Direction(StrEnum):
    """Which way the audio goes, seen from the side that says it."""

    BOTH = "sendrecv"
    SEND = "sendonly"
    RECEIVE = "recvonly"
    NONE = "inactive"

    @property
    def mirrored(self) -> Direction:
        """The same, seen from the other side."""
        return {Direction.SEND: Direction.RECEIVE, Direction.RECEIVE: Direction.SEND}.get(self, self)


@dataclass(frozen=True, slots=True)
class AudioAddress:
    """One side's audio: `port` 0 means refused; `events` is the payload type of key presses, 0 when not offered."""

    host: str
    port: int
    speaks_alaw: bool = True
    events: int = TELEPHONE_EVENT
    direction: Direction = Direction.BOTH


def write_sdp(audio: AudioAddress, version: int = 1) -> bytes:
    """Return the description of A-law audio with key presses as RFC 4733 events."""
    lines = [
        "v=0",
        f"o=- {audio.port} {version} IN IP4 {audio.host}",
        "s=hotline-simulator",
        f"c=IN IP4 {audio.host}",
        "t=0 0",
        f"m=audio {audio.port} RTP/AVP {PCMA}" + (f" {audio.events}" if audio.events else ""),
        f"a=rtpmap:{PCMA} PCMA/8000",
    ]
    if audio.events:
        lines += [f"a=rtpmap:{audio.events} telephone-event/8000", f"a=fmtp:{audio.events} 0-16"]
    return "\r\n".join([*lines, "a=ptime:20", f"a={audio.direction}", ""]).encode()


def read_sdp(body: bytes) -> AudioAddress | None:
    """Return the first audio stream described, or None when there is none that can be read."""
    text = body[:16_384].decode("utf-8", "replace")
    session, *media = re.split(r"(?m)^(?=m=)", text)
    audio = next((part for part in media if part.startswith("m=audio ")), None)
    first = re.match(r"m=audio (\d{1,5})(?:/\d+)? \S+ ([\d ]+)", audio) if audio else None
    where = re.search(r"(?m)^c=IN IP4 ([0-9.]{7,15})", audio or "") or re.search(
        r"(?m)^c=IN IP4 ([0-9.]{7,15})", session
    )
    if audio is None or first is None or where is None:
        return None
    events = re.search(r"(?m)^a=rtpmap:(\d{1,3}) telephone-event/8000", audio)
    way = re.search(r"(?m)^a=(sendrecv|sendonly|recvonly|inactive)\s*$", audio + session)
    direction = Direction(way[1]) if way else Direction.BOTH
    if where[1] == "0.0.0.0":  # the old way of saying hold (RFC 2543)
        direction = Direction.NONE
    return AudioAddress(
        where[1], int(first[1]), str(PCMA) in first[2].split(), int(events[1]) if events else 0, direction
    )
