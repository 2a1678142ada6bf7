"""Kill the controller (-9) at one step of an emergency, on the real service, and say what became of the people.

A round is one call: citizen and agent talk, 119 is raised, the controller dies the moment the step stands in the call's
journal, the supervisor starts another. Then all who should talk must talk, and no number may have been called twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cti.adapters.control.visit import ControllerAwayError, ask
from cti.server.emergency import control_socket
from ivr.adapters.simulator.call_plan import Answering
from ivr.adapters.simulator.line import LineState
from ivr.adapters.simulator.phone_errors import SimulatedPhoneError
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.simulator.tones import tone, tone_levels
from ivr.call import CallId
from tests.system.running_service import Bus, RunningService
from tests.system.running_switch import until

STEPS = {
    "raised": "emergency.Raise",
    "originated": "emergency.OriginateSent",
    "ringing": "emergency.EmergencyRang",
    "answered": "emergency.OriginateEnded",
    "joined": "emergency.BridgeEntered",
    "leaving": "emergency.AgentLeaves",
}
"""Each step and the journal line that tells of it."""

CALLER_HZ, AGENT_HZ, EMERGENCY_HZ = 530.0, 700.0, 930.0
RING_SECONDS = 0.4
TOGETHER_SECONDS = 25.0


@dataclass
class Figures:
    """What the rounds of one step came to. `on_other_number`: the first leg was lost and the next number was called."""

    step: str
    rounds: int = 0
    kills: int = 0
    caller_dropped: int = 0
    agent_dropped: int = 0
    doubled_legs: int = 0
    lost_raises: int = 0
    on_other_number: int = 0
    not_played: int = 0
    back_after_s: list[float] = field(default_factory=list)
    died_after: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        bad = self.caller_dropped + self.agent_dropped + self.doubled_legs + self.lost_raises + self.not_played
        return bad == 0 and self.kills == self.rounds


async def rounds(service: RunningService, centre: SipPhone, step: str, count: int) -> Figures:
    """Kill the controller `count` times at `step`; the simulated centre is called by the service's emergency trunk."""
    figures = Figures(step)
    centre.answering = Answering(after_seconds=RING_SECONDS)
    for _ in range(count):
        figures.rounds += 1
        try:
            await _round(service, centre, figures)
        except (AssertionError, TimeoutError, SimulatedPhoneError, OSError) as odd:
            figures.not_played += 1
            figures.faults.append(f"{type(odd).__name__}: {str(odd)[:200]}")
        centre.calls.clear()
    return figures


@asynccontextmanager
async def talk(service: RunningService) -> AsyncIterator[tuple[Bus, CallId, SipCall, SipCall]]:
    """A citizen and an agent who talk, each with a tone of their own."""
    await service.serving()
    async with service.bus() as bus, service.seat("801") as seat, service.citizen() as citizen:
        caller = await service.dial(citizen)
        call = await service.offered(bus, citizen)
        await bus.event(call, "answered", 30)
        agent = await seat.next_call(30)
        await agent.answered(30)
        caller.start_saying(tone(CALLER_HZ, 180.0, 0.15))
        agent.start_saying(tone(AGENT_HZ, 180.0, 0.15))
        yield bus, call, caller, agent
        for line in (caller, agent):
            with contextlib.suppress(SimulatedPhoneError):
                await line.hang_up()


async def _round(service: RunningService, centre: SipPhone, figures: Figures) -> None:
    async with talk(service) as (bus, call, caller, agent):
        is_leaving = figures.step == "leaving"
        if is_leaving:
            await ask_desk(service, "raise", call)
            await bus.event(call, "emergency_joined", 40)
            await ask_desk(service, "verified", call)
        pid = service.pid("controller")
        file = service.journal.file(call)
        killing = asyncio.create_task(asyncio.to_thread(_kill_at, pid, file, STEPS[figures.step]))
        await asyncio.sleep(0.02)
        with contextlib.suppress(ControllerAwayError):
            await ask_desk(service, "leave" if is_leaving else "raise", call)
        last = await killing
        figures.kills += 1
        figures.died_after[last] += 1
        died = time.monotonic()
        await service.serving(pid)
        figures.back_after_s.append(time.monotonic() - died)
        are_together = await both_hear(centre, caller)
        figures.lost_raises += not are_together
        if not are_together:
            states = [f"{each.state.name} {each.statuses}" for each in centre.calls]
            figures.faults.append(f"not together: centre {states}, caller {caller.state.name}")
        figures.caller_dropped += caller.state is not LineState.TALKING
        figures.agent_dropped += not is_leaving and agent.state is not LineState.TALKING
        for who, line in (("caller", caller), ("agent", agent)):
            if line.state is not LineState.TALKING and not (is_leaving and who == "agent"):
                after = line.ended_at - died
                figures.faults.append(f"{who} of {call}: {line.ending}, {after:+.1f} s from the kill")
                figures.faults += [f"  {each}" for each in story(file)]
        numbers = [each.invitation.uri.partition("@")[0] for each in centre.calls if each.invitation is not None]
        figures.doubled_legs += len(numbers) - len(set(numbers))
        figures.on_other_number += len(set(numbers)) > 1
        for emergency in centre.calls:
            with contextlib.suppress(SimulatedPhoneError):
                await emergency.hang_up()


async def both_hear(centre: SipPhone, caller: SipCall, within: float = TOGETHER_SECONDS) -> bool:
    """Whether caller and emergency service hear each other in the end."""
    since = time.monotonic()
    spoken: set[int] = set()

    async def heard() -> bool:
        for line in centre.calls:
            if line.state is LineState.TALKING and id(line) not in spoken:
                spoken.add(id(line))
                line.start_saying(tone(EMERGENCY_HZ, 180.0, 0.15))
        return any(
            line.state is LineState.TALKING and hears(line, CALLER_HZ, since) and hears(caller, EMERGENCY_HZ, since)
            for line in centre.calls
        )

    try:
        await until(heard, within)
    except (AssertionError, TimeoutError):
        return False
    return True


def hears(line: SipCall, hertz: float, since: float) -> bool:
    """Whether a line has heard this tone for a third of a second."""
    levels = tone_levels(line.heard_pcm(since), [hertz])[hertz]
    return sum(level > 0.03 for level in levels) >= 15


async def ask_desk(service: RunningService, verb: str, call: CallId) -> None:
    """Ask the emergency desk at the control door; ControllerAwayError."""
    request = {"verb": f"emergency.{verb}", "call": call, "kind": "119", "by": "801", "why": "厨房着火"}
    await asyncio.to_thread(ask, control_socket(service.settings), request)


def _kill_at(pid: int, journal: Path, name: str) -> str:
    """Kill `pid` when a new line of this name is in the journal; returns the last emergency line it left."""
    sign = f'"name":"{name}"'.encode(), f'"name": "{name}"'.encode()
    size = journal.stat().st_size
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        if journal.stat().st_size == size:
            continue
        with journal.open("rb") as file:
            file.seek(size)
            new = file.read()
        if any(each in new for each in sign):
            os.kill(pid, signal.SIGKILL)
            break
    else:
        raise AssertionError(f"{name} never happened")
    time.sleep(0.01)
    lines = [line for line in journal.read_bytes().splitlines() if b"emergency." in line]
    return next((step for line in reversed(lines) for step in (_name(line),) if step), "")


def story(journal: Path) -> list[str]:
    """Return the emergency's journal, for whoever must find out why somebody was dropped."""
    return [line.decode(errors="replace")[:220] for line in journal.read_bytes().splitlines() if b"emergency." in line]


def _name(line: bytes) -> str:
    _, found, rest = line.partition(b"emergency.")
    return rest.split(b'"', 1)[0].decode() if found else ""
