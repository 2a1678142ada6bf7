"""Ask the running controller from an asyncio program: every question on a connection of its own, with a deadline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cti.adapters.control.visit import ControllerAwayError

SECONDS = 10.0
CONNECT_SECONDS = 2.0
LONGEST_ANSWER = 64 * 1024 * 1024
"""A snapshot of a large centre is some megabytes."""


class DoorClient:
    """The control door at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def ask(self, verb: str, seconds: float = SECONDS, **words: object) -> dict[str, Any]:
        """Ask one thing and return the answer; ControllerAwayError when nobody answers in time."""
        try:
            async with asyncio.timeout(seconds), self.line({"verb": verb, **words}) as reader:
                answer = json.loads(await reader.readline() or b"null")
        except (OSError, ValueError, TimeoutError) as away:
            raise ControllerAwayError(
                f"控制器没有应答（{away}）。改法：先运行 hotline up，或检查 {self._path}"
            ) from away
        if not isinstance(answer, dict):
            raise ControllerAwayError(f"控制器中断了连接。改法：稍后再试，或检查 {self._path}")
        return answer

    @asynccontextmanager
    async def line(self, request: Mapping[str, object]) -> AsyncIterator[asyncio.StreamReader]:
        """Send a request and give the answers as they come; OSError or TimeoutError when nobody is there."""
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_unix_connection(str(self._path), limit=LONGEST_ANSWER)
        try:
            writer.write(json.dumps(request, ensure_ascii=False).encode() + b"\n")
            await writer.drain()
            yield reader
        finally:
            writer.close()
