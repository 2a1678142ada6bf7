"""A manager interface on a free port that does as it is told: answers, keeps silent, cuts, notes what it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

Action = dict[str, list[str]]
Reaction = Callable[["FakeAmi", Action], Awaitable[None] | None]

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
BOOTED = b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"


def message(**headers: str) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"


class FakeAmi:
    def __init__(self) -> None:
        self.actions: list[Action] = []
        self.connections = 0
        self.secret = "s3cret-s3cret-s3cret"
        self.silent = False
        self.react: dict[str, Reaction] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        self._server.close()
        self.drop()
        for task in self._tasks:
            task.cancel()

    def named(self, name: str) -> list[Action]:
        return [action for action in self.actions if action.get("Action") == [name]]

    def send(self, data: bytes) -> None:
        assert self._writer is not None
        self._writer.write(data)

    async def send_sliced(self, data: bytes, size: int) -> None:
        assert self._writer is not None
        for start in range(0, len(data), size):
            self._writer.write(data[start : start + size])
            await self._writer.drain()
            await asyncio.sleep(0)

    def drop(self) -> None:
        if self._writer is not None:
            self._writer.transport.abort()

    def answer(self, action: Action, response: str = "Success", **headers: str) -> None:
        self.send(message(Response=response, ActionID=action["ActionID"][0], **headers))

    def answer_list(self, action: Action, name: str, entries: tuple[dict[str, str], ...] = ()) -> None:
        own = action["ActionID"][0]
        self.send(message(Response="Success", ActionID=own, EventList="start", Message=f"{name} will follow"))
        for entry in entries:
            self.send(message(**{**entry, "ActionID": own}))
        self.send(message(Event=f"{name}Complete", ActionID=own, EventList="Complete", ListItems=str(len(entries))))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self._writer = writer
        writer.write(BANNER)
        try:
            while True:
                raw = await reader.readuntil(b"\r\n\r\n")
                action: Action = {}
                for line in raw.decode().strip().split("\r\n"):
                    name, _, value = line.partition(": ")
                    action.setdefault(name, []).append(value)
                self.actions.append(action)
                await self._react(action)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _react(self, action: Action) -> None:
        name = action["Action"][0]
        if self.silent:
            return
        if name in self.react:
            doing = self.react[name](self, action)
            if doing is not None:
                await doing
            return
        match name:
            case "Login" if action["Secret"] != [self.secret]:
                self.answer(action, "Error", Message="Authentication failed")
            case "Login":
                self.answer(action, Message="Authentication accepted")
                self.send(BOOTED)
            case "Ping":
                self.answer(action, Ping="Pong")
            case "CoreShowChannels" | "QueueStatus":
                self.answer_list(action, name)
            case _:
                self.answer(action, Message="ok")
