"""A file as it is lived: what someone saves is taken in within a second, and again until it could be carried out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0


class FileWatch:
    """Hands every new text of one file to `take_in`, which answers False when it should be offered again.

    `file` is asked anew each time: the first file that pages publish takes the place of the shipped one.
    """

    def __init__(self, file: Callable[[], Path], take_in: Callable[[bytes], Awaitable[bool]]) -> None:
        self._file = file
        self._take_in = take_in
        self._seen: bytes | None = file().read_bytes()

    async def run(self) -> None:
        """Watch until cancelled; a file that is gone changes nothing."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                text = await asyncio.to_thread(lambda: self._file().read_bytes())
            except OSError as error:
                log.warning("watched_file_not_read", extra={"reason": str(error)})  # the reason names the file
                continue
            if text != self._seen:
                self._seen = text if await self._take_in(text) else None
