"""An agent is always in exactly one state, and only the table moves them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import ImpossibleMoveError
from routing.agent import MOVES, AgentEvent, AgentState, can_move, move, table


def test_an_agent_who_answers_talks_then_writes_then_is_ready_again() -> None:
    state = AgentState.READY
    for event in (AgentEvent.OFFERED, AgentEvent.ANSWERED, AgentEvent.CALL_ENDED, AgentEvent.WORK_DONE):
        state = move(state, event)
    assert state is AgentState.READY


def test_an_agent_on_a_break_is_never_offered_a_call() -> None:
    assert not can_move(AgentState.NOT_READY, AgentEvent.OFFERED)
    with pytest.raises(ImpossibleMoveError):
        move(AgentState.NOT_READY, AgentEvent.OFFERED)


def test_a_lost_telephone_in_a_talk_leaves_the_order_to_be_written() -> None:
    assert move(AgentState.TALKING, AgentEvent.PHONE_LOST) is AgentState.AFTER_CALL


@pytest.mark.parametrize("state", AgentState)
def test_every_state_can_be_reached_and_left(state: AgentState) -> None:
    assert state in MOVES.values()
    assert any(before is state and after is not state for (before, _), after in MOVES.items())


@given(st.lists(st.sampled_from(AgentEvent)))
def test_from_anywhere_an_agent_can_come_back_to_ready(events: list[AgentEvent]) -> None:
    state = AgentState.SIGNED_OUT
    for event in events:
        state = move(state, event) if can_move(state, event) else state
    frontier, seen = {state}, {state}
    while frontier:
        frontier = {after for (before, _), after in MOVES.items() if before in frontier} - seen
        seen |= frontier
    assert AgentState.READY in seen


def test_the_printed_table_names_every_state() -> None:
    assert all(f"**{state}**" in table() for state in AgentState)
