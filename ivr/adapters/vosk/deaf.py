"""Ears that hear nothing: what stands in when the model is missing, so that calls go on without a transcript."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from ivr.adapters.vosk.outbox import Outbox
from ivr.call import CallId, Leg
from ivr.errors import EarsError
from ivr.ports import Heard
from ivr.speech.transcript_spans import Spans


class DeafEars:
    """Fulfils `ivr.ports.Ears` by refusing politely; `reason` (Chinese) says why and what to do."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self._outbox = Outbox()

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", 0

    def address_of(self, stream: str) -> tuple[str, int]:
        return self.address

    async def pause(self, call: CallId, is_paused: bool) -> None:
        """Nothing was heard anyway."""

    async def expect(self, call: CallId, leg: Leg, begun_at_s: float) -> str:
        raise EarsError(self.reason)

    def heard(self) -> AsyncIterator[Heard]:
        """Nothing, until `close`."""
        return self._outbox.read()

    async def finish(self, call: CallId) -> tuple[Heard, ...]:
        return ()

    async def recognise(
        self,
        call: CallId,
        leg: Leg,
        recording: Path,
        holes: Sequence[tuple[float, float]],
    ) -> tuple[Heard, ...]:
        raise EarsError(self.reason)

    def coverage(self, call: CallId, leg: Leg) -> Spans:
        return ()

    async def close(self) -> None:
        self._outbox.close()
