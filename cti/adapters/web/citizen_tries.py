"""How often strangers may try: wrong answers are counted by address and by order number, in a window of an hour."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

WINDOW_SECONDS = 3600.0
MOST_REMEMBERED = 20_000


class Tries:
    """Counts per key; a key that reached `most` is closed until its window is over. Old keys are forgotten first."""

    def __init__(self, most: int, monotonic: Callable[[], float], window_seconds: float = WINDOW_SECONDS) -> None:
        self._most = most
        self._monotonic = monotonic
        self._window = window_seconds
        self._seen: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def is_closed(self, key: str) -> bool:
        """Whether this key had its tries."""
        count, since = self._seen.get(key, (0, 0.0))
        return count >= self._most and self._monotonic() - since < self._window

    def count(self, key: str) -> None:
        """One more try of this key."""
        now = self._monotonic()
        count, since = self._seen.pop(key, (0, now))
        self._seen[key] = (1, now) if now - since >= self._window else (count + 1, since)
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
