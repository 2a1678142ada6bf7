"""Files that people change while we run: read again once they changed; a mistake leaves what was, and is told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, TypeVar

from ivr.errors import AuthorError

T = TypeVar("T")

log = logging.getLogger(__name__)


class Followed(Generic[T]):
    """What some files say now. `load` raises AuthorError or OSError; the value is `first` until it did not.

    Threads may ask at once: while one of them reads, the others wait, for what was may be nothing at all.
    """

    def __init__(self, files: Callable[[], Iterable[Path]], load: Callable[[], T], first: T) -> None:
        self._files, self._load, self._value = files, load, first
        self._mark: object = None
        self._lock = threading.Lock()

    def __call__(self) -> T:
        with self._lock:
            try:
                mark = [(file, stat.st_mtime_ns, stat.st_size) for file in self._files() for stat in [file.stat()]]
                if mark != self._mark:
                    self._mark = mark
                    self._value = self._load()
            except (AuthorError, OSError) as error:
                log.error("files_not_read", extra={"reason": str(error)[:300]})
            return self._value
