"""Which second of the call a piece of live audio belongs to, when the line may stall."""

from __future__ import annotations

from collections import deque

LATE_S = 0.5
"""Audio that stays later than this, was lost on the way rather than delayed."""

PATIENCE = 5
"""How many arrivals in a row must be late: a burst that catches up is no loss."""


class AudioClock:
    """Counts seconds of audio from its first arrival; leaps forward over what never came.

    Audio may arrive faster than real time (a test, a catch-up): then the samples alone are the clock.
    """

    def __init__(self) -> None:
        self._anchor: float | None = None
        self._late: deque[float] = deque(maxlen=PATIENCE)
        self.position_s = 0.0

    def arrived(self, now: float, duration_s: float) -> float:
        """Return how many seconds were lost before this piece (mostly 0), then count the piece."""
        if self._anchor is None:
            self._anchor = now - duration_s
        end_s = self.position_s + duration_s
        late_s = now - self._anchor - end_s
        if late_s < 0:
            self._anchor += late_s
            late_s = 0.0
        self._late.append(late_s)
        lost_s = min(self._late) if len(self._late) == PATIENCE else 0.0
        if lost_s < LATE_S:
            lost_s = 0.0
        else:
            self._late.clear()
        self.position_s = end_s + lost_s
        return lost_s
