"""Points and polygons on the map, in degrees: which polygon a point lies in, and polygons that cannot be."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

_PAIR = re.compile(r"\s*(-?\d{1,3}(?:\.\d{1,10})?)\s*[,，]\s*(-?\d{1,2}(?:\.\d{1,10})?)\s*", re.ASCII)
_METRES_OF_DEGREE = 111_320.0


@dataclass(frozen=True, slots=True)
class Point:
    """A place, by longitude and latitude."""

    lon: float
    lat: float

    def __str__(self) -> str:
        return f"{self.lon:.6f},{self.lat:.6f}"


Ring = Sequence[Point]
"""A polygon's corners in their order; the last is joined to the first."""


def read_point(text: str) -> Point | None:
    """Return the point written `经度,纬度`, or None."""
    found = _PAIR.fullmatch(text)
    return point_of(float(found[1]), float(found[2])) if found else None


def point_of(lon: float, lat: float) -> Point | None:
    """Return the point, or None for what is nowhere on earth."""
    fits = math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90
    return Point(lon, lat) if fits else None


def contains(ring: Ring, point: Point) -> bool:
    """Whether the point lies within; of a border between two neighbours each point belongs to exactly one of them."""
    inside = False
    for a, b in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (a.lat > point.lat) != (b.lat > point.lat):
            crossing = a.lon + (point.lat - a.lat) * (b.lon - a.lon) / (b.lat - a.lat)
            inside ^= point.lon < crossing
    return inside


def metres_between(a: Point, b: Point) -> float:
    """Return how far apart two places are; exact enough within a city."""
    east = (a.lon - b.lon) * math.cos(math.radians((a.lat + b.lat) / 2))
    return math.hypot(east, a.lat - b.lat) * _METRES_OF_DEGREE


def crosses_itself(ring: Ring) -> bool:
    """Whether two sides that are no neighbours meet."""
    sides = _sides(ring)
    last = len(sides) - 1
    return any(
        _cross(sides[i], sides[j]) for i, j in combinations(range(len(sides)), 2) if j - i > 1 and (i, j) != (0, last)
    )


def overlap(one: Ring, other: Ring) -> bool:
    """Whether two polygons share more than their border."""
    if any(_cross(a, b) for a in _sides(one) for b in _sides(other)):
        return True
    return contains(other, _inner(one)) or contains(one, _inner(other))


def area_of(ring: Ring) -> float:
    """Return the area in square degrees; 0 for corners on one line."""
    return abs(sum(a.lon * b.lat - b.lon * a.lat for a, b in _sides(ring))) / 2


def _sides(ring: Ring) -> list[tuple[Point, Point]]:
    return list(zip(ring, (*ring[1:], ring[0]), strict=True))


def _cross(one: tuple[Point, Point], other: tuple[Point, Point]) -> bool:
    """Whether two sides cut through each other; touching or lying upon each other is no crossing."""
    (a, b), (c, d) = one, other
    return _turn(a, b, c) * _turn(a, b, d) < 0 and _turn(c, d, a) * _turn(c, d, b) < 0


def _turn(a: Point, b: Point, c: Point) -> int:
    turn = (b.lon - a.lon) * (c.lat - a.lat) - (b.lat - a.lat) * (c.lon - a.lon)
    return 0 if abs(turn) < 1e-15 else (1 if turn > 0 else -1)


def _inner(ring: Ring) -> Point:
    """Return a point within the polygon: of the middles between two corners the first that lies inside."""
    for a, b in combinations(ring, 2):
        middle = Point((a.lon + b.lon) / 2 + 1e-9, (a.lat + b.lat) / 2 + 1e-9)
        if contains(ring, middle):
            return middle
    return ring[0]
