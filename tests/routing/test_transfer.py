"""Handing callers on: whatever happens in whatever order, the caller is not left alone and the story ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.call import CallId, ChannelName, SeatId
from ivr.events import BridgeEntered, BridgeLeft, LegDown, OriginateEnded, SwitchEvent
from routing.transfer import (
    Came,
    Ended,
    EndLeg,
    FreeAgent,
    Kind,
    Phase,
    StayBeside,
    ToHead,
    Transfer,
    TransferDeed,
    advance,
    joining,
    refusal,
    standing,
)
from tests.fakes import NOON

CALL, AGENT, CALLER, THIRD = (
    CallId("hl-1.1"),
    ChannelName("PJSIP/801-00000001"),
    ChannelName("PJSIP/pstn-00000000"),
    ChannelName("PJSIP/802-00000002"),
)
LEG = "tr-hl-1.1-1"
BLIND = Transfer(
    CALL, Kind.TRANSFER, SeatId("801"), AGENT, CALLER, "802", True, LEG, agent_bridge="b0", caller_bridge="b0"
)
CONSULT = replace(BLIND, kind=Kind.CONSULT, leg="")


def entered(channel: ChannelName, bridge: str, leg: str = "u", legs: int = 2) -> BridgeEntered:
    return BridgeEntered(CALL, channel, leg, bridge, legs, NOON)


def gone_from(channel: ChannelName, bridge: str, legs: int = 1) -> BridgeLeft:
    return BridgeLeft(CALL, channel, "u", bridge, legs, NOON)


def down(channel: ChannelName, leg: str = "u") -> LegDown:
    return LegDown(CALL, channel, 16, "", NOON, leg)


def play(here: Transfer, *events: SwitchEvent) -> tuple[Transfer | None, tuple[TransferDeed, ...]]:
    done: tuple[TransferDeed, ...] = ()
    after: Transfer | None = here
    for event in events:
        if after is None:
            break
        after, deeds = advance(after, event)
        done += deeds
    return after, done


AWAY = (gone_from(AGENT, "b0"), gone_from(CALLER, "b0", 0))
ASKING = (*AWAY, entered(THIRD, "b1", legs=1), entered(AGENT, "b1"))


def test_the_agent_is_freed_only_when_the_colleague_is_with_the_caller() -> None:
    after, deeds = play(BLIND, entered(THIRD, "b0", LEG, 3))
    assert after is None
    assert deeds == (StayBeside(CALLER), Came(), FreeAgent(AGENT), Ended("done"))


@pytest.mark.parametrize("failure", [down(THIRD, LEG), OriginateEnded(LEG, LEG, False, 5, NOON)])
def test_a_colleague_who_does_not_answer_changes_nothing_for_the_caller(failure: SwitchEvent) -> None:
    assert play(BLIND, failure) == (None, (StayBeside(CALLER), Ended("failed")))


def test_with_the_agent_gone_the_colleague_may_still_come_and_else_the_queue_takes_the_caller() -> None:
    gone = (*AWAY, down(AGENT))
    assert play(BLIND, *gone, entered(THIRD, "b1", LEG))[1] == (StayBeside(CALLER), Came(), Ended("done"))
    assert play(BLIND, *gone, down(THIRD, LEG))[1] == (ToHead(CALLER), Ended("agent_lost"))


def test_a_caller_with_an_emergency_service_is_not_taken_to_the_queue() -> None:
    stays = (gone_from(AGENT, "b0", 2), down(AGENT), down(THIRD, LEG))  # the caller never left b0
    assert ToHead(CALLER) not in play(BLIND, *stays)[1]
    assert ToHead(CALLER) not in play(CONSULT, gone_from(AGENT, "b0", 2), down(AGENT))[1]


def test_a_consult_goes_from_ringing_to_talking_and_back() -> None:
    ringing, _ = play(CONSULT, *AWAY)
    talking, _ = play(CONSULT, *ASKING)
    assert ringing is not None
    assert talking is not None
    assert (ringing.phase, talking.phase) == (Phase.RINGING, Phase.TALKING)
    back = (gone_from(AGENT, "b1", 0), entered(CALLER, "b2", legs=1), entered(AGENT, "b2"))
    assert play(talking, *back) == (None, (StayBeside(CALLER), Ended("back")))


def test_completing_frees_the_agent_and_a_conference_keeps_them() -> None:
    talking, _ = play(CONSULT, *ASKING)
    assert talking is not None
    into = entered(CALLER, "b1", legs=3)
    assert play(joining(talking, True), into)[1] == (StayBeside(CALLER), Came(), FreeAgent(AGENT), Ended("done"))
    together, deeds = play(joining(talking, False), into)
    assert together is not None
    assert (together.phase, deeds) == (Phase.JOINED, (StayBeside(CALLER), Came()))
    assert play(together, gone_from(THIRD, "b1", 2)) == (None, (Ended("back"),))
    assert play(together, down(AGENT)) == (None, (Ended("agent_lost"),))


@pytest.mark.requirement("S-22")
def test_citizen_agent_and_a_units_telephone_talk_as_three_until_one_of_them_leaves() -> None:
    unit = replace(CONSULT, to="052784380000", is_seat=False)
    talking, _ = play(unit, *ASKING)
    assert talking is not None
    together, deeds = play(joining(talking, False), entered(CALLER, "b1", legs=3))
    assert together is not None
    assert together.phase is Phase.JOINED
    assert not [deed for deed in deeds if isinstance(deed, FreeAgent | EndLeg)], "all three stay"
    assert play(together, gone_from(THIRD, "b1", 2)) == (None, (Ended("back"),)), "citizen and agent go on"


def test_an_agent_lost_in_a_consult_sends_the_caller_to_the_head_of_the_queue() -> None:
    assert play(CONSULT, *ASKING, down(AGENT)) == (None, (ToHead(CALLER), Ended("agent_lost")))


@pytest.mark.parametrize("here", [BLIND, CONSULT])
def test_a_caller_who_hangs_up_ends_it_and_what_still_rings(here: Transfer) -> None:
    after, deeds = play(here, down(CALLER))
    assert after is None
    assert (EndLeg(LEG) in deeds) == bool(here.leg)


def test_after_a_restart_the_switch_decides() -> None:
    assert standing(CONSULT, "b1", "")[0] == replace(
        CONSULT, agent_bridge="b1", caller_bridge="", has_left=True, phase=Phase.TALKING
    )
    assert standing(CONSULT, None, "") == (None, (ToHead(CALLER), Ended("agent_lost")))
    assert standing(CONSULT, "b1", None) == (None, (Ended("caller_lost"),))
    assert standing(replace(CONSULT, has_left=True), "b2", "b2") == (None, (StayBeside(CALLER), Ended("back")))


def test_after_a_restart_the_leg_that_we_called_decides_who_has_the_caller() -> None:
    done = (StayBeside(CALLER), Came(), FreeAgent(AGENT), Ended("done"))
    assert standing(BLIND, "b0", "b0", "b0") == (None, done)
    assert standing(BLIND, "b0", "b0", "") == (BLIND, ())
    assert standing(BLIND, "b0", "b0", None) == (None, (StayBeside(CALLER), Ended("failed")))
    assert standing(BLIND, None, "", None) == (None, (ToHead(CALLER), Ended("agent_lost")))
    assert standing(BLIND, "b0", None, "") == (None, (EndLeg(LEG), Ended("caller_lost")))


def test_where_help_is_on_the_line_nobody_takes_the_caller_away() -> None:
    assert refusal("transfer", True, True)
    assert refusal("complete", False, True)
    assert refusal("conference", False, True)
    assert not refusal("transfer", False, True)
    assert not refusal("complete", False, False)


channels, bridges = st.sampled_from([AGENT, CALLER, THIRD]), st.sampled_from(["b0", "b1", "b2"])
happenings = st.one_of(
    st.builds(entered, channels, bridges, st.sampled_from(["u", LEG]), st.integers(1, 4)),
    st.builds(gone_from, channels, bridges, st.integers(0, 3)),
    st.builds(down, channels, st.sampled_from(["u", LEG])),
    st.builds(OriginateEnded, st.sampled_from([LEG, "other"]), st.just(LEG), st.booleans(), st.just(0), st.just(NOON)),
)


@given(st.sampled_from([BLIND, CONSULT]), st.lists(happenings, max_size=30), st.booleans())
def test_it_ends_once_frees_nobody_too_early_and_ends_when_all_are_gone(
    here: Transfer, happened: list[SwitchEvent], joins: bool
) -> None:
    if joins and here.kind is Kind.CONSULT:
        here = joining(replace(here, phase=Phase.TALKING, has_left=True, caller_bridge="", agent_bridge="b1"), True)
    after, deeds = play(here, *happened, down(AGENT), down(THIRD, LEG), down(CALLER))
    assert after is None
    assert sum(isinstance(deed, Ended) for deed in deeds) == 1
    freed = [nth for nth, deed in enumerate(deeds) if isinstance(deed, FreeAgent)]
    assert all(Came() in deeds[:nth] for nth in freed)
