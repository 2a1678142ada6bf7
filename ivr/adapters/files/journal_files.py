"""The journal as one file of JSON lines per call, in a folder per day."""

from __future__ import annotations

import json
import logging
import os
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from ivr.call import CallId, PhoneNumber, call_id
from ivr.errors import StoreError
from ivr.recording import day_folder

log = logging.getLogger(__name__)

MAX_LINE_BYTES = 64 * 1024
_MAX_TEXT = 2000
_CALLS_REMEMBERED = 4096


class JournalFiles:
    """`Journal` under `root`: `YYYY/MM/DD/<call>.jsonl`, readable by us alone.

    Each line is one append to the file, so it outlives a kill of the process at any moment. Writing never raises: a
    full disk must not reach the caller; `lost_lines` counts what could not be written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._begun: OrderedDict[CallId, None] = OrderedDict()
        self.lost_lines = 0

    def file(self, call: CallId) -> Path:
        """Return where the call's journal lies; ValueError for a hostile call id."""
        return self._root / day_folder(call) / f"{call}.jsonl"

    def append(self, call: CallId, line: Mapping[str, object]) -> None:
        """Write one line; values that are no JSON are written as text, a line beyond 64 kB with its texts cut."""
        encoded = _encoded(line)
        file = self.file(call)
        try:
            if call not in self._begun:
                file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                if _is_torn(file):
                    encoded = b"\n" + encoded
            descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                written = os.write(descriptor, encoded)
            finally:
                os.close(descriptor)
        except OSError as error:
            self._lose(call, error.strerror or type(error).__name__)
            return
        if written < len(encoded):
            self._lose(call, "disk full")
            return
        self._begun[call] = None
        self._begun.move_to_end(call)
        if len(self._begun) > _CALLS_REMEMBERED:
            self._begun.popitem(last=False)

    def read(self, call: CallId) -> tuple[Mapping[str, object], ...]:
        """Return the call's lines, none for an unknown call; a torn line is left out. StoreError: unreadable."""
        file = self.file(call)
        try:
            content = file.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StoreError(f"读不了通话日志 {file}（{error.strerror}）。改法：检查目录权限与磁盘") from error
        lines: list[Mapping[str, object]] = []
        for number, raw in enumerate(content.split(b"\n"), 1):
            if not raw.strip():
                continue
            try:
                line = json.loads(raw)
            except (ValueError, RecursionError):
                line = None
            if isinstance(line, dict):
                lines.append(line)
            else:
                log.warning("journal_line_torn", extra={"call": call, "line": number})
        return tuple(lines)

    def calls_since(self, since: datetime) -> tuple[CallId, ...]:
        """Return the calls whose file was written to after `since`, sorted; files of another name are passed over."""
        found = []
        for file in self._root.glob("*/*/*/*.jsonl"):
            try:
                call = call_id(file.name.removesuffix(".jsonl"))
                is_recent = file.stat().st_mtime >= since.timestamp()
                is_ours = file == self.file(call)
            except (ValueError, OSError):
                continue
            if is_recent and is_ours:
                found.append(call)
        return tuple(sorted(found))

    def _lose(self, call: CallId, reason: str) -> None:
        self._begun.pop(call, None)  # the next line must look whether this one left a torn end
        self.lost_lines += 1
        log.error("journal_line_lost", extra={"call": call, "reason": reason, "lost": self.lost_lines})


def _encoded(line: Mapping[str, object]) -> bytes:
    whole = _json(line)
    if len(whole) <= MAX_LINE_BYTES:
        return whole
    cut = {key[:100]: _short(value) for key, value in list(line.items())[:20]}
    return _json({**cut, "cut": True})


def _short(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)
    return text[:_MAX_TEXT]


def _json(line: Mapping[str, object]) -> bytes:
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return text.encode("utf-8", "replace") + b"\n"


def _plain(value: object) -> str:
    """The journal repeats the call, so it holds the caller's number in full; its files are for us alone."""
    return value.digits if isinstance(value, PhoneNumber) else str(value)


def _is_torn(file: Path) -> bool:
    """Whether the file ends in the middle of a line."""
    try:
        with file.open("rb") as content:
            if content.seek(0, os.SEEK_END) == 0:
                return False
            content.seek(-1, os.SEEK_END)
            return content.read(1) != b"\n"
    except FileNotFoundError:
        return False
