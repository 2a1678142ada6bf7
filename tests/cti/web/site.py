"""The pages for tests: the whole application over HTTP without a network, on a database of its own, with a fake door.

`async with site(tmp_path) as here: page = await here.sign_in("xiaomei")`, then `await page.get("/api/…")`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import websockets
from argon2 import PasswordHasher
from fastapi import FastAPI

from cti.access import Role
from cti.accounts import AccountRecord
from cti.adapters.sql.database import Database
from cti.adapters.web.app import PagesDeps, pages_app
from cti.adapters.web.passwords import Passwords
from cti.adapters.web.watch import follow
from cti.pages_settings import PagesSettings
from cti.server.pages import pages_deps, server_of
from cti.settings import Settings, default_settings
from cti.switch_settings import SwitchSettings
from tests.fakes import NOON
from tests.ports import free_port
from workorder.audit import AuditRow

BASE = "http://hotline.test"
PASSWORD = "一个够长的口令-2026"
QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
"""Hashes that cost nothing: what argon2 itself promises is not our test."""


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> Any:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


@dataclass
class FakeDoor:
    """A controller's door: answers each verb by `answers`, keeps what was asked, streams what `tell` is given."""

    path: Path
    asked: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = field(default_factory=dict)
    epoch: str = "life-1"
    seq: int = 0
    board: dict[str, Any] = field(
        default_factory=lambda: {"calls": {}, "seats": {}, "queues": {}, "emergencies": {}, "today": {}, "ears": {}}
    )
    _server: asyncio.Server | None = None
    _watchers: set[asyncio.StreamWriter] = field(default_factory=set)
    _visitors: set[asyncio.StreamWriter] = field(default_factory=set)

    async def open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._attend, str(self.path))

    async def close(self) -> None:
        """Die: the door is gone and every line is cut."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._visitors):
            writer.transport.abort()
        self._watchers.clear()
        self.path.unlink(missing_ok=True)

    def tell(self, kind: str, patch: dict[str, Any] | None = None, **fact: Any) -> None:
        """Tell every watcher one fact, and fold its patch into the board."""
        self.seq += 1
        for part, rows in (patch or {}).items():
            self.board[part].update({key: row for key, row in rows.items() if row is not None})
            for key in [key for key, row in rows.items() if row is None]:
                self.board[part].pop(key, None)
        line = {"seq": self.seq, "type": kind, "call": "", "seat": "", "at": NOON.isoformat(), "data": {}, **fact}
        for writer in list(self._watchers):
            writer.write(json.dumps({**line, "patch": patch or {}}, ensure_ascii=False).encode() + b"\n")

    @property
    def watchers(self) -> int:
        return len(self._watchers)

    def of(self, verb: str) -> list[dict[str, Any]]:
        """Return what was asked by this verb."""
        return [each for each in self.asked if each["verb"] == verb]

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._visitors.add(writer)
        try:
            while line := await reader.readline():
                request = json.loads(line)
                if request["verb"] == "watch":
                    first = {"ok": True, "epoch": self.epoch, "seq": self.seq, "board": self.board}
                    writer.write(json.dumps(first, ensure_ascii=False).encode() + b"\n")
                    self._watchers.add(writer)
                    continue
                self.asked.append(request)
                answer = self.answers.get(request["verb"], lambda _request: {"ok": True, "text": "好。"})(request)
                writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
        except (OSError, ValueError):
            pass
        finally:
            self._visitors.discard(writer)
            self._watchers.discard(writer)
            writer.close()


class Page:
    """A browser that is signed in, or tries to be: sends its Origin and its CSRF header as our pages do."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.client.headers["origin"] = BASE

    async def request(self, method: str, path: str, **words: Any) -> httpx.Response:
        headers = {"x-csrf": self.client.cookies.get("hl_csrf") or "", **words.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **words)

    async def get(self, path: str, **words: Any) -> httpx.Response:
        return await self.request("GET", path, **words)

    async def post(self, path: str, json: Any = None, **words: Any) -> httpx.Response:
        return await self.request("POST", path, json=json, **words)

    async def put(self, path: str, json: Any = None, **words: Any) -> httpx.Response:
        return await self.request("PUT", path, json=json, **words)

    async def delete(self, path: str, **words: Any) -> httpx.Response:
        return await self.request("DELETE", path, **words)


class Site:
    """The pages, their database and their door."""

    def __init__(self, deps: PagesDeps, door: FakeDoor, clock: Clock) -> None:
        self.deps, self.door, self.clock = deps, door, clock
        self._pages: list[httpx.AsyncClient] = []

    @cached_property
    def app(self) -> FastAPI:
        """The application: built when it is first asked for, since a site of orders wires itself twice."""
        return pages_app(self.deps)

    def visitor(self, address: str = "192.0.2.7") -> Page:
        """Return a browser that has not signed in."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False, client=(address, 4711))
        client = httpx.AsyncClient(transport=transport, base_url=BASE)
        self._pages.append(client)
        return Page(client)

    async def account(self, name: str, *roles: Role, **more: Any) -> AccountRecord:
        """Make an account whose password is PASSWORD."""
        password_hash = await self.deps.passwords.hashed(PASSWORD)
        record = AccountRecord(name, name, roles or (Role.AGENT,), password_hash=password_hash, **more)
        assert await self.deps.accounts.add(record, self.clock.now())
        return record

    async def sign_in(self, name: str, *roles: Role, seat: str = "", **more: Any) -> Page:
        """Sign in as an account of these roles, which is made if there is none."""
        if await self.deps.accounts.account(name) is None:
            await self.account(name, *roles, **more)
        page = self.visitor()
        answer = await page.post("/api/session", {"name": name, "password": PASSWORD, "seat": seat})
        assert answer.status_code == 200, answer.text
        return page

    async def trail(self) -> Sequence[AuditRow]:
        """Return the audit trail, oldest first."""
        from cti.adapters.sql.archive import SqlTranscriptArchive

        return (await SqlTranscriptArchive(self.deps.database, self.deps.masking).trail(limit=1000))[::-1]

    async def close(self) -> None:
        for client in self._pages:
            await client.aclose()


def settings_in(folder: Path, pages: PagesSettings | None = None, switch: SwitchSettings | None = None) -> Settings:
    """Return settings for a site in this folder."""
    settings = replace(default_settings(folder / "data", folder / "run"), pages=pages or PagesSettings())
    return replace(settings, switch=switch) if switch else settings


@asynccontextmanager
async def site(
    folder: Path, pages: PagesSettings | None = None, switch: SwitchSettings | None = None, **change: Any
) -> AsyncIterator[Site]:
    """A site with its own SQLite database; `change` is laid over its dependencies."""
    settings, clock = settings_in(folder, pages, switch), Clock()
    database = Database(settings.database)
    await database.open()
    deps = replace(pages_deps(settings, database, clock), **{"passwords": QUICK, **change})
    door = FakeDoor(settings.run_folder / "control.sock")
    await door.open()
    here = Site(deps, door, clock)
    try:
        yield here
    finally:
        await here.close()
        deps.admin.close()
        await door.close()
        await database.close()


class Tab:
    """A browser's WebSocket on a site that is served on loopback."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def next(self, kind: str = "", within: float = 30.0) -> dict[str, Any]:
        """Return the next message (of this kind, leaving out others)."""
        async with asyncio.timeout(within):
            while True:
                message: dict[str, Any] = json.loads(await self.socket.recv())
                self.seen.append(message)
                if kind in ("", message["t"]):
                    return message

    async def hears_for(self, seconds: float) -> None:
        """Take in whatever comes for so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    self.seen.append(json.loads(await self.socket.recv()))

    async def closed(self, within: float = 30.0) -> int:
        """Return the code with which the server closes."""
        async with asyncio.timeout(within):
            while True:
                try:
                    self.seen.append(json.loads(await self.socket.recv()))
                except websockets.ConnectionClosed as closed:
                    return closed.rcvd.code if closed.rcvd else 1006


class Served:
    """A site that is served on loopback, for what needs a real socket."""

    def __init__(self, here: Site, port: int) -> None:
        self.here, self.port = here, port
        self.origin = f"http://127.0.0.1:{port}"

    def cookies(self, page: Page) -> dict[str, str]:
        return {"cookie": f"hl_session={page.client.cookies['hl_session']}"}

    @asynccontextmanager
    async def socket(self, page: Page, path: str = "/ws", **words: Any) -> AsyncIterator[Any]:
        address = f"ws://127.0.0.1:{self.port}{path}"
        words = {"origin": self.origin, "additional_headers": self.cookies(page), "compression": None, **words}
        async with websockets.connect(address, max_size=None, **words) as socket:
            yield socket

    @asynccontextmanager
    async def tab(self, page: Page, tab: str = "tab", epoch: str = "", seq: int = 0) -> AsyncIterator[Tab]:
        """An open page that has said which it is."""
        async with self.socket(page) as socket:
            opened = Tab(socket)
            await opened.say(t="open", tab=tab, epoch=epoch, seq=seq)
            yield opened


@asynccontextmanager
async def served(folder: Path, pages: PagesSettings | None = None, **change: Any) -> AsyncIterator[Served]:
    """A site on a real socket, following its door."""
    port = free_port()
    async with site(folder, pages or PagesSettings(port=port), **change) as here:
        server = server_of(here.deps.settings, here.deps)
        running = asyncio.create_task(server.serve())
        following = asyncio.create_task(follow(here.deps.door, here.deps.hub))
        try:
            while not (server.started and here.door.watchers):
                assert not running.done(), "the server did not start"
                await asyncio.sleep(0.01)
            yield Served(here, port)
        finally:
            here.deps.desks.close()
            following.cancel()
            server.should_exit = server.force_exit = True
            await asyncio.gather(running, following, return_exceptions=True)
