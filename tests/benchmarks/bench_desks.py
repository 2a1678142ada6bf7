"""Five hundred desks open: how soon what the controller says is at every desk, and what that costs.

`hotline pages` as `hotline up` starts it, on SQLite, with a door that stands for the controller's. The desks are
WebSockets of other processes, each signed in at a seat of its own; from the line on the door's socket to the message in
the desk's process, by one clock. The peer is the bare web server with one loop that sends the same text to all.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from cti.access import Role
from cti.accounts import AccountRecord, Session
from cti.adapters.sql.account_store import SqlAccountStore
from cti.adapters.sql.database import Database
from cti.adapters.web.sessions import hash_of
from tests.benchmarks.figures import Figure, Options, quantile
from tests.benchmarks.processes import CpuMeter
from tests.cti.web.site import FakeDoor
from tests.ports import free_port
from tests.system.running_switch import until

DESKS, PROCESSES = 500, 2
BROADCASTS_PER_SECOND = 20
OWN_PER_DESK_PER_SECOND = 2
BROADCAST_P99_MS = 50.0
FIRST_SEAT = 10_000

DESK = """
import asyncio, json, sys, time
import websockets
address, origin, first, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
late = {"all": [], "own": []}
few = asyncio.Semaphore(20)
async def desk(n, ready):
    cookie = {"cookie": f"hl_session=token-{n}"} if origin != "-" else {}
    async with few:  # a busy machine opens them one after the other
        socket = await websockets.connect(address, origin=None if origin == "-" else origin, additional_headers=cookie,
                                          compression=None, max_queue=None, proxy=None, open_timeout=60)
        await socket.send(json.dumps({"t": "open", "tab": str(n)}))
        await socket.recv()
    ready.release()
    async with socket:
        async for text in socket:
            now = time.monotonic()
            at = text.find('"stamp":')
            if at > 0:
                stamp = float(text[at + 8:].split("}")[0].split(",")[0])
                late["own" if '"type":"hearing"' in text else "all"].append(now - stamp)
async def main():
    ready = asyncio.Semaphore(0)
    desks = [asyncio.create_task(desk(n, ready)) for n in range(first, first + count)]
    for _ in desks:
        await ready.acquire()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    for each in desks:
        each.cancel()
    json.dump(late, sys.stdout)
asyncio.run(main())
"""
"""Stands for the browsers: notes how late each stamped message is (all processes of a machine share this clock)."""

BARE = """
import asyncio, sys, time, json
import uvicorn
from fastapi import FastAPI, WebSocket
app, desks = FastAPI(), set()
@app.websocket("/ws")
async def ws(socket: WebSocket):
    await socket.accept()
    await socket.receive_text()
    await socket.send_text("{}")
    desks.add(socket)
    await asyncio.Event().wait()
async def shout():
    for line in iter(lambda: None, 1):
        await asyncio.sleep(1 / float(sys.argv[2]))
        text = '{"t":"event","pad":"' + "x" * 200 + '","stamp":%f}' % time.monotonic()
        for socket in list(desks):
            try:
                await socket.send_text(text)
            except Exception:
                desks.discard(socket)
async def main():
    asyncio.create_task(shout())
    await uvicorn.Server(uvicorn.Config(app, "127.0.0.1", int(sys.argv[1]), log_config=None, lifespan="off",
                                        ws_per_message_deflate=False)).serve()
asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Late:
    """How late messages were, in ms: those for all desks, and those for one."""

    to_all: list[float]
    own: list[float]


def measure(options: Options) -> list[Figure]:
    """Return the figures."""
    return asyncio.run(_measure(options))


async def _measure(options: Options) -> list[Figure]:
    desks, seconds = int(options.pick(DESKS, 100)), options.pick(20, 4)
    with tempfile.TemporaryDirectory(prefix="hl-pg-") as place:
        options.say(f"  bare server, {desks} desks")
        bare = await _bare(desks, seconds)
        options.say(f"  hotline pages, {desks} desks")
        async with _pages(Path(place), desks) as (port, pid, door):
            before = _rss_mb(pid)
            async with _desks(f"ws://127.0.0.1:{port}/ws", f"http://127.0.0.1:{port}", desks) as running:
                meter = CpuMeter(pid)
                await _speak(door, desks, seconds, own=0)
                quiet_cpu = meter.percent()[0]
                alone = await running.finished()
            async with _desks(f"ws://127.0.0.1:{port}/ws", f"http://127.0.0.1:{port}", desks) as running:
                meter = CpuMeter(pid)
                await _speak(door, desks, seconds, own=OWN_PER_DESK_PER_SECOND)
                busy_cpu = meter.percent()[0]
                busy = await running.finished()
            after = _rss_mb(pid)
    each = f"{desks} desks, {BROADCASTS_PER_SECOND} a second to all"
    own = f"{desks * OWN_PER_DESK_PER_SECOND} a second more to one desk each"
    name = "bare FastAPI"
    return [
        Figure(f"broadcast, {each}, p50", "ms", quantile(alone.to_all, 0.5), quantile(bare.to_all, 0.5), name),
        Figure(
            f"broadcast, {each}, p99", "ms", quantile(alone.to_all, 0.99), quantile(bare.to_all, 0.99), name,
            target=BROADCAST_P99_MS, note=f"{len(alone.to_all)} messages",
        ),
        Figure(f"broadcast, and {own}, p99", "ms", quantile(busy.to_all, 0.99), note=f"{len(busy.to_all)} messages"),
        Figure("words of one's own call, meanwhile, p50", "ms", quantile(busy.own, 0.5)),
        Figure(
            "words of one's own call, meanwhile, p99", "ms", quantile(busy.own, 0.99), note=f"{len(busy.own)} messages"
        ),
        Figure("CPU of the pages, broadcasts", "% of a core", quiet_cpu),
        Figure("CPU of the pages, broadcasts and words", "% of a core", busy_cpu),
        Figure(f"memory of the pages, {desks} desks", "MB", after, note=f"{before:.0f} MB without a desk"),
    ]  # fmt: skip


@asynccontextmanager
async def _pages(folder: Path, desks: int) -> AsyncIterator[tuple[int, int, FakeDoor]]:
    """The process of the pages with as many accounts, sessions and seats."""
    port = free_port()
    seats = [{"seat": str(FIRST_SEAT + n), "agent": f"坐席{n}"} for n in range(desks)]
    file = folder / "settings.yaml"
    written = {"settings_version": 1, "run_folder": str(folder / "run"), "pages": {"port": port}, "seats": seats}
    file.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    database = Database(f"sqlite:///{folder / 'run' / 'hotline.db'}")
    await database.open()
    store, now = SqlAccountStore(database), datetime.now(UTC)
    for n in range(desks):
        await store.add(AccountRecord(f"desk{n}", f"坐席{n}", (Role.AGENT,)), now)
        session = Session(
            hash_of(f"token-{n}"), f"desk{n}", "c", str(FIRST_SEAT + n), now, now, now + timedelta(hours=8)
        )
        await store.open_session(session)
    await database.close()
    door = FakeDoor(folder / "run" / "control.sock")
    for n in range(desks):
        seat, call = str(FIRST_SEAT + n), _call(n)
        door.board["seats"][seat] = {"seat": seat, "agent": f"坐席{n}", "user": f"desk{n}", "state": "talking"}
        door.board["calls"][call] = {"call": call, "caller": "13812345678", "seat": seat, "state": "talking"}
    await door.open()
    words = (sys.executable, "-m", "cti", "--settings", str(file), "pages")
    process = await asyncio.create_subprocess_exec(*words)
    try:
        await until(lambda: _answers(port), 60)
        yield port, process.pid, door
    finally:
        process.kill()
        await process.wait()
        await door.close()


class _Running:
    def __init__(self, processes: Sequence[asyncio.subprocess.Process]) -> None:
        self._processes = processes

    async def finished(self) -> Late:
        late = Late([], [])
        for process in self._processes:
            out, _ = await process.communicate(b"\n")
            told: dict[str, Any] = json.loads(out)
            late.to_all.extend(1000 * each for each in told["all"])
            late.own.extend(1000 * each for each in told["own"])
        return late


@asynccontextmanager
async def _desks(address: str, origin: str, desks: int) -> AsyncIterator[_Running]:
    share = desks // PROCESSES
    processes = []
    for nth in range(PROCESSES):
        words = (sys.executable, "-c", DESK, address, origin, str(nth * share), str(share))
        pipe = asyncio.subprocess.PIPE
        processes.append(await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, limit=2**28))
    try:
        for process in processes:
            assert process.stdout is not None
            assert await asyncio.wait_for(process.stdout.readline(), 120) == b"ready\n"
        yield _Running(processes)
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _speak(door: FakeDoor, desks: int, seconds: float, own: int) -> None:
    """Say at the door what a busy centre says."""
    rounds, begun, nth = int(seconds * BROADCASTS_PER_SECOND), time.monotonic(), 0
    a_round = desks * own // BROADCASTS_PER_SECOND
    for number in range(rounds):
        waiting = [_call(n) for n in range(20)]
        queue = {"queue": "general", "title": "综合受理", "waiting": waiting, "ready": 3, "stamp": time.monotonic()}
        door.tell("board", {"queues": {"general": queue}})
        for _ in range(a_round):
            data = {"leg": "caller", "text": "我家门口的路灯坏了好几天没有人来修", "stamp": time.monotonic()}
            door.tell("hearing", call=_call(nth % desks), data=data)
            nth += 1
        await asyncio.sleep(max(0.0, begun + (number + 1) / BROADCASTS_PER_SECOND - time.monotonic()))
    await asyncio.sleep(1.0)


async def _bare(desks: int, seconds: float) -> Late:
    port = free_port()
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", BARE, str(port), str(BROADCASTS_PER_SECOND))
    try:
        await until(lambda: _answers(port), 30)
        async with _desks(f"ws://127.0.0.1:{port}/ws", "-", desks) as running:
            await asyncio.sleep(seconds)
            return await running.finished()
    finally:
        process.kill()
        await process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _call(n: int) -> str:
    return f"hl-1795312728.{n}"


def _rss_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024
