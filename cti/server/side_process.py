"""Heavy work for the pages in a process of its own: the server's loop never stalls, and work that drags on is ended."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ParamSpec, TypeVar

from ivr.errors import WorldError

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

MOST_WAITING = 32
PARENT_POLL_SECONDS = 2.0


class SideWorkError(WorldError):
    """The work was not done: too much was asked for at once, or it took too long. The message is for the reader."""


class SideProcess:
    """One process that does one thing at a time; it is started when it is first needed, and again after it died."""

    def __init__(self, deadline_seconds: float = 20.0) -> None:
        self._deadline = deadline_seconds
        self._pool: ProcessPoolExecutor | None = None
        self._waiting = 0

    async def run(self, work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """Return what `work` returns; it, its arguments and its result must be picklable. SideWorkError, or its own."""
        if self._waiting >= MOST_WAITING:
            raise SideWorkError("检查与试听的请求太多。改法：稍等几秒再试")
        self._waiting += 1
        try:
            for attempt in (1, 2):
                pool = self._opened()
                try:
                    return await asyncio.get_running_loop().run_in_executor(
                        pool, _within, self._deadline, work, arguments, options
                    )
                except BrokenProcessPool:
                    log.warning("side_process_died", extra={"attempt": attempt})
                    if self._pool is pool:  # else another who waited has opened a new one
                        self.close()
            raise SideWorkError("检查用的进程意外结束。改法：再试一次；仍不行请看程序日志")
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the process; it starts again when it is needed."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)

    def _opened(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_live_with, initargs=(os.getpid(),))
        return self._pool


class _TooLong(BaseException):
    """Not an Exception: nothing in the work may take it for one of its own."""


def _within(deadline: float, work: Callable[..., T], arguments: tuple[Any, ...], options: dict[str, Any]) -> T:
    def stop(_number: int, _frame: object) -> None:
        raise _TooLong

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, deadline)
    try:
        return work(*arguments, **options)
    except _TooLong:
        raise SideWorkError(f"超过 {deadline:g} 秒没有完成。改法：把文件拆小后再试") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _live_with(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end with it, however it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(5)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(PARENT_POLL_SECONDS)
        os._exit(0)

    threading.Thread(target=watch, name="parent", daemon=True).start()
