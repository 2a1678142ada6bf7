"""queues.yaml as it is lived: a saved file takes effect within a second, a broken one is refused and the old stays."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from cti.server.files.file_watch import FileWatch
from ivr.errors import HotlineError
from ivr.problems import Problem
from routing.queue import Queues, load_queues

log = logging.getLogger(__name__)


class QueueFile:
    """The queues in force. `apply` makes the switch follow a new edition before it counts."""

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
        self._watch = FileWatch(file, self.take_in)
        self.queues = queues

    async def run(self) -> None:
        """Watch the file until cancelled."""
        await self._watch.run()

    async def take_in(self, text: bytes) -> bool:
        """Put a new text in force if it is sound and still holds the default queue, where callers may be waiting.

        False when it should be tried again: the switch may only be away, or the disk full.
        """
        queues, problems = load_queues(text, str(self._file()))
        if queues is None or queues.default.name != self.queues.default.name:
            log.error("queues_refused", extra={"problems": len(problems)})
            self._refused(problems)
            return True
        try:
            await self._apply(queues)
        except (HotlineError, OSError) as error:
            log.error("queues_not_applied", extra={"reason": str(error)})
            return False
        self.queues = queues
        log.info("queues_taken_in", extra={"queues": len(queues.by_name)})
        return True
