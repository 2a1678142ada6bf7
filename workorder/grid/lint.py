"""What does not fit together between the files of the digital city, the dispatch catalogue and the city's pack."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.problems import Place, Problem, Severity
from ivr.yaml_fields import did_you_mean
from workorder.cities.pack import Pack
from workorder.dispatch import Catalogue
from workorder.grid.city_map import CityMap


def city_problems(city: CityMap, catalogue: Catalogue, pack: Pack, where: str) -> tuple[Problem, ...]:
    """Return every problem; `where` names the folder of the files."""
    place = Place(where)
    return tuple(
        Problem(place, what, remedy, Severity.WARNING if is_warning else Severity.ERROR, clause)
        for is_warning, what, remedy, clause in (
            *_types(city, catalogue, pack),
            *_assets(city, catalogue),
            *_grids(city, catalogue),
            *_collectors(city),
        )
    )


_Found = tuple[bool, str, str, str]


def _types(city: CityMap, catalogue: Catalogue, pack: Pack) -> Iterator[_Found]:
    owned = {matter for duty in catalogue.duties for matter in duty.matters}
    for key, tree, clause in (
        ("component_groups", city.tree.components, "D-14"),
        ("event_groups", city.tree.events, "D-15"),
    ):
        groups = pack.lists[key].items if key in pack.lists else ()
        for group in tree:
            if group not in groups:
                yield False, f"分类里的大类“{group}”不在政策包的 {key} 里。", f"可以写：{'、'.join(groups)}。", clause
        for group in groups:
            if group not in tree:
                yield False, f"大类“{group}”没有写小类。", "在 types.yaml 里补上。", clause
    for matter in city.tree.matters:
        if matter not in owned:
            remedy = did_you_mean(matter, owned) or "在派单目录里写明由谁承办，或从分类里删去。"
            yield False, f"“{matter}”在分类里，派单目录里没有谁承办它。", remedy, "D-06"


def _assets(city: CityMap, catalogue: Catalogue) -> Iterator[_Found]:
    components = {matter for each in city.tree.components.values() for matter in each}
    for asset in city.assets.values():
        if asset.matter not in components:
            remedy = did_you_mean(asset.matter, components) or "写 types.yaml 里的部件小类。"
            yield False, f"部件 {asset.id} 的类别“{asset.matter}”不在分类里。", remedy, "D-12"
        for unit in (asset.owner, asset.maintained_by):
            if unit and unit not in catalogue.units:
                remedy = did_you_mean(unit, catalogue.units) or "写派单目录里的单位。"
                yield False, f"部件 {asset.id} 的单位“{unit}”不在派单目录里。", remedy, "D-12"
        if city.grids and city.grid_at(asset.at) is None:
            yield True, f"部件 {asset.id} 不在任何网格里。", "核对它的位置，或补画网格。", "D-17"


def _grids(city: CityMap, catalogue: Catalogue) -> Iterator[_Found]:
    areas = {duty.area for duty in catalogue.duties if duty.area}
    for grid in city.grids:
        if grid.street not in catalogue.units:
            remedy = did_you_mean(grid.street, catalogue.units) or "写派单目录里的街道。"
            yield False, f"网格 {grid.id} 的街道“{grid.street}”不在派单目录里。", remedy, "D-17"
        for area in grid.areas:
            if area not in areas:
                remedy = did_you_mean(area, areas) or "删去，或在派单目录的职责里写 area。"
                yield False, f"网格 {grid.id} 的范围“{area}”派单目录里没有用到。", remedy, "D-42"
        if not city.collectors_of(grid.id):
            yield True, f"网格 {grid.id} 没有采集员。", "在 collectors.yaml 里派人巡查。", "D-17"
        if not grid.head:
            yield True, f"网格 {grid.id} 没有写网格负责人。", "写 head，季度通报要用。", "D-11"
    for area in sorted(areas if city.grids else ()):
        if not any(area in grid.areas for grid in city.grids):
            yield True, f"没有一个网格在“{area}”之内，这一条职责不会用到。", "在 grids.yaml 的 areas 里写上。", "D-42"


def _collectors(city: CityMap) -> Iterator[_Found]:
    known = {grid.id for grid in city.grids}
    for each in city.roster.collectors:
        for grid in each.grids:
            if grid not in known:
                yield False, f"采集员 {each.id} 的网格“{grid}”没有画。", did_you_mean(grid, known) or "补画。", "D-17"
