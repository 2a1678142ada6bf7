"""Who of a unit is on duty off hours (值班表): the roster in the dispatch catalogue; a dispatch names them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from ivr.problems import Place, Problem
from ivr.yaml_source import YamlList, YamlMap, YamlScalar, YamlValue, shorten
from workorder.cities.pack import Pack
from workorder.cities.pack_units import shift_day
from workorder.clock.days import WEEKDAYS, WorkCalendar
from workorder.life.actions import Action, DecideLead, Dispatch, SubDispatch

_KEYS = ("person", "phone", "on")
_PHONE = re.compile(r"[0-9][0-9\- ]{2,20}")


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is on duty: `on` names a date (2026-11-22) or a day of the week (周六); empty: whenever nobody else is."""

    person: str
    phone: str
    on: str = ""

    def __str__(self) -> str:
        return f"{self.person} {self.phone}"


Roster = tuple[Watch, ...]
"""A unit's watches; one without a day is always among them."""


def on_duty(roster: Roster, day: date) -> Watch | None:
    """Return who is on duty on a day: by the date, else by the day of the week, else whoever always is."""
    for wanted in (day.isoformat(), WEEKDAYS[day.weekday()], ""):
        found = next((each for each in roster if each.on == wanted), None)
        if found is not None:
            return found
    return None


def duty_of(
    unit: str, rosters: Mapping[str, Roster], pack: Pack, calendar: WorkCalendar, at: datetime
) -> tuple[bool, Watch | None]:
    """Return whether it is off hours, and if so who of the unit is on duty (None: the roster is missing)."""
    if pack.duty is None or not pack.duty.are_over(at, calendar):
        return False, None
    return True, on_duty(rosters.get(unit, ()), shift_day(at, pack.duty).date())


def with_duty(
    action: Action, rosters: Mapping[str, Roster], pack: Pack, calendar: WorkCalendar, at: datetime
) -> Action:
    """Return a dispatch with whom to call off hours written into it; every other action as it is."""
    match action:
        case Dispatch(unit=unit) | SubDispatch(unit=unit) | DecideLead(lead=unit):
            is_off, watch = duty_of(unit, rosters, pack, calendar, at)
            told = str(watch) if watch else (f"“{unit}”没有值班表，请设法联系" if is_off else "")
            return replace(action, duty=told)
        case _:
            return action


def missing_rosters(units: tuple[str, ...], rosters: Mapping[str, Roster], pack: Pack, file: str) -> list[Problem]:
    """Return the units of a catalogue without a roster, where the city demands one (S-36)."""
    if pack.duty is None:
        return []
    lacking = [unit for unit in units if unit not in rosters]
    what = f"{pack.city}要求各单位有非工作时间值班表，{len(lacking)} 个单位没有：{'、'.join(lacking[:8])}。"
    remedy = "在派单目录的 duty 下给每个单位写 person 和 phone。"
    return [Problem(Place(file), f"{what}（依据：{pack.duty.clause}）", remedy)] if lacking else []


def read_rosters(
    value: YamlValue | None, units: list[tuple[str, Place]], error: Callable[[Place, str, str], None]
) -> dict[str, Roster]:
    """Read `duty: {单位: [{person: …, phone: …, on: 周六}, {person: …, phone: …}]}`; every unit must be there."""
    if value is None:
        return {}
    if not isinstance(value, YamlMap):
        error(value.place, "duty 应按单位写。", "写成 单位: [{person: 值班室, phone: …}]。")
        return {}
    known = {unit for unit, _ in units}
    found: dict[str, Roster] = {}
    for unit, item in value.entries.items():
        if unit not in known:
            error(item.place, f"值班表里的“{shorten(unit)}”不在单位清单里。", "改正名称，或删去。")
        watches = tuple(_watches(unit, item, error))
        if watches and all(each.on for each in watches):
            error(item.place, f"“{unit}”的值班表有没人的日子。", "加一行不写 on 的，平时由它值班。")
        found[unit] = watches
    for unit, place in units:
        if unit not in found:
            error(place, f"“{unit}”没有非工作时间值班表。（依据：S-36）", "在 duty 下写上它的 person 和 phone。")
    return found


def _watches(unit: str, item: YamlValue, error: Callable[[Place, str, str], None]) -> list[Watch]:
    found = []
    for each in item.items if isinstance(item, YamlList) else (item,):
        if not isinstance(each, YamlMap) or set(each.entries) - set(_KEYS):
            error(each.place, f"“{unit}”的值班表看不懂。", "每行写 person、phone，轮值的再写 on。")
            continue
        said = {key: _text(each.entries.get(key)) for key in _KEYS}
        if not said["person"] or not _PHONE.fullmatch(said["phone"]):
            error(each.place, f"“{unit}”的值班表没有人或没有能打的电话。", "写上 person 和 phone（数字）。")
        if said["on"] and said["on"] not in WEEKDAYS and not _is_date(said["on"]):
            error(each.place, f"“{said['on'][:20]}”不是日子。", "on 写 2026-11-22 或 周六。")
        found.append(Watch(said["person"], said["phone"], said["on"]))
    return found


def _text(value: YamlValue | None) -> str:
    return value.raw.strip() if isinstance(value, YamlScalar) else ""


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
