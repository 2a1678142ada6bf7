"""What the figures were measured on: processor, memory, system, versions, and how busy the machine was."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from ivr.adapters.asterisk.private import PartName, ensure, parts_folder

_PACKAGES = ("vosk", "panoramisk", "sqlalchemy", "psycopg", "aiomqtt", "jieba", "rjieba")


def machine() -> list[tuple[str, str]]:
    """Return name and value of each thing that bears on a figure."""
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} cores visible"),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"),
        ("system", f"{_system()}, kernel {platform.release().split('-')[0]}"),
        ("python", platform.python_version()),
        ("programs", "; ".join(_parts())),
        ("packages", ", ".join(f"{name} {version(name)}" for name in _PACKAGES) + f", SQLite {sqlite3.sqlite_version}"),
    ]


def load() -> str:
    """Return the load averages of 1 and 5 minutes: other work beside the benchmark makes every figure worse."""
    one, five, _ = os.getloadavg()
    return f"{one:.1f} / {five:.1f}"


def _parts() -> Iterator[str]:
    for name in (PartName.ASTERISK, PartName.MOSQUITTO, PartName.POSTGRESQL, PartName.SIPP, PartName.CHROMIUM):
        yield f"{name} {ensure(name, parts_folder(Path.home())).version}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()
