"""`hotline links`: serve the read-only pages behind the links that emergency centres get; `hotline up` starts it."""

from __future__ import annotations

import argparse
import asyncio

from cti.server.link_page import serve_links
from cti.server.log import log_to
from cti.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT."""
    log_to(settings.run_folder / "log" / "links.log")
    asyncio.run(serve_links(settings))
    return 0
