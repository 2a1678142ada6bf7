"""Seats and callers in a talk, asked for transfers and the like at the control door, heard by their tones."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass

from cti.adapters.control.visit import ask
from cti.server.emergency import control_socket
from ivr.adapters.simulator.call_plan import Answering
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.adapters.simulator.tones import tone, tone_levels
from ivr.call import CallId
from tests.system.running_service import Bus, RunningService, service_of

CALLER_HZ, AGENT_HZ, THIRD_HZ, HELP_HZ = 530.0, 700.0, 930.0, 1230.0
QUEUES = """\
queues_version: 1
queues:
  general: {title: 综合受理, after_call_seconds: 0}
  complaint: {title: 投诉受理, after_call_seconds: 0, skills: [complaint]}
  consultation: {title: 政策咨询, after_call_seconds: 0, skills: [consultation]}
  elder: {title: 长者专席, after_call_seconds: 0, skills: [elder]}
"""


def to_a_person_at_once(service: RunningService) -> None:
    """Shorten the main flow: these tests are about what comes after it."""
    file = service.folder / "flows" / "main.yaml"
    flow = file.read_text(encoding="utf-8")
    flow = re.sub(r"say: 您好，这里是.*", "say: 您好。", flow)
    file.write_text(flow.replace("kind: subflow\n    flow: survey", "kind: say\n    say: 好。"), encoding="utf-8")


def service_for_talks() -> AbstractContextManager[RunningService]:
    """Start a whole service whose callers come to a person at once, and whose agents need no time after a call."""
    return service_of(queues=QUEUES, hurried=True, before=to_a_person_at_once)


@dataclass
class Scene:
    """A citizen (530 Hz) and seat 801 (700 Hz) who talk."""

    service: RunningService
    bus: Bus
    call: CallId
    citizen: SipPhone
    caller: SipCall
    agent: SipCall
    seat: SipPhone

    async def ask(self, verb: str, **words: object) -> str:
        """Ask at the door; what it said if it was done, AssertionError if not."""
        ok, text = await self.asked(verb, **words)
        assert ok, text
        return text

    async def asked(self, verb: str, **words: object) -> tuple[bool, str]:
        request = {"verb": verb, "by": "tester", "call": self.call, "seat": "801", **words}
        told = await asyncio.to_thread(ask, control_socket(self.service.settings), request)
        return bool(told["ok"]), str(told["text"])

    async def told(self, name: str, within: float = 30.0) -> dict[str, object]:
        data = (await self.bus.event(self.call, name, within))["data"]
        assert isinstance(data, dict)
        return data

    async def ended(self, how: str, within: float = 30.0) -> None:
        """Return when a transfer has ended in this way."""
        await self.bus.envelope(
            lambda e: (e["call"], e["type"]) == (self.call, "transfer_ended") and e["data"]["how"] == how, within
        )


@asynccontextmanager
async def talking(service: RunningService) -> AsyncIterator[Scene]:
    """Let a citizen be answered by seat 801; both say their tones."""
    await service.serving()
    async with service.bus() as bus, service.seat("801") as seat, service.citizen() as citizen:
        caller = await service.dial(citizen)
        call = await service.offered(bus, citizen)
        await bus.event(call, "answered", 30)
        agent = await seat.next_call(30)
        await agent.answered(30)
        says(caller, CALLER_HZ)
        says(agent, AGENT_HZ)
        await hear(agent, CALLER_HZ)
        await hear(caller, AGENT_HZ)
        yield Scene(service, bus, call, citizen, caller, agent, seat)
        for line in (caller, agent):
            with contextlib.suppress(Exception):
                await line.hang_up()
    assert service.tracebacks() == []


@asynccontextmanager
async def colleague(
    service: RunningService, number: str, answering: Answering | None = None
) -> AsyncIterator[SipPhone]:
    """Another seat, known to be ready."""
    async with service.seat(number, answering) as phone:
        request = {"verb": "seat.ready", "seat": number}
        async with asyncio.timeout(30):
            while not (await asyncio.to_thread(ask, control_socket(service.settings), request))["ok"]:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        yield phone


def says(line: SipCall, hertz: float) -> None:
    line.start_saying(tone(hertz, 180.0, 0.15))


async def hear(line: SipCall, hertz: float, within: float = 20.0) -> None:
    """Return when a line has heard half a second of a tone from now on."""
    since = time.monotonic()
    async with asyncio.timeout(within):
        while _frames(line, hertz, since) < 25:  # noqa: ASYNC110  (a line rings no bell)
            await asyncio.sleep(0.1)


async def deaf_to(line: SipCall, *tones: float, for_seconds: float = 1.0, within: float = 15.0) -> None:
    """Assert that a line hears none of these for a while; what was said before may still be on its way to it."""
    ends = time.monotonic() + within
    while True:
        since = time.monotonic()
        await asyncio.sleep(for_seconds)
        heard = {hertz: _frames(line, hertz, since) for hertz in tones}
        if all(frames <= 3 for frames in heard.values()):
            return
        assert time.monotonic() < ends, heard


def silence_of(line: SipCall, tones: tuple[float, ...], since: float) -> float:
    """Return the longest time (seconds) in which a line heard none of these tones."""
    levels = tone_levels(line.heard_pcm(since), list(tones))
    longest = silent = 0
    for frame in range(min(len(each) for each in levels.values())):
        silent = 0 if any(each[frame] > 0.03 for each in levels.values()) else silent + 1
        longest = max(longest, silent)
    return longest * 0.02


def _frames(line: SipCall, hertz: float, since: float) -> int:
    return sum(level > 0.03 for level in tone_levels(line.heard_pcm(since), [hertz])[hertz])
