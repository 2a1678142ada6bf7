"""Events a second from the manager interface: the guarded link, as the product uses it, beside bare panoramisk.

A process of its own replays the events of a recorded queue call as fast as it is read. Ours checks that messages are
whole and sound, translates them to our own facts and hands them to one reader; the peer calls one callback per event.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from panoramisk import Manager

from cti.settings import PROJECT
from ivr.adapters.asterisk.link import AsteriskLink, LinkSettings
from ivr.events import UserNoted
from tests.benchmarks.figures import Figure, Options

_CAPTURE = PROJECT / "tests" / "captures" / "queue_call_with_emergency.ami"
_SECRET = "s3cret-s3cret-s3cret"
_BANNER = b"Asterisk Call Manager/11.0.0\r\n"
_LAST = (
    b"Event: UserEvent\r\nPrivilege: user,all\r\nChannel: PJSIP/bench-00000001\r\nUniqueid: hl-1.1\r\n"
    b"Linkedid: hl-1.1\r\nUserEvent: BenchOver\r\n\r\n"
)
_NEEDED = 5000
"""Events a second that a city at its worst hour would bring."""


def measure(options: Options) -> list[Figure]:
    """Return events per second, the median of three turns each."""
    copies = int(options.pick(400, 100))
    ours, peer, events = asyncio.run(_measure(copies))
    return [
        Figure(
            "AMI events through the guarded link",
            "events/s",
            ours,
            peer,
            "bare panoramisk",
            "more",
            target=_NEEDED,
            note=f"{events} events; the switch sends far fewer",
        )
    ]


async def _measure(copies: int) -> tuple[float, float, int]:
    events = len(_captured()) * copies + 1
    logging.getLogger("panoramisk").setLevel(logging.CRITICAL)
    ours, peer = [], []
    for _ in range(3):
        async with _switch(copies) as port:
            ours.append(await _through_link(port))
        async with _switch(copies) as port:
            peer.append(await _through_panoramisk(port))
    return events / sorted(ours)[1], events / sorted(peer)[1], events


def _captured() -> list[bytes]:
    parts = _CAPTURE.read_bytes().replace(b"\r\n", b"\n").split(b"\n\n")
    return [part for part in (each.strip() for each in parts) if part.startswith(b"Event:")]


async def _through_link(port: int) -> float:
    """Return the seconds from the login's end to the last event."""
    link = AsteriskLink(LinkSettings("127.0.0.1", port, "hotline", _SECRET, max_waiting_events=1_000_000))
    running = asyncio.ensure_future(link.run())
    try:
        events = link.events()
        await anext(events)
        begun = time.perf_counter()
        asking = asyncio.ensure_future(link.reload_queues())  # tells the replaying process to begin
        async with asyncio.timeout(60):
            async for event in events:
                if isinstance(event, UserNoted) and event.name == "BenchOver":
                    break
        took = time.perf_counter() - begun
        await asking
        return took
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _through_panoramisk(port: int) -> float:
    over = asyncio.Event()

    def take(_manager: Manager, event: object) -> None:
        if event.userevent == "BenchOver":  # type: ignore[attr-defined]
            over.set()

    manager = Manager(host="127.0.0.1", port=port, username="hotline", secret=_SECRET)
    manager.register_event("*", take)
    await manager.connect()
    try:
        begun = time.perf_counter()
        manager.send_action({"Action": "QueueReload"}, as_list=False)
        async with asyncio.timeout(60):
            await over.wait()
        return time.perf_counter() - begun
    finally:
        manager.close()


@asynccontextmanager
async def _switch(copies: int) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.bench_ami", str(copies), cwd=PROJECT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def _replay(copies: int) -> None:
    """Be the switch: answer the login and what follows it, and replay at QueueReload."""
    flood = b"".join(part.replace(b"\n", b"\r\n") + b"\r\n\r\n" for part in _captured()) * copies + _LAST

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_BANNER)
        while True:
            try:
                raw = (await reader.readuntil(b"\r\n\r\n")).decode()
            except asyncio.IncompleteReadError:
                return
            action = dict(line.split(": ", 1) for line in raw.split("\r\n") if ": " in line)
            own = f"ActionID: {action.get('ActionID', '')}\r\n"
            match action["Action"]:
                case "CoreShowChannels" | "QueueStatus" as name:
                    answer = f"Response: Success\r\n{own}EventList: start\r\nMessage: ok\r\n\r\n"
                    answer += f"Event: {name}Complete\r\n{own}EventList: Complete\r\nListItems: 0\r\n\r\n"
                case "Login":
                    answer = f"Response: Success\r\n{own}Message: Authentication accepted\r\n\r\n"
                    answer += "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
                case "Ping":
                    answer = f"Response: Success\r\n{own}Ping: Pong\r\n\r\n"
                case _:
                    answer = f"Response: Success\r\n{own}Message: ok\r\n\r\n"
            writer.write(answer.encode())
            if action["Action"] == "QueueReload":
                writer.write(flood)
                await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.wait_for(server.serve_forever(), 120)


if __name__ == "__main__":
    asyncio.run(_replay(int(sys.argv[1])))
