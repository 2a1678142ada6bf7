"""Writing down one hole of a recording, block by block, so that three hours of it take no more memory than a minute."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ivr.adapters.vosk.leg_recording import read_part
from ivr.adapters.vosk.recogniser import CHUNK_BYTES, LegRecogniser
from ivr.call import CallId, Leg
from ivr.ports import Heard, SpeechModel
from ivr.speech.audio import TELEPHONE_HZ
from ivr.speech.transcript_mend import only_within
from ivr.speech.transcript_spans import Span

CONTEXT_S = 0.5
"""What is listened to before and after a hole, so that words at its edges are whole."""

BLOCK_S = 20
BLOCK_BYTES = 2 * TELEPHONE_HZ * BLOCK_S


def blocks(recording: Path, hole: Span) -> Iterator[tuple[float, bytes]]:
    """Yield the hole and its context as (second of the call, telephone audio); EarsError when it is unreadable."""
    begin, end = round(max(0.0, hole[0] - CONTEXT_S) * TELEPHONE_HZ), round((hole[1] + CONTEXT_S) * TELEPHONE_HZ)
    for at in range(begin, end, TELEPHONE_HZ * BLOCK_S):
        sound = read_part(recording, at / TELEPHONE_HZ, min(at + TELEPHONE_HZ * BLOCK_S, end) / TELEPHONE_HZ)
        if sound:
            yield at / TELEPHONE_HZ, sound
        if len(sound) < BLOCK_BYTES:
            return


class Relistening:
    """Hears the blocks of one hole in order; only words whose middle lies in the hole are told."""

    def __init__(self, model: SpeechModel, call: CallId, leg: Leg, hole: Span) -> None:
        self._recogniser = LegRecogniser(model, call, leg)
        self._hole = hole

    def hear(self, begun_s: float, sound: bytes) -> list[Heard]:
        """Return what has become final with this block."""
        heard: list[Heard] = []
        for at in range(0, len(sound), CHUNK_BYTES):
            at_s = round(begun_s + at / (2 * TELEPHONE_HZ), 4)
            heard += self._recogniser.hear(sound[at : at + CHUNK_BYTES], at_s, want_partial=False)
        return self._inside(heard)

    def end(self) -> list[Heard]:
        """Return the last words."""
        return self._inside(self._recogniser.settle())

    def _inside(self, heard: list[Heard] | tuple[Heard, ...]) -> list[Heard]:
        return [part for one in heard if (part := only_within(one, [self._hole])) is not None]
