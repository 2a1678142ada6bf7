"""Rows of the requirements that the dispatch catalogue and the danger words already fulfil, one by one."""

from __future__ import annotations

import pytest

from cti.server.drafting import SHIPPED_CATALOGUE
from routing.adapters.emergency_words import load_spotter
from workorder.dispatch import Catalogue
from workorder.dispatch_file import read_catalogue

OWNERS = [
    ("D-31", "公安井盖", "公安局"),
    ("D-31", "公安监控探头", "公安局"),
    ("D-31", "治安岗亭", "公安局"),
    ("D-31", "消防设施", "公安局"),
    ("D-32", "行车道占道停车", "公安局"),
    ("D-32", "人行道违章停车", "城管执法局"),
    ("D-33", "地名牌", "民政局"),
    ("D-33", "流浪乞讨人员救助", "民政局"),
    ("D-34", "古树名木", "规划建设局"),
    ("D-34", "行道树", "规划建设局"),
    ("D-34", "建设工地", "规划建设局"),
    ("D-35", "公交站牌", "交通局"),
    ("D-35", "公交候车亭", "交通局"),
    ("D-36", "噪声显示屏", "环保局"),
    ("D-36", "水体污染", "环保局"),
    ("D-37", "越门经营", "城管执法局"),
    ("D-37", "建筑施工噪声", "城管执法局"),
    ("D-38", "有线电视井盖", "广电台"),
    ("D-39", "有店无照经营", "工商局"),
    ("D-40", "电力井盖", "供电局"),
    ("D-40", "路灯", "供电局"),
    ("D-41", "邮筒", "邮政局"),
    ("D-41", "报刊亭", "邮政局"),
]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    found, _ = read_catalogue(SHIPPED_CATALOGUE.read_text(encoding="utf-8"), "catalogue.yaml")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("matter", "owner"),
    [pytest.param(matter, owner, marks=pytest.mark.requirement(row)) for row, matter, owner in OWNERS],
)
def test_a_facility_or_event_has_the_owner_that_the_rules_name(catalogue: Catalogue, matter: str, owner: str) -> None:
    assert catalogue.owners(matter) == (owner,)


@pytest.mark.requirement("D-38", "D-39")
@pytest.mark.parametrize("unit", ["广电台", "工商局"])
def test_a_unit_with_duties_that_is_not_in_the_list_of_units_is_reported(unit: str) -> None:
    whole = SHIPPED_CATALOGUE.read_text(encoding="utf-8")
    _, problems = read_catalogue(whole.replace(f"{unit}, ", "", 1), "catalogue.yaml")
    assert any(unit in problem.what and "不在单位清单" in problem.what for problem in problems)


@pytest.mark.requirement("D-44")
def test_a_cover_alone_is_asked_about_and_never_guessed(catalogue: Catalogue) -> None:
    covers = {matter for duty in catalogue.duties for matter in duty.matters if matter.endswith("井盖")}
    units = {unit for cover in covers for unit in catalogue.owners(cover)}
    assert len(covers) >= 8
    assert len(units) >= 9
    asked = catalogue.question_for(sorted(units), "门口的井盖没了")
    assert all(word in asked for word in ("雨水", "污水", "电力"))
    assert catalogue.owners("井盖") == ()


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("我们楼里煤气漏了，满屋都是味道", marks=pytest.mark.requirement("Y-29")),
        pytest.param("变压器爆炸起火了", marks=pytest.mark.requirement("Y-29")),
        pytest.param("山上泥石流下来把房子埋了，里面有人", marks=pytest.mark.requirement("Y-30")),
        pytest.param("地震把墙震塌了，压着人", marks=pytest.mark.requirement("Y-30")),
        pytest.param("有人掉河里了，快淹死了", marks=pytest.mark.requirement("Y-31")),
        pytest.param("楼顶有个人想跳楼", marks=pytest.mark.requirement("Y-31")),
        pytest.param("我不想活了", marks=pytest.mark.requirement("Y-31")),
        pytest.param("我家老人走失了，有老年痴呆", marks=pytest.mark.requirement("Y-32")),
        pytest.param("三岁的孩子走丢了，找不到", marks=pytest.mark.requirement("Y-32")),
        pytest.param("我被困在电梯里喘不上气了", marks=pytest.mark.requirement("Y-33")),
    ],
)
def test_a_danger_that_yangling_lists_is_heard(said: str) -> None:
    assert load_spotter().spot(said) is not None


@pytest.mark.requirement("Y-33")
@pytest.mark.parametrize("said", ["上次走失的老人已经找到了，谢谢你们", "我想咨询一下走失人员怎么登记"])
def test_what_is_over_or_only_asked_about_is_no_danger(said: str) -> None:
    assert load_spotter().spot(said) is None
