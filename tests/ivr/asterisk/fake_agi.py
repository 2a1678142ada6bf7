"""Asterisk's side of one FastAGI call: sends the environment, answers commands as scripted, hangs up, goes away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from ivr.adapters.asterisk.agi_server import AgiServer, Handler

CALL_ID = "hl-1763774000.12"


def environment(*arguments: str) -> bytes:
    lines = ["agi_network: yes", "agi_channel: PJSIP/pstn-00000000", f"agi_uniqueid: {CALL_ID}"]
    lines += ["agi_callerid: 13812345678"]
    lines += [f"agi_arg_{number}: {value}" for number, value in enumerate(arguments, 1)]
    return ("\n".join(lines) + "\n\n").encode()


class FakeCaller:
    """One call; `commands` is what it was asked to do."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.commands: list[str] = []

    async def command(self) -> str:
        """Return the next command, `` when the controller ended the turn."""
        line = (await asyncio.wait_for(self.reader.readline(), 30)).decode().strip()
        if line:
            self.commands.append(line)
        return line

    def say(self, line: str) -> None:
        self.writer.write(f"{line}\n".encode())

    async def obey(self, answer: Callable[[str], str | None] = lambda _: "200 result=0") -> None:
        """Answer every command until the turn ends; `answer` returns None to keep silent."""
        while command := await self.command():
            reply = answer(command)
            if reply is not None:
                self.say(reply)

    def vanish(self) -> None:
        self.writer.transport.abort()


@contextlib.asynccontextmanager
async def serving(handler: Handler, **limits: float) -> AsyncIterator[tuple[AgiServer, int]]:
    server = AgiServer(handler, **limits)  # type: ignore[arg-type]
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(server.run())
        try:
            _, port = await server.address()
            yield server, port
        finally:
            running.cancel()


@contextlib.asynccontextmanager
async def calling(port: int, *arguments: str) -> AsyncIterator[FakeCaller]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(environment(*arguments))
    try:
        yield FakeCaller(reader, writer)
    finally:
        writer.close()
