"""The three systems that feed the centre (D-01): geography, population, video. One port each, files the first adapter.

A city with a GIS, a population platform or a video platform writes an adapter to its interface; the contract test
(tests/contracts/test_city_sources.py) says what it must keep to. Nothing here names a person: the population is
counted, and a camera is where it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from workorder.grid.city_map import CityMap
from workorder.grid.shapes import Point


@dataclass(frozen=True, slots=True)
class Population:
    """How many live in a grid, as counted on a day."""

    grid: str
    day: date
    households: int
    residents: int
    migrants: int


@dataclass(frozen=True, slots=True)
class CameraPlace:
    """A camera of the video platform; `id` is the one in our register of cameras."""

    id: str
    at: Point
    place: str
    owner: str


class GeoSource(Protocol):
    """三维地理基础信息: grids, components and the types of matter."""

    async def city(self) -> CityMap:
        """Return what is known now; what cannot be read leaves what was known before, empty at the start."""


class PopulationSource(Protocol):
    """人口精细化管理: numbers by grid, no people."""

    async def of(self, grid: str) -> Population | None:
        """Return the numbers of a grid, None for one that was not counted."""


class VideoSource(Protocol):
    """三维全景视频监控: which cameras see a place."""

    async def near(self, place: Point, metres: float) -> tuple[CameraPlace, ...]:
        """Return the cameras within so many metres, the nearest first."""
