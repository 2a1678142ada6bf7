"""`python -m tests.benchmarks [NAME …] [--quick] [--write]`: measure, print one table, write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from tests.benchmarks.figures import Options
from tests.benchmarks.machine import load, machine
from tests.benchmarks.page import Run, Section, markdown, print_table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
BENCHMARKS = {
    "keys": "Key press to the next prompt",
    "load": "Calls per second",
    "ears": "Speech",
    "heard": "From the word to the bus and to the draft",
    "engine": "The flow engine",
    "ami": "Events of the switch",
    "words": "From words to a draft",
    "emergency": "From the danger word to the emergency centre",
    "store": "Orders, outbox and bus",
    "orders": "The orders' API, and a million orders",
    "text": "Live drafts, learning, search",
    "pages": "The pages",
    "desks": "Five hundred desks",
}


def main() -> int:
    """Return 0 when every benchmark ran and every target was reached."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    listed = ", ".join(f"{name} ({title})" for name, title in BENCHMARKS.items())
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which to run, all by default: {listed}")
    parser.add_argument("--quick", action="store_true", help="few samples: to try it, not to quote it")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(PAGE.parents[1])}")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    logging.disable(logging.CRITICAL)  # what the parts log is no progress of ours
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    date = datetime.now(UTC)
    names = [name for name in BENCHMARKS if name in arguments.names or not arguments.names]
    options = Options(arguments.quick, lambda line: console.print(line, style="dim", markup=False))
    sections = []
    for number, name in enumerate(names, 1):
        console.print(f"\\[{number}/{len(names)}] {name}: {BENCHMARKS[name]}", style="bold")
        sections.append(_measured(name, options))
    command = " ".join(["python -m tests.benchmarks", *sys.argv[1:]])
    run = Run(f"{date:%Y-%m-%d %H:%M} UTC", command, machine(), sections, arguments.quick)
    print_table(run, console)
    if arguments.write:
        present = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
        PAGE.write_text(markdown(run, list(BENCHMARKS.values()), present), encoding="utf-8")
        console.print(f"written: {PAGE.relative_to(PAGE.parents[1])}")
    missed = [figure for section in sections for figure in section.figures if figure.is_met is False]
    for figure in missed:
        console.print(f"target missed: {figure.name}: {figure.ours:.4g} {figure.unit} {figure.note}", style="red")
    return 1 if missed or any(section.failure for section in sections) else 0


def _measured(name: str, options: Options) -> Section:
    """Run one benchmark; whatever goes wrong in it is told, and the others still run."""
    begun = time.perf_counter()
    module = importlib.import_module(f"tests.benchmarks.bench_{name}")
    about = str(module.__doc__).partition("\n\n")[2].strip()
    try:
        figures, failure = module.measure(options), ""
    except Exception as error:
        figures, failure = [], f"{type(error).__name__}: {error}"
        options.say(f"  failed: {failure}")
    return Section(BENCHMARKS[name], about, figures, time.perf_counter() - begun, load(), failure)


if __name__ == "__main__":
    sys.exit(main())
