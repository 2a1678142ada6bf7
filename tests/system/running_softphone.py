"""`hotline softphone` as a process, for tests."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cti.adapters.control.door_client import DoorClient
from cti.server.phones import phone_socket
from tests.system.running_service import RunningService
from tests.system.running_switch import until


@asynccontextmanager
async def softphone(service: RunningService, *words: str, seat: str = "801") -> AsyncIterator[DoorClient]:
    """The telephone of a seat, and the way to tell it something."""
    process = await asyncio.create_subprocess_exec(
        *service.command("softphone", "--seat", seat, *words), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            while "已登录" not in (line := (await process.stdout.readline()).decode()):
                assert line, "it ended"
        socket = phone_socket(service.settings, seat)

        async def is_open() -> bool:
            return socket.exists()

        await until(is_open)
        yield DoorClient(socket)
    finally:
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 15) == 0
