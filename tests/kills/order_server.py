"""Servers of the orders that can be killed every second: forked from a process that has loaded the program once.

`python -m tests.kills.order_server FOLDER DATABASE BEGUN PORT…` reads one command a line and answers each with one
line: `start PORT` forks a server and says its pid, `kill PID` sends SIGKILL and says when it is dead. A server is the
whole of `hotline pages` (`serve_pages`) and the orders' timers (`run_timers`), in one process, under a clock in which a
second is an hour; so a campaign of minutes sees the limits of weeks. The application of each port is built before
the fork, for that costs a second; connections, tasks and everything else are made by the server itself.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cti.adapters.sql.database import Database
from cti.adapters.web.app import pages_app
from cti.pages_settings import PagesSettings
from cti.server import pages
from cti.server.life_timers import run_timers
from cti.server.log import log_to
from cti.settings import Settings, default_settings

CITY = "suqian"
FIRST = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FASTER = 3600.0
LOOK_EVERY_SECONDS = 0.1


class FastClock:
    """Fulfils `ivr.ports.Clock`: the same hour in every process, each second an hour further."""

    begun = 0.0

    def now(self) -> datetime:
        return FIRST + timedelta(seconds=(time.time() - self.begun) * FASTER)

    def monotonic(self) -> float:
        return time.monotonic()


def settings_of(folder: Path, database: str, port: int = 1) -> Settings:
    """Return what a server of the campaign runs with."""
    usual = default_settings(folder / "data", folder / "run")
    return replace(usual, database=database, city=CITY, pages=PagesSettings(port=port, idle_minutes=24 * 60))


class Built:
    """What a server of one port needs, built once and without a connection."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = FastClock()
        self.deps = pages.pages_deps(settings, Database(settings.database), self.clock)
        self.app = pages_app(self.deps)

    def fork(self) -> int:
        """Return the pid of a new server."""
        pid = os.fork()
        if pid == 0:
            os.close(0)
            try:
                log_to(self.settings.run_folder / "log" / f"{self.settings.pages.port}.log")
                asyncio.run(self._serve())
            finally:
                os._exit(1)
        return pid

    async def _serve(self) -> None:
        vars(pages).update(SystemClock=FastClock, pages_deps=lambda *_: self.deps, pages_app=lambda _: self.app)
        lives, name = self.deps.orders.lives, f"port {self.settings.pages.port}"
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(run_timers(lives, self.clock, name, every_seconds=LOOK_EVERY_SECONDS))
            tasks.create_task(pages.serve_pages(self.settings))


def main(folder: str, database: str, begun: str, *ports: str) -> None:
    """Follow the commands until they end; then nobody is left."""
    FastClock.begun = float(begun)
    built = {port: Built(settings_of(Path(folder), database, int(port))) for port in ports}
    alive: set[int] = set()
    print("ready", flush=True)
    for line in sys.stdin:
        word, _, number = line.strip().partition(" ")
        if word == "start":
            pid = built[number].fork()
            alive.add(pid)
            print(pid, flush=True)
        else:
            print(_killed(int(number)), flush=True)
            alive.discard(int(number))
    for pid in alive:
        _killed(pid)


def _killed(pid: int) -> int:
    """Kill and wait until it is dead; returns by which signal it died (9: ours)."""
    os.kill(pid, signal.SIGKILL)
    return os.WTERMSIG(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
