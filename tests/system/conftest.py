"""The real switch for tests marked `system`: one private Asterisk per test worker; a missing one is an error."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ivr.adapters.asterisk.private import Part, PartName, ensure, parts_folder
from tests.system.running_switch import RawAmi, RunningSwitch, start_switch


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder runs a real Asterisk."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session")
def asterisk_part() -> Part:
    return ensure(PartName.ASTERISK, parts_folder(Path.home()), print)


@pytest.fixture(scope="session")
def switch(asterisk_part: Part) -> Iterator[RunningSwitch]:
    """The worker's Asterisk. Its folder is short-named: a Unix socket's path may not be long."""
    folder = Path(tempfile.mkdtemp(prefix="hl-switch-"))
    running = asyncio.run(start_switch(asterisk_part, folder))
    yield running
    asyncio.run(running.process.stop())
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def ami(switch: RunningSwitch) -> AsyncIterator[RawAmi]:
    async with switch.ami() as ami:
        yield ami
