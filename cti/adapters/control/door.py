"""A Unix socket that only our own user may open: one JSON object per line is asked, one is answered.

A request is `{"verb": "...", ...}` with text values; an answer holds `ok` and `text`, and what the verb adds. What is
no request is answered too, in Chinese, and the connection stays open. A verb may answer with a stream instead: its
lines come until the visitor goes or the stream ends, and then the connection is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from pathlib import Path

log = logging.getLogger(__name__)

MAX_LINE_BYTES = 64 * 1024

Request = Mapping[str, object]
Told = Mapping[str, object]
Stream = AsyncGenerator[bytes, None]
"""Whole lines of JSON, one or more at a time, each with its line break."""
Verb = Callable[[Request], Told | Awaitable[Told] | Stream]


async def open_door(path: Path, verbs: Mapping[str, Verb]) -> None:
    """Answer at `path` until cancelled; an old socket there is replaced. Without a door the calls go on."""
    try:
        server = await asyncio.start_unix_server(_visitor(verbs), sock=_bound(path), limit=MAX_LINE_BYTES)
    except OSError as error:
        log.error("no_control_door", extra={"reason": str(error)})  # such as a path longer than a socket's may be
        return
    async with server:
        await server.serve_forever()


def _bound(path: Path) -> socket.socket:
    """Return a socket at `path`, ours alone before anybody can connect."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    door = socket.socket(socket.AF_UNIX)
    try:
        door.bind(str(path))
        path.chmod(0o600)
    except OSError:
        door.close()
        raise
    return door


def _visitor(verbs: Mapping[str, Verb]) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError):  # gone, or a line without end
            while line := await reader.readline():
                told = await answer(verbs, line)
                if isinstance(told, AsyncGenerator):
                    await _stream(told, reader, writer)
                    break
                writer.write(json.dumps(told, ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        writer.close()

    return attend


async def _stream(lines: Stream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pour the lines out until they end or the visitor is gone, who says nothing more meanwhile."""

    async def pour() -> None:
        async with contextlib.aclosing(lines):
            async for some in lines:
                writer.write(some)
                await writer.drain()

    pouring, gone = asyncio.ensure_future(pour()), asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait({pouring, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (pouring, gone):
            task.cancel()
        await asyncio.gather(pouring, gone, return_exceptions=True)


async def answer(verbs: Mapping[str, Verb], line: bytes) -> Told | Stream:
    """Return the answer to one line."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        return {"ok": False, "text": "请求不是 JSON。"}
    verb = verbs.get(str(request.get("verb"))) if isinstance(request, dict) else None
    if verb is None:
        return {"ok": False, "text": f"没有这个动作。可用：{'、'.join(verbs)}。"}
    try:
        told = verb(request)
        return told if isinstance(told, Mapping | AsyncGenerator) else await told
    except (ValueError, KeyError, TypeError) as odd:
        log.warning("control_request_odd", extra={"reason": str(odd)})
        return {"ok": False, "text": f"请求有误：{odd}"}
