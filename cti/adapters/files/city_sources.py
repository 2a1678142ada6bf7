"""The sources of the digital city as files of the installation (D-01): taken in when they change, broken ones ignored.

`digital_city/` in the data folder holds `grids*.yaml`, `assets*.yaml` (as many as the city likes, each of at most
256 kB), `collectors.yaml`, `types.yaml`, `population.yaml` and `cameras.yaml`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from cti.adapters.files.followed import Followed
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from workorder.grid.city_map import Asset, CityMap, Grid, Roster
from workorder.grid.files import read_assets, read_collectors, read_grids, read_types
from workorder.grid.ports import CameraPlace, Population
from workorder.grid.shapes import Point, metres_between, overlap
from workorder.grid.source_files import read_cameras, read_population

SHIPPED_TYPES = Path(str(resources.files("workorder.grid"))) / "types.yaml"
KINDS = ("grids*.yaml", "assets*.yaml", "collectors.yaml", "types.yaml", "population.yaml", "cameras.yaml")


def city_folder(data_folder: Path) -> Path:
    """Return where an installation keeps its grids, components and collectors."""
    return data_folder / "digital_city"


@dataclass(frozen=True, slots=True)
class CityFiles:
    """Which files are in use."""

    folder: Path

    def of(self, kind: str) -> tuple[Path, ...]:
        """Return the files of a kind, by name."""
        found = tuple(sorted(self.folder.glob(kind))) if self.folder.is_dir() else ()
        return found or ((SHIPPED_TYPES,) if kind == "types.yaml" else ())

    @property
    def all(self) -> tuple[Path, ...]:
        return tuple(file for kind in KINDS for file in self.of(kind))


def load_city_map(files: CityFiles) -> tuple[CityMap, tuple[Problem, ...]]:
    """Return what the files of geography say together, and every problem of them; OSError when one cannot be read."""
    problems: list[Problem] = []
    grids: list[Grid] = []
    assets: dict[str, Asset] = {}
    for file in files.of("grids*.yaml"):
        read, found = read_grids(file.read_bytes(), str(file))
        problems += [*found, *_clashes(grids, read, file)]
        grids += read
    for file in files.of("assets*.yaml"):
        listed, found = read_assets(file.read_bytes(), str(file))
        problems += found
        for asset in listed:
            if asset.id in assets:
                problems.append(
                    Problem(Place(str(file)), f"部件“{asset.id}”在另一个文件里也有。", "每个编号只写一次。")
                )
            assets[asset.id] = asset
    roster = Roster()
    for file in files.of("collectors.yaml"):
        people, found = read_collectors(file.read_bytes(), str(file))
        problems += found
        roster = people or roster
    tree, found = read_types((file := files.of("types.yaml")[0]).read_bytes(), str(file))
    problems += found
    whole = CityMap(tuple(grids), MappingProxyType(assets), roster, tree or CityMap().tree)
    return whole, tuple(problems)


def _clashes(known: list[Grid], new: tuple[Grid, ...], file: Path) -> list[Problem]:
    place = Place(str(file))
    return [
        Problem(place, f"网格“{one.id}”与另一个文件的“{other.id}”重名或重叠。", "每个编号一个网格，边界不重叠。")
        for one in new
        for other in known
        if one.id == other.id or overlap(one.corners, other.corners)
    ]


class FileGeo:
    """`GeoSource` from files."""

    def __init__(self, folder: Path) -> None:
        files = CityFiles(folder)

        def load() -> CityMap:
            found, problems = load_city_map(files)
            if any(problem.is_error for problem in problems):
                raise AuthorError(problems)
            return found

        kinds = KINDS[:4]
        self._city = Followed(lambda: tuple(file for kind in kinds for file in files.of(kind)), load, CityMap())

    async def city(self) -> CityMap:
        return await asyncio.to_thread(self._city)


class FilePopulation:
    """`PopulationSource` from population.yaml."""

    def __init__(self, folder: Path) -> None:
        files = CityFiles(folder)

        def load() -> dict[str, Population]:
            found: dict[str, Population] = {}
            for file in files.of("population.yaml"):
                read, problems = read_population(file.read_bytes(), str(file))
                if any(problem.is_error for problem in problems):
                    raise AuthorError(problems)
                found |= {each.grid: each for each in read}
            return found

        self._counted = Followed[dict[str, Population]](lambda: files.of("population.yaml"), load, {})

    async def of(self, grid: str) -> Population | None:
        return (await asyncio.to_thread(self._counted)).get(grid)


class FileVideo:
    """`VideoSource` from cameras.yaml."""

    def __init__(self, folder: Path) -> None:
        files = CityFiles(folder)

        def load() -> tuple[CameraPlace, ...]:
            found: list[CameraPlace] = []
            for file in files.of("cameras.yaml"):
                read, problems = read_cameras(file.read_bytes(), str(file))
                if any(problem.is_error for problem in problems):
                    raise AuthorError(problems)
                found += read
            return tuple(found)

        self._cameras = Followed[tuple[CameraPlace, ...]](lambda: files.of("cameras.yaml"), load, ())

    async def near(self, place: Point, metres: float) -> tuple[CameraPlace, ...]:
        found = [(metres_between(each.at, place), each) for each in await asyncio.to_thread(self._cameras)]
        return tuple(each for far, each in sorted(found, key=lambda pair: (pair[0], pair[1].id)) if far <= metres)
