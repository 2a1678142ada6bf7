"""Danger words as they are lived: saved files count within a second or two, broken ones are refused.

The ears of a call are never without: what cannot be read leaves the words that were in force, at a start those that
ship.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from cti.server.drafting import own_words
from cti.settings import Settings
from ivr.errors import AuthorError
from ivr.problems import Problem
from routing.adapters.emergency_words import load_spotter
from routing.emergency.watch import Spots

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
SETTLE_SECONDS = 0.2
Stamp = tuple[tuple[str, int, int], ...]


def own_danger(settings: Settings) -> Path:
    """Return the folder where an installation keeps its own danger words: each file replaces the one that ships."""
    return own_words(settings) / "danger"


def open_spotter(folder: Path | None = None) -> Spots:
    """Return what sees danger in words (some tenths of a second: not for the event loop)."""
    if folder is None or not folder.is_dir():
        return load_spotter()
    try:
        return load_spotter(folder)
    except (AuthorError, OSError) as error:
        log.error("danger_words_not_read", extra={"problem": str(error)[:300]})
        return load_spotter()


class DangerWords:
    """Watches the folder; `follow` is given the spotter of each sound edition."""

    def __init__(
        self, folder: Path, follow: Callable[[Spots], None], refused: Callable[[tuple[Problem, ...]], None]
    ) -> None:
        self._folder, self._follow, self._refused = folder, follow, refused
        self._seen = stamp_of(folder)

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                stamp = await asyncio.to_thread(stamp_of, self._folder)
                if stamp == self._seen:
                    continue
                await asyncio.sleep(SETTLE_SECONDS)
                if stamp == await asyncio.to_thread(stamp_of, self._folder):
                    self._seen = stamp
                    await self.take_in()
            except OSError as error:
                log.warning("danger_words_not_read", extra={"reason": str(error)})

    async def take_in(self) -> None:
        """Put the words in force if they are sound."""
        try:
            spotter = await asyncio.to_thread(load_spotter, self._folder if self._folder.is_dir() else None)
        except AuthorError as error:
            log.error("danger_words_refused", extra={"problems": len(error.problems)})
            self._refused(error.problems)
            return
        self._follow(spotter)
        log.info("danger_words_taken_in")


def stamp_of(folder: Path) -> Stamp:
    """Return what changes whenever a file of the folder does."""
    files = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    return tuple((file.name, about.st_mtime_ns, about.st_size) for file in files for about in (file.stat(),))
