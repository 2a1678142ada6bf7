"""`hotline parts`: fetch the external programs that are missing, so that later runs need no network."""

from __future__ import annotations

import argparse

from rich.console import Console

from cti.settings import Settings
from ivr.adapters.asterisk.private import ensure
from ivr.adapters.asterisk.private_parts import PartName

SERVICE = (PartName.ASTERISK, PartName.MOSQUITTO, PartName.ESPEAK)
TESTS = (*SERVICE, PartName.POSTGRESQL, PartName.CHROMIUM)
BENCHMARKS = (*TESTS, PartName.SIPP)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to fetch for."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--for-tests", action="store_true", help="连同测试要用的 PostgreSQL 和浏览器 Chromium")
    what.add_argument("--for-benchmarks", action="store_true", help="连同测量要用的 sipp")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make each part ready and say where it is."""
    names = BENCHMARKS if arguments.for_benchmarks else TESTS if arguments.for_tests else SERVICE
    console = Console(highlight=False)
    for number, name in enumerate(names, 1):
        part = ensure(name, settings.data_folder / "parts", console.print)
        origin = "本机自带" if part.origin == "system" else "私有副本"
        console.print(f"[{number}/{len(names)}] {name} {part.version}（{origin}）", markup=False)
    return 0
