"""What every adapter of the centre's three sources keeps to (D-01); another system's adapter joins the lists below."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from cti.adapters.files.city_sources import FileGeo, FilePopulation, FileVideo
from tests.cti.city_files import GRIDS, write_city
from workorder.grid.ports import GeoSource, PopulationSource, VideoSource
from workorder.grid.shapes import Point

GEO: list[Callable[[Path], GeoSource]] = [FileGeo]
POPULATION: list[Callable[[Path], PopulationSource]] = [FilePopulation]
VIDEO: list[Callable[[Path], VideoSource]] = [FileVideo]
HERE, ELSEWHERE = Point(103.75, 36.05), Point(0, 0)


@pytest.mark.requirement("D-01")
@pytest.mark.parametrize("make", GEO)
async def test_geography_tells_the_grid_of_a_place_the_components_near_and_the_types(
    make: Callable[[Path], GeoSource], tmp_path: Path
) -> None:
    city = await make(write_city(tmp_path)).city()
    grid = city.grid_at(HERE)
    assert grid is not None
    assert (grid.id, grid.street) == ("XH-01", "西湖街道")
    assert city.grid_at(ELSEWHERE) is None
    assert [each.id for each in city.assets_near(HERE)] == ["YS-0001", "YS-0002"]
    assert city.tree.place_of("雨水井盖") == ("component", "公用设施")


@pytest.mark.requirement("D-01")
@pytest.mark.parametrize("make", GEO)
async def test_geography_that_cannot_be_read_leaves_what_was_known(
    make: Callable[[Path], GeoSource], tmp_path: Path
) -> None:
    folder = write_city(tmp_path)
    geo = make(folder)
    assert len((await geo.city()).grids) == 2
    (folder / "grids.yaml").write_text("grid_map: 1\ngrids: [oops]\n", encoding="utf-8")
    assert len((await geo.city()).grids) == 2
    (folder / "grids.yaml").write_text(GRIDS.split("  - id: XY-01")[0], encoding="utf-8")
    assert len((await geo.city()).grids) == 1


@pytest.mark.requirement("D-01")
@pytest.mark.parametrize("make", POPULATION)
async def test_the_population_is_counted_by_grid_and_names_nobody(
    make: Callable[[Path], PopulationSource], tmp_path: Path
) -> None:
    people = make(write_city(tmp_path))
    counted = await people.of("XH-01")
    assert counted is not None
    assert (counted.day, counted.households, counted.residents, counted.migrants) == (
        date(2026, 10, 31),
        1250,
        3200,
        410,
    )
    assert await people.of("XY-01") is None


@pytest.mark.requirement("D-01")
@pytest.mark.parametrize("make", VIDEO)
async def test_video_tells_which_cameras_are_near_the_nearest_first(
    make: Callable[[Path], VideoSource], tmp_path: Path
) -> None:
    video = make(write_city(tmp_path))
    assert [each.id for each in await video.near(HERE, 300)] == ["GA-0001"]
    assert [each.id for each in await video.near(HERE, 10_000)] == ["GA-0001", "GA-0002"]
    assert await video.near(ELSEWHERE, 300) == ()


@pytest.mark.requirement("D-01")
async def test_a_city_without_any_of_them_knows_nothing_and_still_stands(tmp_path: Path) -> None:
    city = await FileGeo(tmp_path).city()
    assert (city.grids, dict(city.assets), city.grid_at(HERE)) == ((), {}, None)
    assert city.tree.place_of("路灯") == ("component", "公用设施"), "the tree of types that ships"
    assert await FilePopulation(tmp_path).of("XH-01") is None
    assert await FileVideo(tmp_path).near(HERE, 300) == ()
