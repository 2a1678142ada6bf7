"""Surveys draw without bias and can be drawn again; dial tests are scored by facts; plans tell all their mistakes."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder.campaign_plan import read_plan, strange_numbers
from workorder.campaigns import (
    DialPlan,
    Member,
    Outcome,
    Reachable,
    SurveyPlan,
    answered,
    drawn,
    tally,
)
from workorder.dial_tests import CallFacts, dial_tally, scored
from workorder.life.refusal import Refusal
from workorder.order import OrderNumber

SURVEY = """\
campaign: 1
kind: survey
title: 物业服务满意度
client: 住房和城乡建设局
script:
  opening: 您好，这里是12345热线，受住房和城乡建设局委托，想请教您两个问题。
  questions:
    - {name: overall, ask: 您对物业服务满意吗？, choices: [满意, 基本满意, 不满意]}
    - {name: wish, ask: 您还有什么建议？}
sample: {since: 2026-11-01, until: 2026-11-22, size: 3, seed: fixed}
"""
DIAL = """\
campaign: 1
kind: dial_test
title: 政务服务效能拨测
client: 市政务服务局
within_seconds: 15
score: {connected: 20, person: 40, in_time: 30, heard: 10}
calls:
  - {name: 总机, to: "12345", say: 您好, hears: [您好, 很高兴为您服务], times: 2}
  - {name: 按零, to: "12345", keys: "0"}
"""


def survey(text: str = SURVEY) -> SurveyPlan:
    plan, problems = read_plan(text, "plan.yaml")
    assert isinstance(plan, SurveyPlan), problems
    return plan


def dial_test() -> DialPlan:
    plan, problems = read_plan(DIAL, "plan.yaml")
    assert isinstance(plan, DialPlan), problems
    return plan


PEOPLE = [Reachable(OrderNumber(f"WO20261101-{nth:06d}"), f"1390000{nth % 40:04d}") for nth in range(60)]


@given(st.permutations(PEOPLE), st.integers(0, 70), st.text(max_size=8))
def test_the_same_seed_draws_the_same_sample_whatever_order_the_rows_come_in(
    shuffled: list[Reachable], size: int, seed: str
) -> None:
    sample = drawn(shuffled, size, seed)
    assert sample == drawn(PEOPLE, size, seed)
    phones = [each.phone for number in sample for each in PEOPLE if each.number == number]
    assert len(sample) == len(set(phones)) == min(size, 40), "each citizen once"
    assert drawn(PEOPLE, max(0, size - 1), seed) == sample[: max(0, size - 1)]


def test_every_citizen_has_the_same_chance_however_many_orders_they_have() -> None:
    phone_of = {each.number: each.phone for each in PEOPLE}
    counts = Counter(phone_of[number] for seed in range(800) for number in drawn(PEOPLE, 10, str(seed)))
    twice = [counts[f"1390000{nth:04d}"] for nth in range(20)]
    once = [counts[f"1390000{nth:04d}"] for nth in range(20, 40)]
    assert all(abs(count - 200) < 60 for count in counts.values()), "800 draws of a quarter: 200 each, give or take"
    assert abs(sum(twice) - sum(once)) < 300, "who has two orders is not drawn more often"


def test_answers_fit_the_script_and_a_citizen_is_asked_once() -> None:
    plan, member = survey(), Member(1, "WO20261101-000001")
    good = {"overall": "满意", "wish": "路灯亮一点"}
    assert answered(plan, member, Outcome.ANSWERED, good) == good
    assert answered(plan, member, Outcome.NO_ANSWER, {}) == {}
    for outcome, answers in (
        (Outcome.ANSWERED, {"overall": "很好"}),
        (Outcome.ANSWERED, {"overall": "满意", "age": "40"}),
        (Outcome.ANSWERED, {"wish": "没有"}),
        (Outcome.ANSWERED, {"overall": "满意", "wish": "长" * 501}),
        (Outcome.REFUSED, good),
        (Outcome.SCORED, {}),
    ):
        assert isinstance(answered(plan, member, outcome, answers), Refusal), (outcome, answers)
    assert isinstance(answered(plan, Member(1, "x", Outcome.REFUSED), Outcome.ANSWERED, good), Refusal)
    assert answered(plan, Member(1, "x", Outcome.NO_ANSWER), Outcome.ANSWERED, good) == good, "tried again"


def test_a_survey_is_counted_with_its_response_rate() -> None:
    done = [
        Member(1, "a", Outcome.ANSWERED, {"overall": "满意"}),
        Member(2, "b", Outcome.ANSWERED, {"overall": "不满意"}),
        Member(3, "c", Outcome.NO_ANSWER),
        Member(4, "d"),
    ]
    found = tally(survey(), done)
    assert found.choices == {"overall": {"满意": 1, "基本满意": 0, "不满意": 1}}
    assert found.response_rate == 0.5
    assert tally(survey(), []).response_rate is None


@pytest.mark.parametrize(
    ("facts", "points"),
    [
        (CallFacts("a", True, 9.0, "您好 很高兴 为您服务"), 100),
        (CallFacts("a", True, 15.0, "您好"), 90),
        (CallFacts("a", True, 15.1, "您好很高兴为您服务"), 70),
        (CallFacts("a", True, None), 20),
        (CallFacts(), 0),
    ],
)
def test_a_call_is_scored_by_its_facts(facts: CallFacts, points: int) -> None:
    plan = dial_test()
    assert scored(plan, plan.calls[0], facts).points == points


def test_what_the_plan_does_not_ask_of_a_call_shares_its_weight_out() -> None:
    plan = dial_test()
    assert [each.name for each in plan.calls] == ["总机", "总机", "按零"]
    found = scored(plan, plan.calls[2], CallFacts("a", True, 20.0))
    assert (found.points, found.met["heard"]) == (67, None)
    made = [Member(1, "x", Outcome.SCORED, {"points": 67, "met": dict(found.met)}), Member(2, "x", Outcome.FAILED)]
    tallied = dial_tally([*made, Member(3, "x")])
    assert (tallied.members, tallied.made, tallied.points, tallied.met["person"]) == (3, 2, 33.5, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SURVEY.replace("kind: survey", "kind: quiz"), "“kind”不能是“quiz”"),
        (SURVEY.replace("client: 住房和城乡建设局\n", ""), "缺少“client”"),
        (SURVEY.replace("until: 2026-11-22", "until: 2026-10-22"), "在开始日期之前"),
        (SURVEY.replace("since: 2026-11-01", "since: 十一月"), "不是日期"),
        (SURVEY.replace("since: 2026-11-01", "since: 2020-11-01"), "超过 366 天"),
        (SURVEY.replace("size: 3", "size: 0"), "size"),
        (SURVEY.replace("name: wish", "name: overall"), "写了两次"),
        (SURVEY.replace("name: wish", "name: 建议"), "不对"),
        (SURVEY.replace("[满意, 基本满意, 不满意]", "[满意, 满意]"), "选项重复"),
        (SURVEY.replace("ask: 您还有什么建议？", "asks: 您还有什么建议？"), "缺少“ask”"),
        (DIAL.replace("heard: 10", "heard: 20"), "分值合计 110"),
        (DIAL.replace("times: 2", "times: 200"), "一共 201 通"),
        (DIAL.replace('keys: "0"', 'keys: "zero"'), "按键“zero”不对"),
        (DIAL.replace('to: "12345", keys', 'to: "外线", keys'), "被叫号码"),
    ],
)
def test_a_mistake_in_a_plan_is_told_with_its_remedy(text: str, words: str) -> None:
    plan, problems = read_plan(text, "plan.yaml")
    assert plan is None
    assert any(words in str(each) and "改法" in str(each) for each in problems), [str(each) for each in problems]


def test_a_dial_test_rings_nobody_but_the_hotline() -> None:
    assert strange_numbers(dial_test(), ["12345"], "plan.yaml") == ()
    (problem,) = strange_numbers(dial_test(), ["12319"], "plan.yaml")
    assert "不是本热线的号码" in str(problem)
