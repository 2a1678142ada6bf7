"""`python -m tests.kills orders [--kills 500] [--database sqlite|postgres]`: kill servers while orders are moved.

Two servers share one database; ten people open and move orders over HTTP at both of them, while each server is killed
with SIGKILL at random moments and started again. In the end everything that anybody was told was done must be in the
database, once; every chain of hashes must be whole; every timer must have run once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from argon2 import PasswordHasher
from rich.console import Console
from rich.progress import Progress

from cti.accounts import AccountRecord
from cti.adapters.files.partner_file import PartnerFile
from cti.adapters.sql.account_store import SqlAccountStore
from cti.adapters.sql.database import Database
from cti.server.orders import partner_file
from tests.benchmarks.machine import load, machine
from tests.conftest_services import _start_postgres
from tests.kills.order_ledger import Kept, Ledger, kept
from tests.kills.order_people import PASSWORD, PEOPLE, Citizen, Town
from tests.kills.order_server import FIRST, FastClock, settings_of
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SERVERS = 2
CITIZENS = 10
LONGEST_LIFE_S = 5.0
START_S, SETTLED_S, STORE_S = 180.0, 300.0, 60.0  # a starved machine is slow, not wrong
COLUMNS = (
    "database", "kills", "requests under way at a kill", "told it was done", "orders", "events",
    "made, answer lost", "orders or moves lost", "doubled", "chains broken", "timers run", "timers lost",
    "timers twice", "messages lost or doubled", "back p50 s", "back max s",
)  # fmt: skip


@dataclass
class Campaign:
    """What was done, and what is left of it."""

    kills: int = 0
    under_way: int = 0
    back_s: list[float] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    kept: Kept = field(default_factory=Kept)


class Servers:
    """The process that forks servers, kills them and waits for their deaths."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._lock = asyncio.Lock()

    async def start(self, port: int) -> int:
        """Return the pid of a new server once it takes connections."""
        pid = await self._do(f"start {port}")
        async with asyncio.timeout(START_S):
            while not _listens(port):  # noqa: ASYNC110  # another process knows no event of ours
                await asyncio.sleep(0.01)
        return pid

    async def kill(self, pid: int) -> None:
        died_of = await self._do(f"kill {pid}")
        assert died_of == signal.SIGKILL, f"the server died by itself: {died_of}"

    async def _do(self, command: str) -> int:
        async with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(f"{command}\n".encode())
            return int(await self._process.stdout.readline())


@asynccontextmanager
async def _servers(folder: Path, url: str, begun: float, ports: Sequence[int]) -> AsyncIterator[Servers]:
    words = (sys.executable, "-m", "tests.kills.order_server", str(folder), url, repr(begun), *map(str, ports))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, cwd=ROOT, env=environment)
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        yield Servers(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def campaign(
    folder: Path,
    url: str,
    kills: int,
    seed: int = 12345,
    longest_life_s: float = LONGEST_LIFE_S,
    citizens: int = CITIZENS,
    bar: Progress | None = None,
) -> Campaign:
    """Play it on an empty database; `folder` is the installation's. Each server lives so long at the most."""
    token, done = await _furnish(folder, url), Campaign()
    chance, begun = random.Random(seed), time.time()
    task = bar.add_task("kills", total=kills) if bar else None
    town = Town([free_port() for _ in range(SERVERS)], token, done.ledger)
    async with _servers(folder, url, begun, town.ports) as servers:

        async def lives_and_deaths(port: int) -> None:
            pid = await servers.start(port)
            while done.kills < kills:
                done.kills += 1
                await asyncio.sleep(chance.uniform(0.02, longest_life_s))
                done.under_way += town.under_way[port]
                await servers.kill(pid)
                dead = time.perf_counter()
                pid = await servers.start(port)
                done.back_s.append(time.perf_counter() - dead)
                if bar and task is not None:
                    bar.advance(task)

        people = [asyncio.create_task(Citizen(town, nth).work()) for nth in range(citizens)]
        try:
            async with asyncio.TaskGroup() as tasks:
                for port in town.ports:
                    tasks.create_task(lives_and_deaths(port))
            async with asyncio.timeout(SETTLED_S):  # however slow the machine: it was work that was killed
                while done.ledger.acknowledged < 2 * citizens:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            town.over.set()
            await asyncio.gather(*people)
        finally:
            for each in people:
                each.cancel()
            await town.close()
    FastClock.begun = begun
    done.kept = await kept(done.ledger, folder, url, FastClock().now())
    return done


async def _furnish(folder: Path, url: str) -> str:
    """Make the tables, the accounts and a partner; returns the partner's token."""
    settings = settings_of(folder, url)
    database = Database(url, deadline_seconds=STORE_S)
    await database.open()
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)  # a sign-in every few seconds
    for name, (roles, unit) in PEOPLE.items():
        assert await SqlAccountStore(database).add(
            AccountRecord(name, name, roles, unit=unit, password_hash=hashed), FIRST
        )
    await database.close()
    token, _ = PartnerFile(partner_file(settings)).add("市微信", ["intake"], "wechat")
    return token


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def main(words: list[str]) -> int:
    """Return 0 when nothing was lost and nothing came twice."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills orders", description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=12345)
    arguments = parser.parse_args(words)
    for name, value in machine():
        print(f"# {name}: {value}")
    print(f"# {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, python -m tests.kills orders {' '.join(words)}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="hotline-kills-"))
    server = _start_postgres() if arguments.database == "postgres" else None
    url = f"{server['url']}/postgres" if server else f"sqlite:///{folder / 'hotline.db'}"
    begun = time.perf_counter()
    try:
        with Progress(console=Console(stderr=True), transient=True) as bar:
            done = asyncio.run(campaign(folder, url, arguments.kills, arguments.seed, bar=bar))
    finally:
        if server:
            os.kill(int(str(server["pid"])), signal.SIGINT)
            os.waitpid(int(str(server["pid"])), 0)
            shutil.rmtree(str(server["folder"]), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}\n{_row(arguments.database, done)}")
    for fault in done.kept.faults[:60]:
        print(f"#   {fault}")
    ran = "、".join(f"{name} {many}" for name, many in sorted(done.kept.timers.items()))
    refused = "、".join(f"{status} {many}" for status, many in sorted(done.ledger.refused.items()))
    print(f"# timers run by: {ran}; refused: {refused}; {time.perf_counter() - begun:.0f} s; load average {load()}")
    return 1 if done.kept.faults else 0


def _row(database: str, done: Campaign) -> str:
    kept_, back = done.kept, done.back_s or [0.0]
    cells = (
        database, done.kills, done.under_way, done.ledger.acknowledged, kept_.orders, kept_.events,
        kept_.made_unheard, len(kept_.lost), len(kept_.doubled), len(kept_.broken), kept_.timers.total(),
        len(kept_.timers_lost), len(kept_.timers_twice), len(kept_.untold),
        f"{statistics.median(back):.2f}", f"{max(back):.2f}",
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"
