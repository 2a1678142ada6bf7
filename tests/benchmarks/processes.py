"""What processes cost: CPU time from /proc, of all their threads together."""

from __future__ import annotations

import os
import time
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return user and system time of a living process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


class CpuMeter:
    """Measures from its making on; `percent` is of one core."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._begun = time.perf_counter()
        self._before = [cpu_seconds(pid) for pid in pids]

    def percent(self) -> tuple[float, ...]:
        passed = time.perf_counter() - self._begun
        now = [cpu_seconds(pid) for pid in self._pids]
        return tuple(100 * (after - before) / passed for before, after in zip(self._before, now, strict=True))
