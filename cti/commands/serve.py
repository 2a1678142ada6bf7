"""`hotline serve`: run the controller alone; `hotline up` starts it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal

from cti.server.log import log_to
from cti.server.serve import serve
from cti.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT."""
    log_to(settings.run_folder / "log" / "controller.log")
    asyncio.run(_until_told(settings))
    return 0


async def _until_told(settings: Settings) -> None:
    work = asyncio.ensure_future(serve(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work
