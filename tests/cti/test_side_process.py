"""Work beside the pages: it never stalls their loop, ends when it drags on, and survives the death of its process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from cti.server import side_process
from cti.server.side_process import SideProcess, SideWorkError


def busy(seconds: float) -> float:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        pass
    return seconds


def who() -> int:
    return os.getpid()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Whether there is such a process; one that only waits to be reaped is not alive."""
    try:
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False


def refuse() -> None:
    raise ValueError("not like this")


ROOT = Path(__file__).resolve().parents[2]


async def test_work_that_drags_on_is_ended_and_the_next_is_done() -> None:
    side = SideProcess(deadline_seconds=2.0)
    try:
        first = await side.run(who)
        with pytest.raises(SideWorkError, match="拆小"):
            await side.run(busy, 60.0)
        assert await side.run(who) == first != os.getpid()
        with pytest.raises(ValueError, match="not like this"):
            await side.run(refuse)
    finally:
        side.close()


async def test_a_process_that_dies_is_started_again_and_work_that_kills_it_is_refused() -> None:
    side = SideProcess()
    try:
        first = await side.run(who)
        os.kill(first, signal.SIGKILL)
        assert await side.run(who) != first
        with pytest.raises(SideWorkError, match="意外结束"):
            await side.run(die)
        assert await side.run(busy, 0.0) == 0.0
    finally:
        side.close()


async def test_more_than_can_be_done_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(side_process, "MOST_WAITING", 2)
    side = SideProcess()
    try:
        await side.run(who)
        tasks = [asyncio.create_task(side.run(busy, 0.3)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(SideWorkError, match="太多"):
            await side.run(who)
        assert await asyncio.gather(*tasks) == [0.3, 0.3]
    finally:
        side.close()


async def test_it_ends_with_its_parent_however_that_ended(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(
        "import asyncio, os\n"
        "from cti.server.side_process import SideProcess\n"
        "async def main():\n"
        "    print(await SideProcess().run(os.getpid), flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    asyncio.run(main())\n",
        encoding="utf-8",
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = await asyncio.create_subprocess_exec(
        sys.executable, str(program), stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(30):
        while is_alive(child):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
