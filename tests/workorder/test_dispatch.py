"""The dispatch catalogue: the shipped one is usable, a copied one has every fault reported."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from ivr.problems import Problem
from workorder.dispatch import Catalogue
from workorder.dispatch_file import read_catalogue


def _shipped() -> tuple[Catalogue | None, tuple[Problem, ...]]:
    text = (files("workorder") / "catalogue" / "digital_city.yaml").read_text(encoding="utf-8")
    return read_catalogue(text, "digital_city.yaml")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    found, problems = _shipped()
    assert found is not None, [str(problem) for problem in problems]
    return found


def test_the_shipped_catalogue_has_no_error_and_says_what_stays_unclear() -> None:
    _, problems = _shipped()
    assert not [str(problem) for problem in problems if problem.is_error]
    assert any("养护期" in problem.what for problem in problems)


@pytest.mark.parametrize(
    "said",
    [
        "“规划建设局”在单位清单里写了两次",
        "“西园街道”在单位清单里写了两次",
        "“计生局”在单位清单里，却没有任何职责",
        "“西湖街道”在单位清单里，却没有任何职责",
        "“水务局”有职责，却不在单位清单里",
        "别的城市“桐乡”",
        "“雕塑”有 2 个承办单位：规划建设局、公投集团",
        "“雨水井盖”有 2 个承办单位：规划建设局、公投集团",
        "“污水井盖”有 2 个承办单位：水务局、公投集团",
        "“公投集团”只在“养护期内”时承办，却没有到期日",
        "只说“井盖”分不清：6 个单位",
        "没有写各单位的分管负责人",
    ],
)
def test_every_fault_of_a_copied_table_is_reported_with_its_place(said: str) -> None:
    text = (Path(__file__).parent / "duties_as_copied.yaml").read_text(encoding="utf-8")
    found, problems = read_catalogue(text, "抄来的.yaml")
    assert found is None
    hits = [problem for problem in problems if said in problem.what]
    assert len(hits) == 1, [str(problem) for problem in problems]
    assert hits[0].place.line > 0
    assert hits[0].remedy


def test_the_cover_question_is_asked_when_only_a_cover_was_named(catalogue: Catalogue) -> None:
    assert "井盖上写着什么字" in catalogue.question_for(["水务局", "供电局", "电信局"], "门口井盖坏了")


def test_parking_is_split_by_lane_or_pavement(catalogue: Catalogue) -> None:
    assert "行车道" in catalogue.question_for(["公安局", "城管执法局"], "门口停满了车")


def test_two_units_without_a_known_question_still_get_one(catalogue: Catalogue) -> None:
    assert "民政局还是邮政局" in catalogue.question_for(["民政局", "邮政局"], "牌子坏了")
    assert catalogue.question_for(["民政局"], "牌子坏了") == ""


def test_owners_of_a_shared_thing_are_all_named(catalogue: Catalogue) -> None:
    assert catalogue.owners("雨水井盖") == ("规划建设局", "公投集团")


@pytest.mark.parametrize(
    "text", ["", "catalogue: 2\n", "catalogue: 1\nduties: 3\n", "a: [", "catalogue: 1\nunits: {a: b}\n"]
)
def test_a_file_that_is_no_catalogue_becomes_problems(text: str) -> None:
    found, problems = read_catalogue(text, "x.yaml")
    assert found is None
    assert all(problem.remedy for problem in problems)


CONTACTS = """
catalogue: 1
name: 某市派单目录
version: "1"
city: 某市
units: [水务局, 供电局]
duties:
  - {units: [水务局], events: [停水]}
  - {units: [供电局], events: [停电]}
contacts:
"""
WHOLE = "{leader: 张三 0931-1, business: 李四 0931-2, handler: 王五 0931-3}"


@pytest.mark.requirement("Y-11", "D-45")
@pytest.mark.parametrize(
    ("contacts", "said"),
    [
        (f"  水务局: {WHOLE}\n", "“供电局”没有分管负责人、业务负责人、经办人"),
        (f"  水务局: {WHOLE}\n  供电局: {{leader: 甲, business: 乙}}\n", "“供电局”没有经办人"),
        (f"  水务局: {WHOLE}\n  供电局: {WHOLE}\n  环保局: {WHOLE}\n", "“环保局”不在单位清单里"),
        ("  - 张三\n", "应按单位写"),
    ],
)
def test_a_unit_without_its_three_contacts_is_refused_at_its_place(contacts: str, said: str) -> None:
    found, problems = read_catalogue(CONTACTS + contacts, "目录.yaml")
    assert found is None
    hits = [problem for problem in problems if said in problem.what]
    assert len(hits) == 1, [str(problem) for problem in problems]
    assert hits[0].place.line >= 6


def test_contacts_written_in_full_are_kept_by_unit() -> None:
    found, problems = read_catalogue(CONTACTS + f"  水务局: {WHOLE}\n  供电局: {WHOLE}\n", "目录.yaml")
    assert found is not None, [str(problem) for problem in problems]
    assert found.contacts["供电局"].handler == "王五 0931-3"
    assert not problems
