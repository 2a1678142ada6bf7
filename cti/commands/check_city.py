"""`hotline check` of the digital city's files: each by itself, and all of them with the catalogue and the pack."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cti.adapters.files.city_sources import CityFiles, city_folder, load_city_map
from cti.commands.city import own_cities
from cti.server.files.city_packs import load_city
from cti.server.orders import dispatch_catalogue
from cti.settings import Settings
from ivr.errors import AuthorError
from ivr.problems import Problem
from workorder.grid.files import read_assets, read_collectors, read_grids, read_types
from workorder.grid.lint import city_problems
from workorder.grid.source_files import read_cameras, read_population

CITY_CHECKS: Mapping[bytes, Callable[[bytes, str], tuple[Problem, ...]]] = {
    b"grid_map": lambda text, file: read_grids(text, file)[1],
    b"asset_register": lambda text, file: read_assets(text, file)[1],
    b"collector_roster": lambda text, file: read_collectors(text, file)[1],
    b"matter_types": lambda text, file: read_types(text, file)[1],
    b"population": lambda text, file: read_population(text, file)[1],
    b"video_places": lambda text, file: read_cameras(text, file)[1],
}
"""By the first key of a file."""


def city_files_in_use(settings: Settings) -> tuple[Path, ...]:
    """Return the digital city's files of this installation; its tree of types always, the shipped one if need be."""
    return CityFiles(city_folder(settings.data_folder)).all


def city_problems_together(files: Sequence[Path], settings: Settings) -> tuple[Problem, ...]:
    """Return what does not fit together, once every file is sound by itself and one of them is among `files`."""
    used = CityFiles(city_folder(settings.data_folder))
    if not set(used.all) & set(files):
        return ()
    try:
        city, problems = load_city_map(used)
        if any(problem.is_error for problem in problems):
            return tuple(each for each in problems if "另一个文件" in each.what)
        catalogue, pack = dispatch_catalogue(settings), load_city("digital_city", own_cities(settings))
    except (AuthorError, OSError):
        return ()  # told already, where it stands
    return city_problems(city, catalogue, pack, str(used.folder))
