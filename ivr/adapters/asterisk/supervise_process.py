"""What we know of a running process beyond our own life: its pid and when it began, kept in a file."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunningProcess:
    """A process, told apart from a later one with the same pid by its start time (clock ticks since boot)."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> RunningProcess | None:
        """Return the process that has `pid` now; None when there is none (nor is a zombie without threads)."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces and parentheses
        if fields[0] in ("Z", "X") and _threads(pid) <= 1:
            return None
        return cls(pid, int(fields[19]))

    @property
    def is_alive(self) -> bool:
        return RunningProcess.of(self.pid) == self

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it is still this very process."""
        if self.is_alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


def _threads(pid: int) -> int:
    """A leader that ended while other threads still run looks like a zombie, yet holds the process's ports."""
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir()))
    except OSError:
        return 0


def remember(file: Path, process: RunningProcess) -> None:
    """Write the pid file atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(asdict(process)), encoding="ascii")
    draft.replace(file)


def remembered(file: Path) -> RunningProcess | None:
    """Return the process of the pid file if it still runs."""
    try:
        kept = json.loads(file.read_text(encoding="ascii"))
        process = RunningProcess(int(kept["pid"]), int(kept["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return process if process.is_alive else None


def end_remembered(folder: Path, patience_seconds: float = 5.0) -> int:
    """End what a killed supervisor left running, by the pid files below `folder`; return how many."""
    left = [process for file in folder.glob("**/*.json") if (process := remembered(file)) is not None]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in left:
            process.signal(number)
        until = time.monotonic() + patience_seconds
        while any(process.is_alive for process in left) and time.monotonic() < until:
            time.sleep(0.05)
    return len(left)
