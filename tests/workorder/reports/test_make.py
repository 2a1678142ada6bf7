"""Reports from counts: formulas, changes, what everybody may see; templates refused with words."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workorder.reports
from tests.workorder.life.packs import BEGUN
from workorder.reports.figures import Figure, read_figures
from workorder.reports.grid import Grid, Kind
from workorder.reports.make import OTHER, TOTAL, Occasion, is_small, make_report, merged
from workorder.reports.moments import Moment, What
from workorder.reports.periods import before, last_whole
from workorder.reports.report import Numbers, Report, Words, from_plain, to_plain
from workorder.reports.tally import Tally
from workorder.reports.template import Template, read_template

FOLDER = Path(workorder.reports.__file__).parent
FIGURES, _ = read_figures((FOLDER / "figures.yaml").read_bytes(), "figures.yaml")
DAYS = (date(2026, 11, 16), date(2026, 11, 22))


def template(name: str) -> Template:
    file = FOLDER / "templates" / f"{name}.yaml"
    found, problems = read_template(file.read_bytes(), file.name, name, FIGURES)
    assert found is not None, problems
    return found


def tally(of: Template, *moments: Moment) -> Tally:
    made = Tally(of.cuts)
    made.add(moments)
    return made


def report(name: str, *moments: Moment, earlier: tuple[Moment, ...] = ()) -> Report:
    of = template(name)
    return make_report(of, FIGURES, tally(of, *moments), tally(of, *earlier), Occasion("兰州", *DAYS))


def opened(count: int, **dimensions: str) -> list[Moment]:
    return [Moment(What.OPENED, BEGUN, **dimensions)] * count


@pytest.mark.parametrize("name", sorted(file.stem for file in (FOLDER / "templates").glob("*.yaml")))
def test_every_report_that_ships_renders_and_of_nothing_it_says_so(name: str) -> None:
    empty = report(name)
    assert empty.is_empty
    assert isinstance(empty.parts[0], Words)
    assert "没有登记工单" in empty.parts[0].text
    full = report(name, *opened(9, unit="水务局", area="安宁区", type="求助", topic="供水"))
    assert not full.is_empty
    assert from_plain(to_plain(full)) == full
    assert full.digest != empty.digest


def test_every_figure_says_its_formula_and_its_source_and_a_rate_of_nothing_is_none() -> None:
    assert {"within_15s_rate", "answer_rate", "on_time_rate", "first_contact_rate", "satisfaction_rate"} <= set(FIGURES)
    assert "repeat_rate" in FIGURES
    for figure in FIGURES.values():
        assert figure.formula
        assert figure.clause
        assert figure.value(Counter()) == (None if figure.whole else 0)
    assert "不算" in FIGURES["satisfaction_rate"].excluded


def test_a_figure_stands_beside_what_it_was_before() -> None:
    made = report("weekly", *opened(15), earlier=tuple(opened(12)))
    numbers = next(each for each in made.parts if isinstance(each, Numbers))
    mine = next(each for each in numbers.rows if each.title == "受理工单")
    assert (mine.value, mine.before, mine.change) == (15, 12, "+3，+25.0%")
    assert any("15 件（比上期 +3，+25.0%）" in each.text for each in made.parts if isinstance(each, Words))


def test_every_day_of_the_period_stands_in_the_table_of_days() -> None:
    made = report("weekly", *opened(2))
    days = next(each for each in made.parts if isinstance(each, Grid) and each.columns[0].name == "day")
    assert [row[0] for row in days.rows] == [f"2026-11-{day}" for day in range(16, 23)] + [TOTAL]


GROUPS = st.dictionaries(
    st.sampled_from(["甲", "乙", "丙", "丁", "戊", ""]),
    st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12)),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(GROUPS)
def test_no_public_report_tells_of_fewer_people_than_it_may(groups: dict[str, tuple[int, int, int]]) -> None:
    moments = [
        Moment(what, BEGUN, unit=unit, area=unit, type=unit, topic=unit)
        for unit, counts in groups.items()
        for what, count in zip((What.OPENED, What.SATISFIED, What.DISSATISFIED), counts, strict=True)
        for _ in range(count)
    ]
    made = report("public", *moments)
    least = template("public").least
    for part in made.parts:
        if not isinstance(part, Grid):
            continue
        for nth, column in enumerate(part.columns):
            cells = [row[nth] for row in part.rows if row[0] != TOTAL]
            if column.kind is Kind.COUNT:
                assert all(cell is None or not 0 < int(cell) < least for cell in cells), part.title
                hidden = sum(cell is None for cell in cells)
                others = [cell for cell in cells if cell]
                assert hidden != 1 or not others, "one alone is told by the total"
            if column.name == "satisfaction_rate":
                for row in part.rows:
                    told = [c for unit, c in groups.items() if (unit or "（未填）") == row[0]]
                    if told and row[nth] is not None:
                        _, good, bad = told[0]
                        assert not 0 < good < least
                        assert not 0 < bad < least


@given(st.dictionaries(st.text("甲乙丙丁", max_size=2), st.integers(0, 30), max_size=8), st.integers(1, 9))
def test_small_groups_are_put_together_and_nobody_is_lost(counts: dict[str, int], least: int) -> None:
    found = {key: Counter({What.OPENED: count}) for key, count in counts.items()}
    together = merged(found, least)
    assert sum(each[What.OPENED] for each in together.values()) == sum(counts.values())
    small = [key for key, each in together.items() if each[What.OPENED] < least]
    assert not small or set(together) == {OTHER}


def test_what_tells_of_few_is_small_and_of_nobody_is_not() -> None:
    rate = FIGURES["satisfaction_rate"]
    for good, bad in product(range(8), repeat=2):
        counts = Counter({What.SATISFIED: good, What.DISSATISFIED: bad})
        assert is_small(rate, counts, 5) == (good in range(1, 5) or bad in range(1, 5))
        assert not is_small(rate, counts, 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("report: 1\ntitle: 甲\nperiod: week\nclause: X\nsections: []\n", "至少一节"),
        ("report: 1\ntitle: 甲\nperiod: year\nclause: X\nsections:\n - {title: 乙, text: 丙}\n", "period"),
        ("report: 1\ntitle: 甲\nperiod: week\nclause: X\nsections:\n - {title: 乙, text: '{openned}'}\n", "opened"),
        (
            "report: 1\ntitle: 甲\nperiod: week\nclause: X\nsections:\n - {title: 乙, by: uni, figures: [opened]}\n",
            "unit",
        ),
        (
            "report: 1\ntitle: 甲\nperiod: week\nclause: X\naudience: public\n"
            "sections:\n - {title: 乙, rows: area, columns: type}\n",
            "公开",
        ),
    ],
)
def test_a_template_with_a_mistake_is_refused_with_words_that_say_what_to_do(text: str, words: str) -> None:
    found, problems = read_template(text, "own.yaml", "own", FIGURES)
    assert found is None
    assert any(words in str(each) and "own.yaml" in str(each) for each in problems)


def test_a_city_writes_a_figure_of_its_own_without_a_program() -> None:
    text = (
        "figures: 1\nlist:\n  return_rate: {title: 退单率, part: [returned], whole: [dispatched], "
        "formula: 退单 ÷ 派单, clause: 本市}\n"
    )
    found, problems = read_figures(text, "figures.yaml")
    assert not problems
    assert isinstance(found["return_rate"], Figure)
    assert found["return_rate"].value(Counter({What.RETURNED: 1, What.DISPATCHED: 4})) == 0.25
    _, problems = read_figures(text.replace("returned", "retruned"), "figures.yaml")
    assert "returned" in str(problems[0])


def test_periods_are_whole_and_the_one_before_ends_where_they_begin() -> None:
    sunday = date(2026, 11, 22)
    assert last_whole("week", sunday) == (date(2026, 11, 9), date(2026, 11, 15))
    assert last_whole("month", date(2026, 1, 31)) == (date(2025, 12, 1), date(2025, 12, 31))
    assert last_whole("quarter", date(2026, 2, 1)) == (date(2025, 10, 1), date(2025, 12, 31))
    assert last_whole("day", sunday) == (sunday, sunday)
    assert before(date(2026, 3, 1), date(2026, 3, 31)) == (date(2026, 2, 1), date(2026, 2, 28))
    assert before(date(2026, 1, 1), date(2026, 3, 31)) == (date(2025, 10, 1), date(2025, 12, 31))
    assert before(*DAYS) == (date(2026, 11, 9), date(2026, 11, 15))
    assert before(sunday, sunday) == (date(2026, 11, 21), date(2026, 11, 21))
