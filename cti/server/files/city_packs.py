"""The cities' packs and the calendar from their files: those that ship with the package, and the admin's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

import chinese_calendar

from cti.adapters.files.followed import Followed
from ivr.errors import AuthorError
from ivr.problems import Place, Problem
from ivr.yaml_fields import remedy_for_unknown
from workorder.cities.pack import Pack
from workorder.cities.pack_file import load_pack
from workorder.clock.days import WorkCalendar, YearOfDays
from workorder.clock.days_file import load_days

OWN_CALENDAR = "calendar.yaml"
SHIPPED_CITIES = Path(str(files("workorder.cities")))
SHIPPED_DAYS = Path(str(files("workorder.clock"))) / "calendar.yaml"


def city_files(folder: Path | None = None) -> Mapping[str, Path]:
    """Return the packs by name; one in `folder` takes the place of a shipped one of the same name."""
    found = {file.stem: file for file in sorted(SHIPPED_CITIES.glob("*.yaml"))}
    if folder is not None and folder.is_dir():
        found |= {file.stem: file for file in sorted(folder.glob("*.yaml"))}
    return MappingProxyType(found)


def load_city(name_or_file: str, folder: Path | None = None) -> Pack:
    """Return a pack by name or from a file; AuthorError with every problem."""
    known = city_files(folder)
    file = known.get(name_or_file, Path(name_or_file))
    try:
        text = file.read_bytes()
    except OSError as error:
        remedy = remedy_for_unknown(name_or_file, known)
        raise AuthorError((Problem(Place(name_or_file), "没有这个城市政策包。", remedy),)) from error
    pack, problems = load_pack(text, str(file))
    if pack is None:
        raise AuthorError(problems)
    return pack


def load_calendar(own: Path | None = None) -> WorkCalendar:
    """Return the workdays of all years known: the admin's file first, then the shipped one, then the package's."""
    calendar = WorkCalendar().with_years(_packaged_years())
    for file in (SHIPPED_DAYS, own):
        if file is not None:
            years, problems = load_days(file.read_bytes(), str(file))
            if not years:
                raise AuthorError(problems)
            calendar = calendar.with_years(years)
    return calendar


def followed_calendar(data_folder: Path) -> Callable[[], WorkCalendar]:
    """Return the workdays as they are now: a calendar that is published counts at once, a broken one leaves what was.

    AuthorError with every problem when there is nothing sound to begin with.
    """

    def load() -> WorkCalendar:
        return load_calendar(own_calendar(data_folder))

    return Followed(lambda: [file] if (file := own_calendar(data_folder)) else [], load, load())


def _packaged_years() -> tuple[YearOfDays, ...]:
    """Return what the chinesecalendar package knows, so that updating it is enough for a new year."""
    holidays: dict[int, dict[date, str]] = {}
    for day, name in chinese_calendar.constants.holidays.items():
        holidays.setdefault(day.year, {})[day] = chinese_calendar.constants.Holiday(name).chinese
    workdays = chinese_calendar.constants.workdays
    return tuple(
        YearOfDays(
            year,
            MappingProxyType(days),
            frozenset(day for day in workdays if day.year == year),
            f"chinesecalendar {chinese_calendar.__version__}",
        )
        for year, days in sorted(holidays.items())
    )


def own_calendar(data_folder: Path) -> Path | None:
    """Return the installation's own calendar of holidays, if it has one."""
    file = data_folder / OWN_CALENDAR
    return file if file.is_file() else None
