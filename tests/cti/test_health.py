"""What `hotline doctor` says of the process of the pages."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from cti.pages_settings import PagesSettings
from cti.server.health import examined
from cti.server.installation import ready_file
from cti.settings import Settings, default_settings
from ivr.adapters.asterisk.doctor import Finding
from tests.ports import free_port


async def of_the_pages(settings: Settings) -> Finding | None:
    return next((each for each in await examined(settings) if each.part == "网页"), None)


async def test_the_doctor_sees_whether_the_pages_answer_while_the_service_runs(tmp_path: Path) -> None:
    port = free_port()
    settings = replace(default_settings(tmp_path / "data", tmp_path / "run"), pages=PagesSettings(port=port))
    assert await of_the_pages(settings) is None, "a service that does not run needs no pages"
    ready_file(settings).parent.mkdir(parents=True)
    ready_file(settings).write_text("1", encoding="ascii")
    found = await of_the_pages(settings)
    assert found is not None
    assert not found.ok
    assert "通话不受影响" in found.remedy
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", port)
    async with server:
        found = await of_the_pages(settings)
    assert found is not None
    assert found.ok
    assert await of_the_pages(replace(settings, pages=PagesSettings(port=port, is_served=False))) is None
