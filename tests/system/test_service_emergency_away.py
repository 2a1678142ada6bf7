"""An emergency while a part of the world is away, or the controller dies: it is called once, nobody is dropped.

The full count of kills is `python -m tests.kills emergency`; here one of each step that the other tests leave out.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import pytest

from ivr.adapters.simulator.call_plan import Answering
from ivr.adapters.simulator.line import LineState
from ivr.adapters.simulator.sip_call import SipCall
from ivr.adapters.simulator.sip_phone import SipPhone
from ivr.call import CallId
from tests.kills.away import ears_of
from tests.kills.emergency import AGENT_HZ, CALLER_HZ, ask_desk, both_hear, hears, rounds, story, talk
from tests.ports import free_port
from tests.system.emergency_stage import cut_links
from tests.system.running_service import RunningService, service_of
from tests.system.running_switch import until
from tests.system.test_service_emergency import QUEUES

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("service-emergency-away")]

PORT = free_port("127.0.0.3")


@pytest.fixture(scope="module")
def service() -> Iterator[RunningService]:
    change = {"emergency_trunk": {"port": PORT}, "ears": {"workers": 1}}
    with service_of(change, QUEUES, hurried=True) as running:
        yield running


@pytest.fixture
async def centre() -> AsyncIterator[SipPhone]:
    async with SipPhone(bind_ip="127.0.0.3", port=PORT, number="centre", answering=Answering(0.5)) as phone:
        yield phone


def all_stay(service: RunningService, call: CallId, caller: SipCall, agent: SipCall, centre: SipPhone) -> None:
    """Assert that citizen and agent are on the line and that the service was called once; else tell who ended what."""
    ends = [caller.ending, agent.ending, *story(service.journal.file(call))]
    states = (caller.state, agent.state, len(centre.calls))
    assert states == (LineState.TALKING, LineState.TALKING, 1), "\n".join(map(str, ends))


@pytest.mark.parametrize("step", ["raised", "originated", "answered"])
async def test_a_controller_killed_at_this_step_drops_nobody_doubles_nothing_and_loses_no_raise(
    service: RunningService, centre: SipPhone, step: str
) -> None:
    figures = await rounds(service, centre, step, 1)
    assert figures.is_good, figures


@pytest.mark.parametrize("away", ["database", "broker", "ears"])
async def test_with_this_part_away_a_click_still_brings_the_service_in_once(
    service: RunningService, centre: SipPhone, away: str
) -> None:
    async with talk(service) as (_, call, caller, agent):
        with closing(
            sqlite3.connect(service.settings.database.removeprefix("sqlite:///"), isolation_level=None)
        ) as lock:
            if away == "database":
                lock.execute("BEGIN IMMEDIATE")
            elif away == "broker":
                service.kill("broker")
            else:
                ears = ears_of(service)
                assert ears
                for pid in ears:
                    os.kill(pid, signal.SIGKILL)
            await ask_desk(service, "raise", call)
            assert await both_hear(centre, caller)
        all_stay(service, call, caller, agent, centre)


async def test_with_the_link_cut_while_the_service_rings_it_joins_all_the_same(
    service: RunningService, centre: SipPhone
) -> None:
    centre.answering = Answering(after_seconds=1.0)
    async with talk(service) as (_, call, caller, agent):
        await ask_desk(service, "raise", call)
        await centre.next_call(30)
        losses = sum(record["event"] == "switch_lost" for record in service.log())
        assert cut_links(service) >= 1
        assert await both_hear(centre, caller)
        all_stay(service, call, caller, agent, centre)
        assert hears(caller, AGENT_HZ, 0.0)
        assert hears(agent, CALLER_HZ, 0.0)

        async def is_told() -> bool:
            code, told = await service.hotline("emergency", "status")
            return code == 0 and call in told and "已加入" in told

        await until(is_told, 40)
        assert sum(record["event"] == "switch_lost" for record in service.log()) == losses + 1
