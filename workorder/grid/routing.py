"""Whose a case is: by the register of components, the type, the place and the day; asked about, never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from workorder.directory import holds_on
from workorder.dispatch import Catalogue, Duty
from workorder.grid.city_map import Asset, Grid


@dataclass(frozen=True, slots=True)
class Routed:
    """The one unit, or none and those between whom somebody must decide, with the question that decides; and why."""

    unit: str
    why: str
    candidates: tuple[str, ...] = ()
    question: str = ""


def route(matter: str, catalogue: Catalogue, day: date, asset: Asset | None = None, grid: Grid | None = None) -> Routed:
    """Return whose a matter is on a day."""
    if asset is not None:
        return _by_register(asset, day)
    sure: list[str] = []
    open_: list[str] = []
    why: list[str] = []
    for duty in catalogue.duties:
        if matter not in duty.matters or not holds_on(duty, day):
            continue
        units, is_sure, said = _of(duty, grid)
        why += [said] if said else []
        (sure if is_sure else open_).extend(units)
    found = tuple(dict.fromkeys((*sure, *open_)))
    if len(found) == 1 and found[0] in sure:
        return Routed(found[0], "；".join((f"派单目录：“{matter}”由{found[0]}承办", *why)))
    told = "；".join(why) or (f"“{matter}”有几个单位承办" if found else f"派单目录里没有谁承办“{matter}”")
    question = catalogue.question_for(found, matter) if len(found) > 1 else ""
    if len(found) == 1:
        question = f"请核实：{told}"
    asked = catalogue.question_about(matter) if not found else None
    return Routed("", told, found, question or (asked.ask if asked else "请提交协调，确定责任单位。"))


def _by_register(asset: Asset, day: date) -> Routed:
    if asset.maintained_by and asset.valid_until is not None and day <= asset.valid_until:
        why = f"部件 {asset.id} 由{asset.maintained_by}建设，养护期到 {asset.valid_until.isoformat()}"
        return Routed(asset.maintained_by, why)
    past = asset.maintained_by and asset.valid_until is not None
    over = (
        f"，{asset.maintained_by}的养护期已于 {asset.valid_until.isoformat()} 结束"
        if past and asset.valid_until
        else ""
    )
    return Routed(asset.owner, f"部件 {asset.id} 的权属单位是{asset.owner}{over}")


def _of(duty: Duty, grid: Grid | None) -> tuple[tuple[str, ...], bool, str]:
    """Return the units of one duty that may be meant here, whether that is sure, and what is to be said of it."""
    names = "、".join(duty.units)
    if duty.area:
        if grid is None:
            return duty.units, False, f"{names}只管“{duty.area}”之内，还不知道位置"
        if duty.area not in grid.areas:
            return (), True, f"{grid.name}不在“{duty.area}”之内，不归{names}"
        return duty.units, len(duty.units) == 1, f"{grid.name}在“{duty.area}”之内"
    if not duty.when:
        return duty.units, len(duty.units) == 1, ""
    if grid is not None and grid.street in duty.units:
        return (grid.street,), True, f"{grid.name}属于{grid.street}"
    return duty.units, False, f"{names}：{duty.when}"
