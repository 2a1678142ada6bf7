"""The control door answers whatever it is told, and only its own user may knock."""

from __future__ import annotations

import asyncio
import contextlib
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.adapters.control.door import Request, answer, open_door
from cti.adapters.control.visit import ControllerAwayError, ask


def echo(request: Request) -> dict[str, object]:
    return {"ok": True, "text": str(request["word"])}


VERBS = {"echo": echo}


async def opened(path: Path) -> None:
    """Wait until the door can be knocked at."""
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_unix_connection(str(path))
                writer.close()
                return
            await asyncio.sleep(0.01)


async def test_a_request_is_answered_and_the_door_is_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "run" / "control.sock"
    async with asyncio.TaskGroup() as tasks:
        door = tasks.create_task(open_door(path, VERBS))
        await opened(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert await asyncio.to_thread(ask, path, {"verb": "echo", "word": "着火"}) == {"ok": True, "text": "着火"}
        unknown = await asyncio.to_thread(ask, path, {"verb": "format"})
        assert unknown["ok"] is False
        door.cancel()


async def test_an_old_socket_is_replaced_and_a_path_that_cannot_be_costs_only_the_door(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_text("left behind")
    async with asyncio.TaskGroup() as tasks:
        door = tasks.create_task(open_door(path, VERBS))
        await opened(path)
        assert (await asyncio.to_thread(ask, path, {"verb": "echo", "word": "1"}))["ok"]
        door.cancel()
    await asyncio.wait_for(open_door(tmp_path / ("x" * 200), VERBS), 30)


def test_without_a_controller_the_remedy_is_told(tmp_path: Path) -> None:
    with pytest.raises(ControllerAwayError, match="hotline up"):
        ask(tmp_path / "control.sock", {"verb": "echo"})


@given(st.binary(max_size=200) | st.sampled_from([b"[]", b"null", b'{"verb":1}', b'{"verb":"echo"}', b"[" * 5000]))
def test_whatever_is_asked_is_answered(line: bytes) -> None:
    assert asyncio.run(answer(VERBS, line))["ok"] is False
