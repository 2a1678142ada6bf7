"""What a population platform and a video platform tell us, as files: read strictly, one line per grid or camera."""

from __future__ import annotations

from datetime import date

from ivr.problems import Problem
from ivr.yaml_fields import Fields
from ivr.yaml_source import read_yaml
from workorder.grid.files import read_items, read_place
from workorder.grid.ports import CameraPlace, Population


def read_population(text: str | bytes, file: str) -> tuple[tuple[Population, ...], tuple[Problem, ...]]:
    """Read the numbers of the grids; a number below nothing or a grid that stands twice is an error."""
    problems: list[Problem] = []
    tree, found = read_yaml(text, file)
    if tree is None:
        return (), tuple(found)
    fields = Fields(tree, "人口", problems)
    counted = fields.text("day", longest=10)
    try:
        day = date.fromisoformat(counted)
    except ValueError:
        day = date.min
        fields.error(fields.place("day"), f"“{counted}”不是日期。", "写成 2026-10-31，要加引号。")

    def grid(inner: Fields) -> Population:
        households, residents, migrants = (
            inner.integer(key, low=0, high=10**7) for key in ("households", "residents", "migrants")
        )
        return Population(inner.text("grid", longest=40), day, households, residents, migrants)

    read = read_items(text, file, ("population", "grids", "网格人口", "grid"), grid, problems, fields)
    is_wrong = any(each.is_error for each in problems)
    return (() if is_wrong else tuple(each for each, _ in read)), tuple(problems)


def read_cameras(text: str | bytes, file: str) -> tuple[tuple[CameraPlace, ...], tuple[Problem, ...]]:
    """Read where cameras stand."""
    problems: list[Problem] = []

    def camera(inner: Fields) -> CameraPlace:
        return CameraPlace(
            inner.text("id", longest=40),
            read_place(inner, "at"),
            inner.text("place", longest=200),
            inner.text("owner", longest=120),
        )

    read = read_items(text, file, ("video_places", "cameras", "摄像头", "id"), camera, problems)
    is_wrong = any(each.is_error for each in problems)
    return (() if is_wrong else tuple(each for each, _ in read)), tuple(problems)
