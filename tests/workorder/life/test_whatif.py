"""An order's steps under another city's rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.workorder.life.packs import AGENT, BEGUN, CALENDAR, CHECKED, CITIES, WATER, Life, pack_of, unit
from workorder.life import actions as a
from workorder.life.whatif import what_if


def test_a_jinan_order_would_have_been_due_sooner_in_suqian_and_its_reply_reviewed() -> None:
    life = Life("jinan", "help").told()
    found = what_if(life.history, "sudden", pack_of("suqian"), CALENDAR)
    assert (found.due, found.other_due) == (life.order.due, BEGUN + timedelta(hours=12))
    assert found.refusal is not None
    assert "规范性审核" in str(found.refusal)
    assert isinstance(life.history[found.refused_step - 1].action, a.TellCitizen)


@pytest.mark.parametrize("city", CITIES)
def test_under_its_own_rules_nothing_would_have_been_different(city: str) -> None:
    life = Life(city, {"yangling": "utilities"}.get(city, ""))
    life.does(AGENT, CHECKED, a.Dispatch(WATER)).does(unit(), a.Sign("老李"), a.Reply("好了。", asks_recheck=True))
    found = what_if(life.history, life.order.category, life.pack, CALENDAR)
    assert found.is_same
    assert found.due is not None


def test_an_order_that_the_other_city_does_not_know_is_refused_at_its_first_step() -> None:
    found = what_if(Life("jinan").history, "nothing", pack_of("suqian"), CALENDAR)
    assert (found.refused_step, found.other_due, found.is_same) == (1, None, False)
