"""A thread that recognises for many streams, and is woken once for all that came in together.

Waking a thread and being woken by it costs as much as a tenth of the recognition itself when it is done per chunk: the
caches are cold each time. So jobs go over in lists, and results come back in lists, some forty times a second at most.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from ivr.ports import Heard

TELL_S = 0.025
"""How long a result may wait for the results of other streams."""

Outcome = list[Heard] | Exception


@dataclass(frozen=True, slots=True)
class _Job:
    """What to do in the thread, and whom to tell in the event loop."""

    work: Callable[[], list[Heard]]
    done: Callable[[Outcome], None]


class EarThread:
    """Does jobs one after another in a thread of its own, which starts with the first job.

    The jobs are bounded by those who give them: a stream has one under way at most.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._new: list[_Job] = []
        self._given: SimpleQueue[list[_Job]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = threading.Event()

    def submit(self, work: Callable[[], list[Heard]], done: Callable[[Outcome], None]) -> None:
        """Do `work` in the thread, then `done` in the event loop; RuntimeError after `close`."""
        if self._closed.is_set():
            raise RuntimeError("the ears are closed")
        if not self._new:
            self._loop = asyncio.get_running_loop()
            self._loop.call_soon(self._hand_over)
        self._new.append(_Job(work, done))

    def close(self) -> None:
        """Do nothing more; who waits for a result is not told."""
        self._closed.set()
        self._given.put([])

    def _hand_over(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        jobs, self._new = self._new, []
        self._given.put(jobs)

    def _run(self) -> None:
        while not self._closed.is_set():
            finished: list[tuple[_Job, Outcome]] = []
            told_at = time.monotonic()
            for job in self._given.get():
                if self._closed.is_set():
                    return
                finished.append((job, _outcome(job)))
                if time.monotonic() - told_at >= TELL_S:
                    self._tell(finished)
                    finished, told_at = [], time.monotonic()
            self._tell(finished)

    def _tell(self, finished: list[tuple[_Job, Outcome]]) -> None:
        if finished and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the event loop is gone, and with it everybody who waits
                self._loop.call_soon_threadsafe(_deliver, finished)


def _outcome(job: _Job) -> Outcome:
    try:
        return job.work()
    except Exception as error:  # libvosk raises bare Exception; it ends this one stream, not the thread of all
        return error


def _deliver(finished: list[tuple[_Job, Outcome]]) -> None:
    for job, outcome in finished:
        job.done(outcome)
