"""Off hours: the roster names who is on duty, a dispatch is told to them; a unit without one fails the lint."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.workorder.life.packs import CALENDAR, WATER, pack_of
from workorder.dispatch import Catalogue
from workorder.dispatch_file import read_catalogue
from workorder.duty import duty_of, missing_rosters, on_duty, with_duty
from workorder.life.actions import Dispatch, Sign, SubDispatch
from workorder.order import HOTLINE_TIME

ROADS = "规划建设局"
TEXT = f"""\
catalogue: 1
name: 宿迁派单目录
version: "1"
city: 宿迁
units: [{WATER}, {ROADS}]
duties:
  - {{units: [{WATER}], parts: [供水管网]}}
  - {{units: [{ROADS}], parts: [绿地]}}
contacts:
  {WATER}: {{leader: 甲 1, business: 乙 2, handler: 丙 3}}
  {ROADS}: {{leader: 甲 1, business: 乙 2, handler: 丙 3}}
duty:
  {WATER}: [{{person: 值班室, phone: 0527-80000001}}, {{person: 老李, phone: 13900000001, on: 周六}},
    {{person: 老张, phone: 13900000002, on: 2026-11-21}}]
  {ROADS}: {{person: 总值班, phone: 0527-80000002}}
"""


def catalogue() -> Catalogue:
    found, problems = read_catalogue(TEXT, "目录.yaml")
    assert found is not None, [str(each) for each in problems]
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HOTLINE_TIME)


@pytest.mark.requirement("S-36")
def test_a_dispatch_off_hours_goes_to_who_stands_in_the_units_roster() -> None:
    pack, rosters = pack_of("suqian"), catalogue().duty

    def told(when: str, unit: str = WATER) -> str:
        found = with_duty(Dispatch(unit), rosters, pack, CALENDAR, at(when))
        assert isinstance(found, Dispatch)
        return found.duty

    assert told("2026-11-20T09:00") == "", "on a workday the unit signs by itself"
    assert told("2026-11-20T13:00") == "值班室 0527-80000001"
    assert told("2026-11-21T10:00") == "老张 13900000002", "the day's own line comes first"
    assert told("2026-11-28T10:00") == "老李 13900000001"
    assert told("2026-11-29T03:00") == "老李 13900000001", "the small hours belong to the night before"
    assert told("2026-11-28T10:00", ROADS) == "总值班 0527-80000002"
    assert "没有值班表" in told("2026-11-28T10:00", "别的单位")
    further = with_duty(SubDispatch(ROADS), rosters, pack, CALENDAR, at("2026-11-28T10:00"))
    assert isinstance(further, SubDispatch)
    assert further.duty.startswith("总值班")
    assert with_duty(Sign("老李"), rosters, pack, CALENDAR, at("2026-11-28T10:00")) == Sign("老李")
    assert duty_of(WATER, rosters, pack_of("lanzhou"), CALENDAR, at("2026-11-28T10:00")) == (False, None)


@pytest.mark.requirement("S-36")
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f"  {ROADS}: {{person: 总值班, phone: 0527-80000002}}\n", "", f"“{ROADS}”没有非工作时间值班表"),
        ("phone: 0527-80000002", "phone: 无", "没有能打的电话"),
        ("person: 总值班", "person: 总值班, on: 周六", "有没人的日子"),
        ("on: 2026-11-21", "on: 21号", "不是日子"),
        (f"  {ROADS}: {{person: 总", "  别的: {person: 总", "不在单位清单里"),
    ],
)
def test_a_roster_with_a_gap_fails_the_lint_in_words(old: str, new: str, said: str) -> None:
    found, problems = read_catalogue(TEXT.replace(old, new), "目录.yaml")
    assert found is None
    assert any(said in each.what for each in problems)


@pytest.mark.requirement("S-36")
def test_a_city_that_demands_rosters_is_told_which_units_have_none() -> None:
    bare, _ = read_catalogue(TEXT.split("duty:")[0], "目录.yaml")
    assert bare is not None
    (problem,) = missing_rosters(bare.units, bare.duty, pack_of("suqian"), "目录.yaml")
    assert WATER in problem.what
    assert "S-36" in problem.what
    assert problem.is_error
    assert missing_rosters(bare.units, catalogue().duty, pack_of("suqian"), "目录.yaml") == []
    assert missing_rosters(bare.units, {}, pack_of("lanzhou"), "目录.yaml") == []


def test_of_an_empty_roster_nobody_is_on_duty() -> None:
    assert on_duty((), at("2026-11-21T10:00").date()) is None
