"""Who gets a matter on which several units have a claim."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workorder.life.packs import CITIES, pack_of
from workorder.cities.pack import RoutingStep
from workorder.cities.resolve import resolve

T, C, S = RoutingStep.TERRITORY, RoutingStep.CHARGE, RoutingStep.SUPERVISION
UNITS = ("大寨街道", "水务局", "市场监管局")


@pytest.mark.requirement("Y-38")
def test_in_yangling_the_place_decides_before_the_duty() -> None:
    found = resolve(pack_of("yangling"), {T: ["大寨街道"], C: ["水务局"]})
    assert (found.unit, found.step, found.clause) == ("大寨街道", T, "Y-38")
    assert resolve(pack_of("yangling"), {C: ["水务局"]}).unit == "水务局"


@pytest.mark.requirement("S-16")
def test_in_suqian_who_is_in_charge_comes_before_who_supervises_and_the_rule_is_named() -> None:
    found = resolve(pack_of("suqian"), {T: ["大寨街道"], C: ["水务局"], S: ["市场监管局"]})
    assert (found.unit, found.step, found.clause) == ("水务局", C, "S-16")
    assert resolve(pack_of("suqian"), {S: ["市场监管局"]}).step is S


def test_equal_claims_are_narrowed_by_the_next_step_and_else_go_to_a_meeting() -> None:
    both = resolve(pack_of("suqian"), {C: ["水务局", "市场监管局"], S: ["市场监管局"]})
    assert both.unit == "市场监管局"
    open_ = resolve(pack_of("suqian"), {C: ["水务局", "市场监管局"]})
    assert (open_.unit, open_.between) == ("", ("水务局", "市场监管局"))
    assert resolve(pack_of("suqian"), {}).unit == ""


@given(
    st.sampled_from(CITIES),
    st.dictionaries(st.sampled_from(list(RoutingStep)), st.lists(st.sampled_from(UNITS), max_size=3)),
)
def test_whoever_claims_at_most_one_unit_is_named_and_it_had_a_claim(
    city: str, claims: dict[RoutingStep, list[str]]
) -> None:
    pack = pack_of(city)
    found = resolve(pack, claims)
    if found.unit:
        assert found.step in pack.routing_order
        assert found.unit in claims[found.step]
    else:
        assert len(found.between) != 1
