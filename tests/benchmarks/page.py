"""The figures as a table for the terminal, and as the page docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from tests.benchmarks.figures import Figure, shown


@dataclass(frozen=True, slots=True)
class Section:
    """One benchmark's outcome: its figures, or why there are none."""

    title: str
    about: str
    figures: Sequence[Figure]
    seconds: float
    load: str
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A whole run, ready to be written down."""

    date: str
    command: str
    machine: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    is_quick: bool


_READ = """\
One row is one figure. `peer` is measured in the same run, on the same machine, moments before or after ours; `ratio` is
ours divided by the peer's. Read ratios before absolute values: they carry over to another machine, the milliseconds do
not. A target is marked ✓ or ✗ by the run itself. "% of a core" is CPU time of all threads of a process, so that 200 is
two full cores. p50 is the median, p95 is exceeded by one value in twenty.
"""

_CAVEATS = """\
- Callers, switch, controller, database and broker share one machine: under load they take CPU from each other, and from
  each other's figures. The load average at the end of each section is printed beside it; beyond the number of cores
  the machine was busy and the absolute figures are too bad.
- Everything is on loopback. A real line adds its own delay (20 ms of packet time and the jitter buffer at least), alike
  for ours and for the peer.
- The peers do less. The static dialplan neither records nor listens, and knows one menu; the naive interpreter has no
  bounds, no speech and no replay; the bare driver inserts two rows and no constraint is checked. They are lower bounds
  of what such work costs, not rivals that do the same.
- The key presses are RFC 4733 events from a telephone of our own simulator; a press is timed from its first end packet
  to the arrival of the first packet that holds the tone of the next prompt. Asterisk sends a prompt's first packet at
  once, so the caller's packet clock makes no difference; the thread switches of the telephone's Python are in the
  figures, for all three alike.
- The many callers are sipp on 127.0.0.2, on the same cores. Its clock ticks in 4 ms, so that its answer times are
  coarse. At 200 calls/s INVITE → 200 OK is the first figure to suffer from other work on the machine: the dialplan
  sends the 200 OK before it asks our controller.
- While the peers play, our controller is stopped: it would tap and write down their calls too.
- The ears run on the demo model, which is small; a full-size model was not measured.
"""


def print_table(run: Run, console: Console) -> None:
    """Print every figure."""
    table = Table(title=f"hotline12345, {run.date}", title_justify="left")
    for name in ("figure", "ours", "peer", "ratio", "unit", "peer is", "target"):
        table.add_column(name, justify="right" if name in ("ours", "peer", "ratio") else "left")
    for section in run.sections:
        table.add_section()
        table.add_row(f"[bold]{section.title}", section.failure and "[red]failed", *[""] * 5)
        for figure in section.figures:
            table.add_row(*_cells(figure))
    console.print(table)
    for section in run.sections:
        if section.failure:
            console.print(f"{section.title}: {section.failure}", style="red", markup=False)


def _cells(figure: Figure) -> tuple[str, ...]:
    ratio = shown(figure.ratio) if figure.ratio is not None else ""
    peer = shown(figure.peer) if figure.peer is not None else ""
    return (figure.name, shown(figure.ours), peer, ratio, figure.unit, figure.peer_name, _target(figure))


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    sign = {"less": "≤", "more": "≥", "equal": "="}[figure.better]
    what = "ratio " if figure.of_ratio else ""
    return f"{what}{sign} {shown(figure.target)} {'✓' if figure.is_met else '✗'}"


def markdown(run: Run, titles: Sequence[str], present: str = "") -> str:
    """Return the page: the sections of `titles` in order, those of `run` anew, the others as `present` has them.

    Every number comes from a run; each section says of which day, so that a page of several runs is no riddle.
    """
    anew = {section.title: _section(section, run) for section in run.sections}
    kept = _sections(present)
    found = [text for title in titles if (text := anew.get(title) or kept.get(title))]
    lines = [
        "# Benchmarks",
        "",
        "Written by the benchmarks themselves; do not edit. How to measure again:",
        "",
        "```",
        "make bench                                                # all of it, more than an hour",
        "./hotline --python -m tests.benchmarks keys engine --write # some, the others stay; --quick to try",
        "```",
        "",
        f"Last run: `{run.command}`, {run.date}. Each section says when it was measured.",
        "",
        "| | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in run.machine),
        "",
        "## How to read it",
        "",
        _READ,
    ]
    return "\n".join([*lines, *found, "## Caveats", "", _CAVEATS])


def _section(section: Section, run: Run) -> str:
    lines = [f"## {section.title}", "", section.about, ""]
    if section.failure:
        lines += [f"**Not measured in this run:** {section.failure}", ""]
    if section.figures:
        lines += [
            "| figure | ours | peer | ratio | unit | peer is | target | |",
            "|---|---:|---:|---:|---|---|---|---|",
        ]
        lines += [f"| {' | '.join(_cells(figure))} | {figure.note} |" for figure in section.figures]
        quick = ", a quick run: few samples" if run.is_quick else ""
        load = f"load average (1 / 5 min) at its end {section.load}"
        lines += ["", f"{run.date}{quick}; {section.seconds:.0f} s; {load}.", ""]
    return "\n".join(lines)


def _sections(page: str) -> dict[str, str]:
    """Return the sections of a page by their titles, as they stand there."""
    _, *parts = f"\n{page}".split("\n## ")
    return {part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in parts}
