"""A file of JSON lines that are on the disk for certain once `append` returns, read back in order, each until done."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ivr.errors import StoreError

log = logging.getLogger(__name__)


class SpoolFile:
    """`spool.jsonl` in `folder`, with `spool.done` telling how far it was worked off and `spool.refused` beside it.

    One process at a time: a second one gets StoreError. All methods block briefly (an fsync); call them in a thread.
    """

    def __init__(self, folder: Path) -> None:
        self._file, self._done_file = folder / "spool.jsonl", folder / "spool.done"
        self._refused_file = folder / "spool.refused.jsonl"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._descriptor = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._descriptor)
                raise StoreError(f"暂存目录 {folder} 正被另一个进程使用。改法：一个目录只启动一个服务") from None
            self._done = self._read_done()
            self._mend()
            _sync_folder(folder)
        except OSError as error:
            raise StoreError(f"暂存目录 {folder} 不可写（{error.strerror}）。改法：检查权限与磁盘空间") from error

    @property
    def is_empty(self) -> bool:
        return self._done >= self._size()

    def append(self, line: Mapping[str, object]) -> None:
        """Keep one line; it has reached the disk when this returns. StoreError when the disk does not take it."""
        content = json.dumps(line, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        before = self._size()
        try:
            if os.write(self._descriptor, content) != len(content):
                raise OSError(28, "磁盘已满")
            os.fsync(self._descriptor)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, before)
            raise StoreError(f"数据库不在，本机暂存也写不进去（{error.strerror}）。改法：立即检查磁盘空间") from error

    def first(self) -> tuple[Mapping[str, Any] | None, int] | None:
        """Return the oldest line not yet done and where it ends (for `done`), or None when all is done.

        The line is None when it cannot be read.
        """
        size = self._size()
        if self._done >= size:
            return None
        content = b""
        while b"\n" not in content and self._done + len(content) < size:
            content += os.pread(self._descriptor, 1 << 16, self._done + len(content))
        raw, _, _ = content.partition(b"\n")
        try:
            line = json.loads(raw)
        except (ValueError, RecursionError):
            line = None
        return (line if isinstance(line, dict) else None), self._done + len(raw) + 1

    def done(self, end: int) -> None:
        """Mark everything before `end` as worked off; when that is all, the file becomes empty."""
        self._done = end
        if self.is_empty:
            os.ftruncate(self._descriptor, 0)
            os.fsync(self._descriptor)  # else a power cut could bring old lines back over newer ones
            self._done = 0
        part = self._done_file.with_suffix(".part")
        part.write_text(str(self._done))
        part.replace(self._done_file)

    def refuse(self, end: int, reason: str) -> None:
        """Lay the first line aside for a person to look at, and mark it done."""
        raw = os.pread(self._descriptor, end - self._done, self._done)
        log.error("spool_line_refused", extra={"reason": reason[:200], "file": str(self._refused_file)})
        with self._refused_file.open("ab") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        self.done(end)

    def close(self) -> None:
        os.close(self._descriptor)

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def _read_done(self) -> int:
        try:
            done = int(self._done_file.read_text())
        except (FileNotFoundError, ValueError):
            done = 0
        # A crash between emptying the file and saying so leaves a mark beyond it: then nothing of it is done.
        return done if 0 <= done <= self._size() and self._is_line_start(done) else 0

    def _is_line_start(self, at: int) -> bool:
        return at == 0 or os.pread(self._descriptor, 1, at - 1) == b"\n"

    def _mend(self) -> None:
        """Cut off a last line that a crash tore: nobody was told that it is safe."""
        size = self._size()
        content = os.pread(self._descriptor, size - self._done, self._done)
        if content and not content.endswith(b"\n"):
            os.ftruncate(self._descriptor, self._done + content.rfind(b"\n") + 1)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
