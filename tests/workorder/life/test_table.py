"""The table of the order's life: no dead end, no orphan, and every action has its row."""

from __future__ import annotations

import pytest

from workorder.life import actions as a
from workorder.life.actors import Role
from workorder.life.states import ENDS, STATE_TITLES, WITH_UNIT, LifeState
from workorder.life.table import MOVES, after, moves_from


def reachable(start: LifeState) -> set[LifeState]:
    seen, todo = {start}, [start]
    while todo:
        state = todo.pop()
        for move in moves_from(state):
            if move.to is not None and move.to not in seen:
                seen.add(move.to)
                todo.append(move.to)
    return seen


@pytest.mark.requirement("D-52")
@pytest.mark.parametrize("state", list(LifeState))
def test_every_state_can_reach_an_end(state: LifeState) -> None:
    assert reachable(state) & ENDS


def test_every_state_can_be_reached_and_has_a_name() -> None:
    assert reachable(LifeState.DRAFTED) == set(LifeState)
    assert set(STATE_TITLES) == set(LifeState)


@pytest.mark.requirement("J-21")
def test_nothing_leaves_an_end() -> None:
    assert LifeState.FINAL in ENDS
    assert all(not moves_from(state) for state in ENDS)


def test_every_action_but_opening_has_exactly_one_row_and_somebody_who_may_do_it() -> None:
    assert set(MOVES) == set(a.ACTIONS) - {a.Open}
    assert all(move.roles and move.sources for move in MOVES.values())


def test_a_unit_never_closes_an_order_by_itself() -> None:
    for move in MOVES.values():
        if Role.UNIT in move.roles:
            assert move.to in (None, LifeState.REPLIED, *WITH_UNIT)


@pytest.mark.requirement("J-15")
def test_a_reply_leads_to_replied_and_never_straight_to_closed() -> None:
    assert {after(state, a.Reply) for state in LifeState} == {None, LifeState.REPLIED}
    assert all(after(LifeState.REPLIED, type_) is not LifeState.CLOSED for type_ in MOVES)


@pytest.mark.requirement("Y-34", "S-20", "D-07")
def test_the_stages_the_cities_name_are_all_there() -> None:
    names = {LifeState.ACCEPTED, LifeState.DISPATCHED, LifeState.HANDLING, LifeState.COORDINATING, LifeState.REPLIED}
    names |= {LifeState.FIELD_VERIFICATION, LifeState.TOLD, LifeState.SMS_FOLLOWUP, LifeState.CLOSED}
    path = [LifeState.DRAFTED]
    for action in (a.Accept, a.Coordinate, a.DecideLead, a.Sign, a.Reply, a.AskFieldCheck, a.PassFieldCheck):
        path.append(after(path[-1], action) or path[-1])
    for action in (a.TellCitizen, a.SendSms, a.Close, a.Archive):
        path.append(after(path[-1], action) or path[-1])
    assert names <= set(path)
    assert path[-1] is LifeState.ARCHIVED
