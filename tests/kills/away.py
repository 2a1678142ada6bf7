"""`python -m tests.kills away [--rounds 20]`: an emergency while a part of the world is away, so many times each.

A round is one call: citizen and agent talk, the part goes away, 119 is raised (the link is cut while 119 rings). Then
caller and service must hear each other, nobody may be dropped, and one leg may have been called.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from ivr.adapters.simulator.call_plan import Answering
from ivr.adapters.simulator.line import LineState
from ivr.adapters.simulator.phone_errors import SimulatedPhoneError
from ivr.adapters.simulator.sip_phone import SipPhone
from tests.benchmarks.machine import load
from tests.kills.emergency import ask_desk, both_hear, story, talk
from tests.ports import free_port
from tests.system.emergency_stage import cut_links
from tests.system.running_service import RunningService, service_of

PARTS = ("database", "broker", "ears", "link")
BACK_SECONDS = 5.0
"""So long the broker and those who follow it may take to be there again: the next round is told by it."""

COLUMNS = ("away", "rounds", "caller dropped", "agent dropped", "doubled legs", "lost raise", "not played")


@dataclass
class Figures:
    """What the rounds with one part away came to."""

    away: str
    rounds: int = 0
    caller_dropped: int = 0
    agent_dropped: int = 0
    doubled_legs: int = 0
    lost_raises: int = 0
    not_played: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        bad = self.caller_dropped + self.agent_dropped + self.doubled_legs + self.lost_raises + self.not_played
        return bad == 0


async def rounds(service: RunningService, centre: SipPhone, away: str, count: int) -> Figures:
    """Play one part's absence so many times."""
    figures = Figures(away)
    centre.answering = Answering(after_seconds=1.0)
    for _ in range(count):
        figures.rounds += 1
        try:
            await _round(service, centre, figures)
        except (AssertionError, TimeoutError, SimulatedPhoneError, OSError) as odd:
            figures.not_played += 1
            figures.faults.append(f"{type(odd).__name__}: {str(odd)[:200]}")
        centre.calls.clear()
    return figures


async def _round(service: RunningService, centre: SipPhone, figures: Figures) -> None:
    database = service.settings.database.removeprefix("sqlite:///")
    async with talk(service) as (_, call, caller, agent):
        with closing(sqlite3.connect(database, isolation_level=None)) as lock:
            match figures.away:
                case "database":
                    lock.execute("BEGIN IMMEDIATE")
                case "broker":
                    service.kill("broker")
                case "ears":
                    for pid in ears_of(service):
                        os.kill(pid, signal.SIGKILL)
            await ask_desk(service, "raise", call)
            if figures.away == "link":
                await centre.next_call(30)
                cut_links(service)
            are_together = await both_hear(centre, caller)
        figures.lost_raises += not are_together
        figures.caller_dropped += caller.state is not LineState.TALKING
        figures.agent_dropped += agent.state is not LineState.TALKING
        for who, line in (("caller", caller), ("agent", agent)):
            if line.state is not LineState.TALKING:
                figures.faults.append(f"{who} of {call}: {line.ending}")
                figures.faults += [f"  {each}" for each in story(service.journal.file(call))]
        figures.doubled_legs += max(0, len(centre.calls) - 1)
    if figures.away == "broker":
        await asyncio.sleep(BACK_SECONDS)


def ears_of(service: RunningService) -> list[int]:
    """Return the processes of this service that recognise speech; none where the controller does it itself."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
        except OSError:
            continue
        if b"ears" in words and str(service.file).encode() in words:
            found.append(int(entry.name))
    return found


def main(words: list[str], queues: str) -> int:
    """Return 0 when nobody was dropped, no leg doubled, no raise lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills away", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="rounds with each part away")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"of {', '.join(PARTS)}")
    arguments = parser.parse_args(words)
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    is_good = True
    port = free_port("127.0.0.3")
    with service_of({"emergency_trunk": {"port": port}, "ears": {"workers": 1}}, queues, hurried=True) as service:

        async def play(away: str) -> Figures:
            async with SipPhone(bind_ip="127.0.0.3", port=port, number="emergency") as centre:
                return await rounds(service, centre, away, arguments.rounds)

        for away in arguments.parts.split(","):
            found = asyncio.run(play(away))
            is_good &= found.is_good
            cells = (
                found.away, found.rounds, found.caller_dropped, found.agent_dropped, found.doubled_legs,
                found.lost_raises, found.not_played,
            )  # fmt: skip
            print(f"| {' | '.join(map(str, cells))} |", flush=True)
            for fault in found.faults[:20]:
                print(f"#   {fault}", flush=True)
    print(f"# load average at the end: {load()}")
    return 0 if is_good else 1
