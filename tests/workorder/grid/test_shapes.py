"""Points and polygons: one grid for each place, and polygons that cannot be."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder.grid.shapes import Point, area_of, contains, crosses_itself, metres_between, overlap, read_point

COORDINATES = st.floats(-50, 50, allow_nan=False, allow_infinity=False)
POINTS = st.builds(Point, COORDINATES, COORDINATES)


def square(left: float, bottom: float, side: float = 1.0) -> tuple[Point, ...]:
    right, top = left + side, bottom + side
    return Point(left, bottom), Point(right, bottom), Point(right, top), Point(left, top)


@given(st.integers(-20, 20), st.integers(-20, 20), st.floats(0, 0.999), st.floats(0, 0.999))
def test_of_squares_side_by_side_each_place_lies_in_exactly_one(x: int, y: int, dx: float, dy: float) -> None:
    here = Point(x + dx, y + dy)
    holding = [
        (left, bottom)
        for left in (x - 1, x, x + 1)
        for bottom in (y - 1, y, y + 1)
        if contains(square(left, bottom), here)
    ]
    assert len(holding) == 1


@given(st.integers(3, 12), POINTS, st.floats(0.5, 5))
def test_a_polygon_holds_its_middle_whichever_way_round_it_is_written(corners: int, middle: Point, size: float) -> None:

    turns = [2 * math.pi * nth / corners for nth in range(corners)]
    ring = tuple(Point(middle.lon + size * math.cos(t), middle.lat + size * math.sin(t)) for t in turns)
    assert contains(ring, middle)
    assert contains(ring[::-1], middle)
    assert not contains(ring, Point(middle.lon + 2 * size, middle.lat))
    assert not crosses_itself(ring)
    assert area_of(ring) > 0


def test_neighbours_do_not_overlap_and_those_that_share_ground_do() -> None:
    assert not overlap(square(0, 0), square(1, 0))
    assert not overlap(square(0, 0), square(5, 5))
    assert overlap(square(0, 0), square(0.5, 0.5))
    assert overlap(square(0, 0, 4), square(1, 1))
    assert overlap(square(0, 0), square(0, 0)), "the same ground twice"


def test_a_bow_tie_crosses_itself() -> None:
    assert crosses_itself((Point(0, 0), Point(1, 1), Point(1, 0), Point(0, 1)))
    assert not crosses_itself(square(0, 0))


@pytest.mark.parametrize("text", ["", "103.7", "103.7,", "a,b", "181,0", "0,91", "103.7,36.0,1", "１０３,36"])
def test_what_is_no_place_is_none(text: str) -> None:
    assert read_point(text) is None


def test_a_place_is_read_with_either_comma() -> None:
    assert read_point("103.75,36.05") == read_point(" 103.75，36.05 ") == Point(103.75, 36.05)


def test_a_thousandth_of_a_degree_is_about_a_hundred_metres() -> None:
    assert 110 < metres_between(Point(103.75, 36.050), Point(103.75, 36.051)) < 112
    assert 89 < metres_between(Point(103.750, 36.05), Point(103.751, 36.05)) < 91
