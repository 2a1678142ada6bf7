"""`hotline pages`: serve the pages for agents, supervisors, admins, units and citizens; `hotline up` starts it."""

from __future__ import annotations

import argparse
import asyncio

from cti.server.log import log_to
from cti.server.pages import serve_pages
from cti.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT."""
    log_to(settings.run_folder / "log" / "pages.log")
    asyncio.run(serve_pages(settings))
    return 0
