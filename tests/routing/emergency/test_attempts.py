"""Whom an emergency calls next: another number first, then the other trunk; a trunk that is down is left at once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from routing.adapters.emergency_policies import SHIPPED, load_city
from routing.emergency.attempts import BUSY, NO_ANSWER, REFUSED, TRUNK_DOWN, UNKNOWN, next_route, routes_of
from routing.emergency.interlock import EMERGENCY_TRUNKS
from routing.emergency.policy import Target, with_backup

FIRE = Target("fire", "119 消防", ("119",), EMERGENCY_TRUNKS)
POLICE = Target("police", "110 报警服务台", ("110",), EMERGENCY_TRUNKS)


def called(*whys: str) -> list[str]:
    """The calls of one raise whose attempts fail for these reasons, until nobody is left."""
    left, found, down = routes_of((FIRE, POLICE)), [], set()
    tried = left[0]
    left = left[1:]
    for number, why in enumerate((*whys, *[BUSY] * 9)):
        found.append(f"{tried.number}@{tried.trunk}")
        down |= {tried.trunk} if why == TRUNK_DOWN else set()
        after = next_route(tried, left, why, down)
        if after is None:
            assert number == 3
            break
        left = tuple(each for each in left if each != after)
        tried = after
    return found


def test_a_busy_number_is_followed_by_the_next_and_then_by_the_other_trunk() -> None:
    assert called(BUSY, NO_ANSWER, REFUSED) == ["119@emergency", "110@emergency", "119@emergency-2", "110@emergency-2"]


def test_a_trunk_that_is_down_is_left_at_once_and_comes_last() -> None:
    assert called(TRUNK_DOWN) == ["119@emergency", "119@emergency-2", "110@emergency-2", "110@emergency"]


@given(st.lists(st.sampled_from([BUSY, NO_ANSWER, REFUSED, TRUNK_DOWN, UNKNOWN]), max_size=4))
def test_every_route_is_tried_once_whatever_the_reasons(whys: list[str]) -> None:
    assert sorted(called(*whys)) == sorted(f"{each.number}@{each.trunk}" for each in routes_of((FIRE, POLICE)))


def test_a_second_trunk_serves_every_target_of_the_first() -> None:
    for city in SHIPPED:
        for before, after in zip(
            load_city(city).targets.values(),
            with_backup(load_city(city), *EMERGENCY_TRUNKS).targets.values(),
            strict=True,
        ):
            assert after.trunks[:2] == EMERGENCY_TRUNKS
            assert after.trunks[2:] == before.trunks[1:]
