"""The outbox: what must reach the bus waits in the database, in lanes that one relay at a time empties in order."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

LANES = 16
"""All envelopes of a call share one lane, so a lane emptied in order keeps every call's order."""

_FIRST_DELAY_SECONDS = 0.25
_LONGEST_DELAY_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An envelope that waits: `number` grows in the order of writing, `key` is unique."""

    number: int
    lane: int
    key: str
    topic: str
    payload: bytes


def lane_of(stream: str) -> int:
    """Return the lane (0 to LANES - 1) of a stream; the same in every process and version."""
    return crc32(stream.encode()) % LANES


def retry_delay(failures: int) -> float:
    """Return how many seconds to wait after `failures` (from 1) failed attempts in a row: doubling, at most 15 s."""
    return min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2.0 ** min(max(0, failures - 1), 30))
