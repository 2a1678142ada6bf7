"""The files of the digital city, read strictly: grids, components, collectors, types of matter; each with its lint."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from types import MappingProxyType
from typing import TypeVar

from ivr.problems import Place, Problem
from ivr.yaml_fields import Fields
from ivr.yaml_source import read_yaml
from workorder.grid.city_map import Asset, Collector, Grid, MatterTree, Roster
from workorder.grid.shapes import Point, area_of, crosses_itself, overlap, read_point

T = TypeVar("T")

_ID = re.compile(r"[0-9A-Za-z_-]{1,40}")
_SMALLEST = 1e-12
"""Square degrees: about ten square centimetres."""
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def read_grids(text: str | bytes, file: str) -> tuple[tuple[Grid, ...], tuple[Problem, ...]]:
    """Read grids; those that overlap, cross themselves or stand twice are errors."""
    problems: list[Problem] = []
    read = read_items(text, file, ("grid_map", "grids", "网格", "id"), _grid, problems)
    places = {grid.id: place for grid, place in read}
    for nth, (one, _) in enumerate(read):
        for other, place in read[:nth]:
            if one.corners and other.corners and overlap(one.corners, other.corners):
                what = f"网格“{one.id}”与“{other.id}”（第 {place.line} 行）重叠。"
                problems.append(Problem(places[one.id], what, "改好边界：一个位置只属于一个网格。"))
    return _sound(read, problems)


def read_assets(text: str | bytes, file: str) -> tuple[tuple[Asset, ...], tuple[Problem, ...]]:
    """Read components (部件); one under maintenance says by whom and until when, and whose it is afterwards."""
    problems: list[Problem] = []
    read = read_items(text, file, ("asset_register", "assets", "部件", "id"), _asset, problems)
    return _sound(read, problems)


def read_collectors(text: str | bytes, file: str) -> tuple[Roster | None, tuple[Problem, ...]]:
    """Read the roster. Without a privacy notice no track may be kept, so a roster without one is an error."""
    problems: list[Problem] = []
    tree, found = read_yaml(text, file)
    if tree is None:
        return None, tuple(found)
    fields = Fields(tree, "采集员名册", problems)
    days = fields.integer("retention_days", 30, 1, 180)
    notice = fields.map("notice", required=True)
    version = words = ""
    if notice is not None:
        inner = Fields(notice, "隐私告知", problems)
        version, words = inner.text("version", longest=40), inner.text("text", longest=2000)
        inner.done()
    read = read_items(text, file, ("collector_roster", "collectors", "采集员", "id"), _collector, problems, fields)
    roster = Roster(tuple(each for each, _ in read), version, words, days)
    return (None if any(each.is_error for each in problems) else roster), tuple(problems)


def read_types(text: str | bytes, file: str) -> tuple[MatterTree | None, tuple[Problem, ...]]:
    """Read the trees of matters; a matter stands once in one group."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return None, tuple(problems)
    fields = Fields(tree, "部件、事件分类", problems)
    fields.integer("matter_types", 1, 1, 1)
    version = fields.text("version", longest=40)
    seen: dict[str, str] = {}
    both = [_tree(fields, key, seen) for key in ("components", "events")]
    fields.done()
    kinds = MatterTree(version, *both)
    return (None if any(each.is_error for each in problems) else kinds), tuple(problems)


def _tree(fields: Fields, key: str, seen: dict[str, str]) -> Mapping[str, tuple[str, ...]]:
    inner = fields.map(key, required=True)
    if inner is None:
        return MappingProxyType({})
    groups = Fields(inner, key, fields.problems)
    found: dict[str, tuple[str, ...]] = {}
    for group in inner.entries:
        found[group] = groups.texts(group)
        for matter in found[group]:
            if matter in seen:
                what = f"“{matter}”在“{seen[matter]}”和“{group}”里都有。"
                fields.error(groups.place(group), what, "只留在一处：一件事只归一类。")
            seen[matter] = group
    return MappingProxyType(found)


def read_items(
    text: str | bytes,
    file: str,
    names: tuple[str, str, str, str],
    read: Callable[[Fields], T],
    problems: list[Problem],
    top: Fields | None = None,
) -> list[tuple[T, Place]]:
    """Read a file of one list, each item with where it stands; what stands twice is an error.

    `names`: the file's first key, the list's key, what an item is called, and the field by which it is known.
    """
    head, key, what, id_field = names
    tree, found = read_yaml(text, file)
    problems += found
    if tree is None:
        return []
    fields = top or Fields(tree, what, problems)
    fields.integer(head, low=1, high=1)
    fields.text("version", "", longest=40)
    items: list[tuple[T, Place]] = []
    seen: dict[str, int] = {}
    for each in fields.each_map(key, required=True):
        inner = Fields(each, what, problems)
        item = read(inner)
        inner.done()
        name = str(getattr(item, id_field))
        if name in seen:
            inner.error(each.place, f"{what}“{name}”写了两次，第一次在第 {seen[name]} 行。", "每个编号只写一次。")
        seen[name] = each.place.line
        items.append((item, each.place))
    fields.done()
    return items


def _grid(fields: Fields) -> Grid:
    corners = tuple(_point(fields, "corners", each) for each in fields.texts("corners"))
    ring = tuple(each for each in corners if each is not None)
    if len(ring) == len(corners) and fields.has("corners"):
        if crosses_itself(ring):
            fields.error(fields.place("corners"), "边界自己交叉。", "按顺时针或逆时针依次写各个角。")
        elif len(ring) < 3 or area_of(ring) < _SMALLEST:
            fields.error(fields.place("corners"), "边界围不成一块地方。", "按先后写三个以上的角：“经度,纬度”。")
    return Grid(
        _id(fields),
        fields.text("name", longest=80),
        fields.text("street", longest=120),
        ring,
        fields.text("head", "", longest=40),
        fields.texts("building_heads", ()),
        fields.texts("areas", ()),
    )


def _asset(fields: Fields) -> Asset:
    maintained, until = fields.text("maintained_by", "", longest=120), _day(fields, "valid_until")
    if bool(maintained) != (until is not None):
        fields.error(fields.tree.place, "maintained_by 和 valid_until 要一起写。", "写明谁在养护、养护期到哪一天。")
    return Asset(
        _id(fields),
        fields.text("matter", longest=80),
        read_place(fields, "at"),
        fields.text("owner", longest=120),
        fields.text("name", "", longest=120),
        maintained,
        until,
    )


def _collector(fields: Fields) -> Collector:
    hours = _HOURS.fullmatch(fields.text("hours", "08:00-18:00", longest=20))
    if hours is None:
        fields.error(fields.place("hours"), "值勤时段看不懂。", "写成 08:00-18:00。")
    begins, ends = (
        (time(int(hours[1]), int(hours[2])), time(int(hours[3]), int(hours[4]))) if hours else (time(8), time(18))
    )
    return Collector(
        _id(fields),
        fields.text("name", longest=40),
        fields.text("company", longest=120),
        fields.text("partner", longest=60),
        fields.texts("grids"),
        begins,
        ends,
    )


def read_place(fields: Fields, key: str) -> Point:
    """Read `经度,纬度`; anything else is an error."""
    return _point(fields, key, fields.text(key, longest=60)) or Point(0, 0)


def _id(fields: Fields) -> str:
    id = fields.text("id", longest=40)
    if id and not _ID.fullmatch(id):
        fields.error(fields.place("id"), f"编号“{id}”不能用。", "用字母、数字、横线和下划线。")
    return id


def _point(fields: Fields, key: str, text: str) -> Point | None:
    point = read_point(text)
    if point is None and text:
        fields.error(fields.place(key), f"“{text}”不是位置。", "写成“经度,纬度”，例如 103.7512,36.0871。")
    return point


def _day(fields: Fields, key: str) -> date | None:
    text = fields.text(key, "", longest=20)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fields.error(fields.place(key), f"“{text}”不是日期。", "写成 2027-06-30，要加引号。")
        return None


def _sound(read: Sequence[tuple[T, Place]], problems: list[Problem]) -> tuple[tuple[T, ...], tuple[Problem, ...]]:
    is_wrong = any(each.is_error for each in problems)
    return (() if is_wrong else tuple(each for each, _ in read)), tuple(problems)
