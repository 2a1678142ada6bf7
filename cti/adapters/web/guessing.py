"""Guessing passwords is made slow: for one name from one address, and for one address over all names; never for all.

Whoever knows the password and comes from elsewhere is not slowed by somebody who guesses.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

FREE_OF_NAME, FREE_OF_ADDRESS = 4, 30
LONGEST_WAIT_SECONDS = 30.0
LONGEST_OF_ADDRESS_SECONDS = 5.0
"""Many desks may share an address: nobody there waits for long because of one who guesses."""
FORGOTTEN_AFTER_SECONDS = 900.0
MOST_REMEMBERED = 20_000

_Key = tuple[str, str]


class Guessing:
    """Counts wrong passwords and says how long to wait before the next try is looked at."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._wrong: OrderedDict[_Key, tuple[int, float]] = OrderedDict()

    def wait(self, name: str, address: str) -> float:
        """Return for how many seconds a try would still be too early; 0.0: now."""
        now = self._monotonic()
        of_name = self._left((name, address), FREE_OF_NAME, LONGEST_WAIT_SECONDS, now)
        return max(of_name, self._left(("", address), FREE_OF_ADDRESS, LONGEST_OF_ADDRESS_SECONDS, now))

    def wrong(self, name: str, address: str) -> None:
        """A try is wrong, as each is counted until it is right: a hundred at once would else all be looked at."""
        now = self._monotonic()
        for key in ((name, address), ("", address)):
            count, since = self._wrong.pop(key, (0, now))
            self._wrong[key] = (1 if now - since > FORGOTTEN_AFTER_SECONDS else count + 1, now)
        while len(self._wrong) > MOST_REMEMBERED:
            self._wrong.popitem(last=False)

    def right(self, name: str, address: str) -> None:
        """The try was right: this name from this address is trusted again, and the address is not held to it."""
        self._wrong.pop((name, address), None)
        count, since = self._wrong.get(("", address), (0, 0.0))
        if count:
            self._wrong[("", address)] = (count - 1, since)

    def _left(self, key: _Key, free: int, longest: float, now: float) -> float:
        count, since = self._wrong.get(key, (0, now))
        if count < free:
            return 0.0
        return max(0.0, since + min(longest, 0.5 * 2.0 ** min(count - free, 10)) - now)
