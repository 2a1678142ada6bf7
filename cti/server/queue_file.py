"""queues.yaml as it is lived: a saved file takes effect within a second, a broken one is refused and the old stays."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from ivr.errors import HotlineError
from ivr.problems import Problem
from routing.queue import Queues, load_queues

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0


class QueueFile:
    """The queues in force. `apply` makes the switch follow a new edition before it counts.

    `file` is asked anew each time: the first file that pages publish takes the place of the shipped one.
    """

    def __init__(
        self,
        file: Callable[[], Path],
        queues: Queues,
        apply: Callable[[Queues], Awaitable[None]],
        refused: Callable[[tuple[Problem, ...]], None],
    ) -> None:
        self._file = file
        self._apply = apply
        self._refused = refused
        self._seen = file().read_bytes()
        self.queues = queues

    async def run(self) -> None:
        """Watch the file until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                text = await asyncio.to_thread(lambda: self._file().read_bytes())
            except OSError as error:
                log.warning("queues_not_read", extra={"reason": str(error)})
                continue
            if text != self._seen:
                self._seen = text
                await self.take_in(text)

    async def take_in(self, text: bytes) -> None:
        """Put a new text in force if it is sound and still holds the default queue, where callers may be waiting."""
        queues, problems = load_queues(text, str(self._file()))
        if queues is None or queues.default.name != self.queues.default.name:
            log.error("queues_refused", extra={"problems": len(problems)})
            self._refused(problems)
            return
        try:
            await self._apply(queues)
        except (HotlineError, OSError) as error:
            log.error("queues_not_applied", extra={"reason": str(error)})
            self._seen = b""  # try again in a second: the switch may only be away, or the disk full
            return
        self.queues = queues
        log.info("queues_taken_in", extra={"queues": len(queues.by_name)})
