"""The units' assessment: every unit a row, marks only from what was there to judge, a year from its months."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.server.files.city_packs import SHIPPED_CITIES, load_city
from workorder.assessment.counts import UnitCounts
from workorder.assessment.scheme import Measure, Scheme, scheme_of, score_of
from workorder.assessment.snapshot import digest_of, published_from, rank_year, read_snapshot, take_month
from workorder.cities.pack import Named

CITIES = ("lanzhou", "jinan", "yangling", "suqian", "digital_city")
COUNTS = st.builds(
    lambda replied, late, reviewed, failed, rated, bad: UnitCounts(
        replied,
        replied - min(late, replied),
        reviewed,
        reviewed - min(failed, reviewed),
        rated,
        rated - min(bad, rated),
    ),
    *([st.integers(0, 200)] * 6),
)
MARKS = st.decimals(0, 100, places=1)


@cache
def scheme(city: str) -> Scheme:
    found = scheme_of(load_city(city))
    assert isinstance(found, Scheme), found
    return found


@pytest.mark.parametrize("city", CITIES)
def test_every_city_has_a_scheme_whose_weights_make_a_hundred(city: str) -> None:
    here = scheme(city)
    assert sum(each.weight for each in here.dimensions) == 100
    assert any(each.measure for each in here.dimensions), "something is counted, not only marked"
    assert here.grade_of(Decimal(100)) == here.grades[0][0]
    assert here.grade_of(Decimal(0)) == here.grades[-1][0]


@given(
    st.dictionaries(st.sampled_from(["水务局", "交通局", "公安局"]), COUNTS, min_size=1), st.sampled_from(CITIES), MARKS
)
def test_a_kept_month_is_read_back_and_reckoned_again_to_the_same_points(
    counts: dict[str, UnitCounts], city: str, mark: Decimal
) -> None:
    here = scheme(city)
    by_hand = {unit: {each.name: mark for each in here.dimensions if each.measure is None} for unit in counts}
    taken = take_month(here, "2026-10", counts, by_hand)
    again = read_snapshot(taken.to_plain())
    assert digest_of(again.to_plain()) == digest_of(taken.to_plain())
    for row in again.rows:
        assert row.score == score_of(here, row.marks)
        assert row.score is None or 0 <= row.score <= 100
        judged = [value for value in row.marks.values() if value is not None]
        assert row.score is None or min(judged) <= row.score <= max(judged)


def test_what_was_not_there_to_judge_neither_helps_nor_harms() -> None:
    here = scheme("lanzhou")
    busy, idle = UnitCounts(10, 9, 5, 5, 4, 4), UnitCounts()
    taken = {row.unit: row for row in take_month(here, "2026-10", {"水务局": busy, "民政局": idle}, {}).rows}
    assert taken["民政局"].score is None
    assert taken["水务局"].marks["办件办理情况"] == Decimal("90.00")
    assert taken["水务局"].marks["体制机制建设"] is None
    assert taken["水务局"].score == Decimal("94.55"), "30 of 90 and 25 of 100, by their weights"


def test_equal_scores_share_a_place_and_units_without_a_score_stand_last() -> None:
    here = scheme("jinan")
    good, poor = UnitCounts(10, 10, 10, 10, 10, 10), UnitCounts(10, 2, 10, 2, 10, 2)
    month = take_month(here, "2026-01", {"甲": good, "乙": good, "丙": poor, "丁": UnitCounts()}, {})
    ranked = rank_year(here, [month, replace(month, month="2026-02")])
    assert [(row.place, row.unit, row.months) for row in ranked] == [
        (1, "乙", 2),
        (1, "甲", 2),
        (3, "丙", 2),
        (0, "丁", 0),
    ]
    assert ranked[2].grade == "不合格"


def test_a_month_is_published_from_the_first_of_the_next() -> None:
    assert published_from("2026-10") == date(2026, 11, 1)
    assert published_from("2026-12") == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("assessment_measures", ("没有这一项：in_time",)),
        ("assessment_measures", ("市民满意度：luck",)),
        ("grade_cuts", ("60", "90")),
    ],
)
def test_a_scheme_that_does_not_fit_together_is_refused_in_words(name: str, items: tuple[str, ...]) -> None:
    pack = load_city("lanzhou")
    refused = scheme_of(replace(pack, lists={**pack.lists, name: Named(items, "silent")}))
    assert not isinstance(refused, Scheme)
    assert "改法" in str(refused)


def test_cities_shipped_are_the_five() -> None:
    assert {file.stem for file in SHIPPED_CITIES.glob("*.yaml")} == set(CITIES)
    assert set(Measure) == {"in_time", "quality", "satisfaction", "workload", "connection"}
