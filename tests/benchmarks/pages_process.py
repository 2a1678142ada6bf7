"""`hotline pages` on a database of a benchmark's own, and a browser that is signed in there."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import yaml

from cti.access import Role
from cti.accounts import AccountRecord
from cti.adapters.sql.account_store import SqlAccountStore
from cti.adapters.sql.database import Database
from cti.adapters.web.passwords import Passwords
from cti.pages_settings import PagesSettings
from cti.settings import Settings, default_settings
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "twelve-three-45"
CITY = "suqian"
START_S = 60.0


def settings_in(folder: Path, database: str, city: str = CITY) -> Settings:
    """Return the settings of an installation in `folder`."""
    usual = default_settings(folder / "data", folder / "run")
    return replace(usual, database=database, city=city, pages=PagesSettings(port=free_port()))


async def account(settings: Settings, name: str, *roles: Role, unit: str = "") -> None:
    """Make an account; the tables too, if there are none."""
    database = Database(settings.database)
    await database.open()
    record = AccountRecord(name, name, roles, unit=unit, password_hash=await Passwords().hashed(PASSWORD))
    await SqlAccountStore(database).add(record, datetime.now(UTC))
    await database.close()


@asynccontextmanager
async def pages_of(settings: Settings) -> AsyncIterator[None]:
    """Serve the pages by the command that people use, until the end."""
    own = {
        "settings_version": 1,
        "data_folder": str(settings.data_folder),
        "run_folder": str(settings.run_folder),
        "database": settings.database,
        "city": settings.city,
        "pages": {"port": settings.pages.port},
    }
    file = settings.run_folder.parent / "settings.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(own, allow_unicode=True), encoding="utf-8")
    async with _process("-m", "cti", "--settings", str(file), "pages", base=settings.pages.base_url):
        yield


@asynccontextmanager
async def echo() -> AsyncIterator[str]:
    """Serve the peer: a bare FastAPI that returns the body it was sent; yields its address."""
    base = f"http://127.0.0.1:{free_port()}"
    async with _process("-m", "tests.benchmarks.bare_echo", base.rpartition(":")[2], base=base):
        yield base


@asynccontextmanager
async def _process(*words: str, base: str) -> AsyncIterator[None]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT, env=environment)
    try:
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(START_S):
            while True:
                assert process.returncode is None, "the server ended"
                with suppress(httpx.TransportError):
                    await client.get(f"{base}/api/session")
                    break
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


@asynccontextmanager
async def browser(base: str, name: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """A browser; with a name, signed in."""
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=60, headers={"origin": base}) as client:
        if name:
            (await client.post("/api/session", json={"name": name, "password": PASSWORD})).raise_for_status()
            client.headers["x-csrf"] = client.cookies["hl_csrf"]
        yield client
