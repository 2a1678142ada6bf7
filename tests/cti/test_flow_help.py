"""How a call for help ended, as its journal tells: who left before anything was verified has not helped."""

from __future__ import annotations

import pytest

from cti.server.emergency import FlowHelp
from ivr.call import CallId
from routing.emergency.shell import EmergencyDesk
from tests.fakes import FakeJournal

CALL = CallId("hl-1.1")


def no_desk() -> EmergencyDesk:
    raise AssertionError("the journal alone tells how it ended")


@pytest.mark.parametrize(
    ("written", "ended"),
    [
        (["Raise", "OriginateSent", "BridgeEntered", "LegDown"], ""),
        (["Raise", "BridgeEntered", "TurnsHeard", "LegDown"], "joined"),
        (["Raise", "BridgeEntered", "VerifiedByClick", "LegDown"], "joined"),
        (["Raise", "BridgeEntered", "AgentJoined", "LegDown"], "answered"),
        (["Raise", "BridgeEntered", "VerifiedByClick", "Raise", "LegDown"], ""),
        ([], ""),
    ],
)
def test_only_a_service_that_was_understood_has_helped(written: list[str], ended: str) -> None:
    journal = FakeJournal()
    journal.append(CALL, {"flow": "menu", "digest": "x"})
    for name in written:
        journal.append(CALL, {"name": f"emergency.{name}", "case": "c"})
    assert FlowHelp(no_desk, journal).help_ended(CALL) == ended
