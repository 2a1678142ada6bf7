"""A watched file: a saved text is taken in once, a text that could not be carried out is offered again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cti.server.files import file_watch
from cti.server.files.file_watch import FileWatch


class Door:
    """Takes texts in; the first `refusals` of them cannot be carried out yet."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.offered: asyncio.Queue[bytes] = asyncio.Queue()

    async def take_in(self, text: bytes) -> bool:
        self.offered.put_nowait(text)
        self.refusals -= 1
        return self.refusals < 0

    async def next(self) -> bytes:
        return await asyncio.wait_for(self.offered.get(), 30)


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_watch, "POLL_SECONDS", 0.01)


async def test_what_is_saved_is_taken_in_once_and_a_file_that_is_gone_changes_nothing(tmp_path: Path) -> None:
    file, door = tmp_path / "watched.yaml", Door()
    file.write_bytes(b"first")
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(FileWatch(lambda: file, door.take_in).run())
        (tmp_path / "second").write_bytes(b"second")
        (tmp_path / "second").replace(file)
        assert await door.next() == b"second"
        file.unlink()
        (tmp_path / "third").write_bytes(b"third")
        (tmp_path / "third").replace(file)
        assert await door.next() == b"third"
        watching.cancel()
    assert door.offered.empty()


async def test_a_text_that_could_not_be_carried_out_is_offered_again(tmp_path: Path) -> None:
    file, door = tmp_path / "watched.yaml", Door(refusals=2)
    file.write_bytes(b"first")
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(FileWatch(lambda: file, door.take_in).run())
        (tmp_path / "second").write_bytes(b"second")
        (tmp_path / "second").replace(file)
        assert [await door.next() for _ in range(3)] == [b"second"] * 3
        watching.cancel()
    assert door.offered.empty()
