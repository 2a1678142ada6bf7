"""The pages of a running service in real browsers: one service and one set of browsers for each module of tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.system.running_service import RunningService, service_of
from tests.web.browser import Browsers
from tests.web.browser import browsers as running_browsers
from tests.web.desk import pages_settings


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder runs the whole service."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    with service_of(pages_settings(), hurried=True) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browsers() -> AsyncIterator[Browsers]:
    folder = Path(tempfile.mkdtemp(prefix="hl-web-"))
    try:
        async with running_browsers(folder) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)
