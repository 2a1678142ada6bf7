"""An agent who cannot tell puts the call before the supervisors with one click, and a supervisor listens with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cti.access import Role
from cti.board_calls import escalation_in
from ivr.call import CallId, ChannelName, Leg, PhoneNumber, SeatId
from ivr.events import LegUp, OriginateEnded
from tests.cti.control.test_call_verbs import AGENT, CALL, Desks
from tests.cti.web.site import site
from tests.fakes import NOON


def shown(desks: Desks) -> Any:
    """The call on the board, after everything that was announced."""
    while desks.publisher.announced:
        desks.watching.announced(desks.publisher.announced.pop(0))
    return desks.shown()


@pytest.mark.requirement("S-18")
async def test_an_agents_click_puts_the_call_before_the_supervisors_who_listen_to_it_live() -> None:
    desks = Desks()
    assert shown(desks)["escalated"] is None
    assert (await desks.ask("call.escalate"))["ok"]
    asked = shown(desks)["escalated"]
    assert (asked["seat"], asked["by"], asked["why"], asked["taken_by"]) == ("801", "lixm", "首接人员无法认定", "")
    assert desks.journal.read(CALL)[-1]["done"] == "escalated"
    assert desks.asked("redirect") == [], "nobody is moved for it"

    assert (await desks.ask("monitor.listen", seat="803", by="boss"))["ok"]
    (rung,) = desks.asked("originate")
    assert rung[0] == "PJSIP/803"
    assert dict(rung[5])["HL_SPY"] == AGENT  # type: ignore[call-overload]
    leg, boss = str(rung[1]), ChannelName("PJSIP/803-00000003")
    up = LegUp(CallId(leg), Leg.AGENT, boss, PhoneNumber("803"), NOON, SeatId("803"))
    await desks.happens(up, OriginateEnded(leg, leg, True, 4, NOON, boss))
    row = shown(desks)
    assert (row["escalated"]["taken_by"], row["monitored_by"]) == ("803", ["803"])


@pytest.mark.requirement("S-18")
async def test_a_controller_that_comes_after_knows_from_the_journal_who_asked_and_who_listens() -> None:
    desks = Desks()
    assert escalation_in(desks.journal.read(CALL)) is None
    await desks.ask("monitor.listen", seat="802")
    await desks.ask("call.escalate", why="像是区里的事")
    asked = escalation_in(desks.journal.read(CALL))
    assert asked is not None
    assert (asked["seat"], asked["by"], asked["why"], asked["taken_by"]) == ("801", "lixm", "像是区里的事", "")
    await desks.ask("monitor.listen", seat="803")
    after = escalation_in(desks.journal.read(CALL))
    assert after is not None
    assert after["taken_by"] == "803"


@pytest.mark.requirement("S-18")
async def test_one_puts_up_only_the_call_that_one_talks_in() -> None:
    desks = Desks()
    assert not (await desks.ask("call.escalate", seat="802"))["ok"]
    assert not (await desks.ask("call.escalate", call="hl-1.77"))["ok"]
    assert shown(desks)["escalated"] is None


@pytest.mark.requirement("S-18")
async def test_the_click_needs_no_more_than_the_call_and_is_kept_in_the_audit(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        agent = await here.sign_in("xiaomei", Role.AGENT, seat="801")
        row = {"call": "hl-1795312728.0", "caller": "13812345678", "seat": "801", "state": "talking"}
        here.deps.hub.reset("e", 1, {**here.deps.hub.board, "calls": {row["call"]: row}})
        assert (await agent.post("/api/do/call.escalate", {"call": row["call"]})).json()["ok"]
        (asked,) = here.door.of("call.escalate")
        assert (asked["call"], asked["seat"], asked["by"]) == (row["call"], "801", "xiaomei")
        assert [each.subject for each in await here.trail() if each.action == "call.escalate"] == [row["call"]]
