"""What the centre knows of its district: grids, components with their owners, the tree of matters, the collectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from types import MappingProxyType

from workorder.grid.shapes import Point, contains, metres_between
from workorder.order import HOTLINE_TIME

_NEAR_METRES = 50.0


@dataclass(frozen=True, slots=True)
class Grid:
    """One grid (责任网格): its corners, the street it belongs to, who answers for it; `areas` that it lies in."""

    id: str
    name: str
    street: str
    corners: tuple[Point, ...]
    head: str = ""
    building_heads: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Asset:
    """One component (部件). Until `valid_until` (养护期) it is for `maintained_by`, who built it; then for `owner`."""

    id: str
    matter: str
    at: Point
    owner: str
    name: str = ""
    maintained_by: str = ""
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Collector:
    """One collector: of which company, which grids are theirs, when they are on duty, which token speaks for them."""

    id: str
    name: str
    company: str
    partner: str
    grids: tuple[str, ...]
    begins: time
    ends: time

    def is_on_roster(self, at: datetime) -> bool:
        """Whether an instant lies within the hours of duty; they may go over midnight."""
        now = at.astimezone(HOTLINE_TIME).time()
        if self.begins <= self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends


@dataclass(frozen=True, slots=True)
class Roster:
    """The collectors; what they are told of their tracks before they are kept, and for how many days."""

    collectors: tuple[Collector, ...] = ()
    notice_version: str = ""
    notice: str = ""
    retention_days: int = 30


@dataclass(frozen=True, slots=True)
class MatterTree:
    """The two trees of matters: components and events, each by group (大类) and type (小类)."""

    version: str = ""
    components: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    events: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def place_of(self, matter: str) -> tuple[str, str] | None:
        """Return (`component` or `event`, its group), or None for a matter that stands in neither tree."""
        for kind, tree in (("component", self.components), ("event", self.events)):
            for group, matters in tree.items():
                if matter in matters:
                    return kind, group
        return None

    @property
    def matters(self) -> tuple[str, ...]:
        return tuple(matter for tree in (self.components, self.events) for each in tree.values() for matter in each)

    def said_in(self, text: str) -> str:
        """Return the longest matter that a text names word for word; empty when it names none."""
        return max((matter for matter in self.matters if matter in text), key=len, default="")


@dataclass(frozen=True, slots=True)
class CityMap:
    """All of it, as the files of the installation say; empty where there are none."""

    grids: tuple[Grid, ...] = ()
    assets: Mapping[str, Asset] = field(default_factory=lambda: MappingProxyType({}))
    roster: Roster = Roster()
    tree: MatterTree = MatterTree()

    def grid_at(self, point: Point | None) -> Grid | None:
        """Return the grid a point lies in."""
        return next((each for each in self.grids if point is not None and contains(each.corners, point)), None)

    def grid(self, id: str) -> Grid | None:
        return next((each for each in self.grids if each.id == id), None)

    def collectors_of(self, grid: str) -> tuple[Collector, ...]:
        """Return whose duty it is to walk a grid."""
        return tuple(each for each in self.roster.collectors if grid in each.grids)

    def collector(self, id: str) -> Collector | None:
        return next((each for each in self.roster.collectors if each.id == id), None)

    def assets_near(self, point: Point, matter: str = "", metres: float = _NEAR_METRES) -> tuple[Asset, ...]:
        """Return the components within so many metres, the nearest first."""
        found = [(metres_between(each.at, point), each) for each in self.assets.values() if matter in ("", each.matter)]
        near = sorted((pair for pair in found if pair[0] <= metres), key=lambda pair: (pair[0], pair[1].id))
        return tuple(each for _, each in near)
