"""The gazetteer: the city's own names are found, written in standard form, and say the street."""

from __future__ import annotations

from importlib.resources import files

import pytest

from ivr.call import CallId, Leg
from ivr.speech.transcript import Turn
from routing.adapters.aho_matcher import AhoMatcher
from routing.adapters.packaged_lexicon import load_classifier
from workorder.dispatch_file import read_catalogue
from workorder.draft import FieldName
from workorder.gazetteer import Gazetteer, read_gazetteer
from workorder.prefill import Prefill

_FILE = """gazetteer: 1
city: 某市
district: 东区
streets:
  西园街道: [上西园, 山字石, 人民公园=公园大门/老公园]
  秀川街道: [张家台社区=张家台]
shared: [中心路]
"""


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    gazetteer, problems = read_gazetteer(_FILE, "地名.yaml", AhoMatcher)
    assert gazetteer is not None, problems
    return gazetteer


@pytest.mark.parametrize(
    ("said", "standard", "street"),
    [
        ("老公园对面", "东区西园街道人民公园对面", "西园街道"),
        ("张家台楼下", "东区秀川街道张家台社区楼下", "秀川街道"),
        ("张家台社区楼下", "东区秀川街道张家台社区楼下", "秀川街道"),
        ("中心路3号", "东区中心路3号", ""),
        ("中心路上西园口", "东区西园街道中心路上西园口", "西园街道"),
        ("上西园到张家台", "东区上西园到张家台社区", ""),
        ("月亮街3号", "", ""),
        ("", "", ""),
    ],
)
def test_a_place_is_written_in_the_citys_own_names(gazetteer: Gazetteer, said: str, standard: str, street: str) -> None:
    assert (gazetteer.standard(said), gazetteer.street_of(said)) == (standard, street)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("city: 某市\nstreets:\n  西园街道: [上西园]\n", "gazetteer: 1"),
        ("gazetteer: 1\ncity: 某市\n", "没有街道"),
        ("gazetteer: 1\nstreets:\n  西园街道: 上西园\n", "列表"),
        ("gazetteer: 1\nstreets:\n  西园街道: [一]\n", "不能作地名"),
        ("gazetteer: 1\nstreets:\n  西园街道: ['<script>']\n", "不能作地名"),
        ("gazetteer: 1\nstreets:\n  西园街道: [上西园]\n  秀川街道: [上西园]\n", "写了两次"),
        ("gazetteer: 1\nstreets:\n  西园街道: [上西园]\nstreet: []\n", "没有“street”这一项"),
        ("", "空"),
    ],
)
def test_a_faulty_gazetteer_becomes_problems_with_remedies(text: str, said: str) -> None:
    gazetteer, problems = read_gazetteer(text, "地名.yaml")
    assert gazetteer is None
    assert any(said in str(problem) for problem in problems), problems
    assert all(problem.what and problem.remedy for problem in problems)


def test_a_matter_of_the_streets_goes_to_the_street_the_place_lies_in(gazetteer: Gazetteer) -> None:
    text = (files("workorder") / "catalogue" / "digital_city.yaml").read_text(encoding="utf-8")
    catalogue, _ = read_catalogue(text, "digital_city.yaml")
    turns = [Turn(Leg.CALLER, "张家台社区楼院里有人把杂物堆在楼道", (), 0.0, 5.0)]
    named = Prefill(load_classifier(), catalogue, gazetteer).draft(CallId("c-1"), turns)
    assert named.value(FieldName.UNIT) == "秀川街道"
    assert named[FieldName.UNIT].question == ""
    assert named.value(FieldName.PLACE_STANDARD).startswith("东区秀川街道张家台社区")
    assert named[FieldName.PLACE_STANDARD].evidence == named[FieldName.PLACE].evidence
    unknown = Prefill(load_classifier(), catalogue).draft(CallId("c-1"), turns)
    assert unknown[FieldName.UNIT].question
    assert unknown.value(FieldName.PLACE_STANDARD) == ""


def test_a_name_without_suffix_is_a_place_once_the_gazetteer_has_it(gazetteer: Gazetteer) -> None:
    turns = [Turn(Leg.CALLER, "山字石有线电视没信号", (), 0.0, 5.0)]
    place = Prefill(load_classifier(), None, gazetteer).draft(CallId("c-1"), turns)[FieldName.PLACE]
    assert (place.value, place.source) == ("山字石", "place.gazetteer")


def test_the_shipped_gazetteer_is_sound_and_knows_the_streets_of_the_catalogue() -> None:
    folder = files("workorder") / "catalogue"
    shipped, problems = read_gazetteer((folder / "places_lanzhou.yaml").read_text(encoding="utf-8"), "places.yaml")
    assert shipped is not None
    assert problems == ()
    catalogue, _ = read_catalogue((folder / "digital_city.yaml").read_text(encoding="utf-8"), "c.yaml")
    assert catalogue is not None
    assert {unit for unit in catalogue.units if unit.endswith("街道")} <= set(shipped.ways)
