"""Whatever is sent to the interface by somebody with every role: an answer or a refusal, never a server error."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode

from cti.access import Role
from tests.cti.web.site import PASSWORD, Served, served

pytestmark = pytest.mark.xdist_group("api_fuzz")

EXAMPLES = int(os.environ.get("HOTLINE_FUZZ_EXAMPLES", "2"))
"""Of each kind for each operation; more to look deeper: HOTLINE_FUZZ_EXAMPLES=200 pytest …"""
SENT_SECONDS = 20.0


class Fuzzed:
    """A site that runs in a thread of its own, and a browser that is signed in with every role."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.on: Served
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(60)
        self.client = httpx.Client(base_url=self.on.origin, timeout=SENT_SECONDS, trust_env=False)
        self.schema: dict[str, Any] = self.client.get("/api/openapi.json").json()

    def stop(self) -> None:
        self.client.close()
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with served(self._folder) as on:
            self.on = on
            await on.here.account("all", *Role, unit="水务局")
            self._ready.set()
            await self._stop.wait()

    def send(self, case: Any) -> httpx.Response:
        """Send what was made up, in a session that holds: what is tried may have ended the one before."""
        self.client.headers["origin"] = self.on.origin
        if self.client.get("/api/session").status_code != 200:
            self.client.cookies.clear()
            body = {"name": "all", "password": PASSWORD, "seat": "801"}
            assert self.client.post("/api/session", json=body).status_code in (200, 429)
        made = case.as_transport_kwargs(base_url=self.on.origin)
        headers = {name: value for name, value in (made.get("headers") or {}).items() if _is_sendable(value)}
        headers |= {"x-csrf": self.client.cookies.get("hl_csrf") or ""}
        for key in ("cookies", "headers"):
            made.pop(key, None)
        body = made.pop("data", None)
        if isinstance(body, dict):
            made["data"] = body
        elif body is not None:
            made["content"] = body if isinstance(body, bytes | str) else b"".join(body)
        return self.client.request(made.pop("method"), made.pop("url"), headers=headers, **made)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Fuzzed]:
    fuzzed = Fuzzed(tmp_path)
    fuzzed.start()
    yield fuzzed
    fuzzed.stop()


def test_nothing_that_is_sent_makes_a_server_error(api: Fuzzed) -> None:
    schema = schemathesis.openapi.from_dict(api.schema)
    wrong: list[str] = []
    tried: Counter[int] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()

        @seed(12345)
        @settings(
            max_examples=2 * EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
        def send(case: Any) -> None:
            try:
                answer = api.send(case)
            except httpx.InvalidURL:
                return
            tried[answer.status_code] += 1
            if answer.status_code >= 500 and not _is_part_away(answer):
                wrong.append(f"{case.method} {case.formatted_path} {case.body!r:.200} → {answer.status_code}")
            elif answer.status_code >= 400 and _is_told_our_way(case.formatted_path, answer):
                told = answer.json()
                if not isinstance(told, dict) or not {"error", "code"} <= set(told):
                    wrong.append(f"{case.method} {case.formatted_path} → {answer.status_code} {told!r:.200}")

        send()
    assert wrong == []
    assert tried[200] > 50, tried  # it is not all refused at the door
    assert tried[422] > 50, tried


def _is_part_away(answer: httpx.Response) -> bool:
    """Whether it says that a part is missing here, such as the synthesiser: no mistake of ours."""
    return answer.status_code == 503 and answer.json().get("code") == "part_away"


def _is_told_our_way(path: str, answer: httpx.Response) -> bool:
    """Whether the answer should have our shape: pages are HTML, and Open311 has a shape of its own."""
    return path.startswith("/api/") and answer.headers["content-type"] == "application/json"


def _is_sendable(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and value.isascii()
