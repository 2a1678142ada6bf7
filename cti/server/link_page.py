"""The process that serves the pages behind secret links; it reads journals and link files, and no call waits for it."""

from __future__ import annotations

import asyncio

import uvicorn

from cti.adapters.web.link_files import LinkFiles
from cti.adapters.web.link_page import link_app
from cti.server.clock import SystemClock
from cti.server.dossier import link_files
from cti.server.installation import folders_of
from cti.settings import Settings
from ivr.adapters.files.journal_files import JournalFiles
from ivr.ports import Clock

SWEEP_SECONDS = 600.0
MOST_VISITORS = 100


async def serve_links(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    page, links, clock = settings.emergency.link, link_files(settings), SystemClock()
    app = link_app(links, JournalFiles(folders_of(settings).journal), clock, page.views_per_minute)
    config = uvicorn.Config(
        app,
        page.host,
        page.port,
        log_config=None,
        access_log=False,  # a line of it would hold the secret
        server_header=False,
        limit_concurrency=MOST_VISITORS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
        lifespan="off",
        ws="none",
    )
    sweeping = asyncio.create_task(_sweep(links, clock), name="sweep")
    try:
        await uvicorn.Server(config).serve()
    finally:
        sweeping.cancel()


async def _sweep(links: LinkFiles, clock: Clock) -> None:
    while True:
        await asyncio.to_thread(links.sweep, clock.now())
        await asyncio.sleep(SWEEP_SECONDS)
