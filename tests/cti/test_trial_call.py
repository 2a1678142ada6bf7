"""The test call to the emergency centre: what the switch tells of call and leg, it tells in whatever order."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from cti.emergency_trunk import EmergencyTrunk
from cti.server.trial_call import TrialCall
from cti.settings import default_settings
from ivr.call import CallId, ChannelName
from ivr.events import LegDown, LegRang, OriginateEnded, SwitchEvent
from tests.fakes import NOON, FakeClock, FakeSwitch

TRUNK = EmergencyTrunk(is_real=True, host="10.9.9.9", test_number="02988880000")
CHANNEL = ChannelName("PJSIP/emergency-00000001")


async def stood(folder: Path, happened: Sequence[str]) -> tuple[str, str]:
    """Return how a test call stands after all that happened, and the reason told."""
    switch = FakeSwitch()
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        settings = replace(default_settings(folder / "data", folder / "run"), emergency_trunk=TRUNK)
        trial = TrialCall(switch, FakeClock(), settings, tasks)
        verbs = trial.verbs()
        assert verbs["emergency.trial"]({})["ok"]  # type: ignore[index]
        while not switch.asked:  # noqa: ASYNC110  (a fake rings no bell)
            await asyncio.sleep(0)
        leg = str(switch.asked[0][2])
        events: dict[str, SwitchEvent] = {
            "rang": LegRang(CallId(leg), CHANNEL, leg, NOON),
            "busy": LegDown(CallId(leg), CHANNEL, 17, "486", NOON, leg),
            "bye": LegDown(CallId(leg), CHANNEL, 16, "", NOON, leg),
            "failed": OriginateEnded(leg, leg, False, 5, NOON),
            "no channel": OriginateEnded(leg, "", False, 0, NOON),
            "answered": OriginateEnded(leg, leg, True, 4, NOON),
        }
        for each in happened:
            trial.take(events[each])
        while trial.state in ("calling", "ringing"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return trial.state, trial.reason


@pytest.mark.parametrize("happened", [*itertools.permutations(("busy", "failed")), ("rang", "failed", "busy")])
async def test_a_busy_centre_is_told_as_busy_whatever_is_told_first(tmp_path: Path, happened: Sequence[str]) -> None:
    assert await stood(tmp_path, happened) == ("failed", "486")


async def test_a_call_that_never_had_a_leg_has_failed_a_moment_later(tmp_path: Path) -> None:
    assert await stood(tmp_path, ("no channel",)) == ("failed", "")


@pytest.mark.parametrize("happened", list(itertools.permutations(("answered", "bye"))))
async def test_a_call_that_was_answered_and_ended_is_over(tmp_path: Path, happened: Sequence[str]) -> None:
    assert (await stood(tmp_path, happened))[0] == "over"
