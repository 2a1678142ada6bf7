"""`python -m tests.kills emergency [--rounds 100] [--steps raised,…]`: kill the controller, print what it cost.

`… ears` kills recognisers, `… away` plays emergencies while a part of the world is away, `… orders` kills the servers
of the orders.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
from datetime import UTC, datetime

from ivr.adapters.simulator.sip_phone import SipPhone
from tests.benchmarks.machine import load, machine
from tests.kills import away, ears, orders
from tests.kills.emergency import STEPS, Figures, rounds
from tests.ports import free_port
from tests.system.running_service import service_of

QUEUES = """\
queues_version: 1
queues:
  general: {title: 综合受理, after_call_seconds: 0}
  complaint: {title: 投诉受理, after_call_seconds: 0}
  consultation: {title: 政策咨询, after_call_seconds: 0}
  elder: {title: 长者专席, after_call_seconds: 0}
"""
COLUMNS = (
    "step", "kills", "caller dropped", "agent dropped", "doubled legs", "lost raise", "next number", "not played",
    "back p50 s", "back max s", "last line before the kill",
)  # fmt: skip


def main() -> int:
    """Return 0 when nobody was dropped, no leg doubled, no raise lost."""
    if sys.argv[1:2] == ["ears"]:
        return ears.main(sys.argv[2:])
    if sys.argv[1:2] == ["away"]:
        return away.main(sys.argv[2:], QUEUES)
    if sys.argv[1:2] == ["orders"]:
        return orders.main(sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("what", choices=["emergency", "ears", "away", "orders"])
    parser.add_argument("--rounds", type=int, default=100, help="kills at each step")
    parser.add_argument("--steps", default=",".join(STEPS), help=f"of {', '.join(STEPS)}")
    arguments = parser.parse_args()
    steps = arguments.steps.split(",")
    if unknown := set(steps) - set(STEPS):
        parser.error(f"no step {', '.join(sorted(unknown))}")
    for name, value in machine():
        print(f"# {name}: {value}")
    print(f"# {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, python -m tests.kills {' '.join(sys.argv[1:])}")
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    is_good = True
    for step in steps:
        figures = _one(step, arguments.rounds)
        is_good &= figures.is_good
        print(_row(figures), flush=True)
        for fault in figures.faults[:60]:
            print(f"#   {fault}", flush=True)
    print(f"# load average at the end: {load()}")
    return 0 if is_good else 1


def _one(step: str, count: int) -> Figures:
    """Play one step on a service of its own, with an emergency simulator at a port of its own."""
    port = free_port("127.0.0.3")
    with service_of({"emergency_trunk": {"port": port}}, QUEUES, hurried=True) as service:

        async def play() -> Figures:
            async with SipPhone(bind_ip="127.0.0.3", port=port, number="emergency") as centre:
                return await rounds(service, centre, step, count)

        return asyncio.run(play())


def _row(found: Figures) -> str:
    back = found.back_after_s or [0.0]
    died = "、".join(f"{name} {count}" for name, count in found.died_after.most_common())
    cells = (
        found.step, found.kills, found.caller_dropped, found.agent_dropped, found.doubled_legs, found.lost_raises,
        found.on_other_number, found.not_played, f"{statistics.median(back):.1f}", f"{max(back):.1f}", died,
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    sys.exit(main())
