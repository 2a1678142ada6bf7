"""A city's policy is data: it says what is done, by which clause, and a wrong file says what is wrong."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import AuthorError
from routing.adapters.emergency_policies import SHIPPED, load_city
from routing.emergency.kinds import Confidence, Kind
from routing.emergency.policy import Mode, Source, Start, decide, start_of
from routing.emergency.policy_file import load_policy

SURE, UNSURE = Confidence.CONFIRMED, Confidence.SUSPECTED


@pytest.mark.parametrize("city", SHIPPED)
def test_every_shipped_city_knows_what_to_do_for_every_kind(city: str) -> None:
    policy = load_city(city)
    for kind, source, sure in product(Kind, Source, Confidence):
        plan = decide(policy, kind, source, sure)
        assert plan.targets
        assert plan.clause


@pytest.mark.parametrize("city", SHIPPED)
def test_a_click_always_goes(city: str) -> None:
    for kind, sure in product(Kind, Confidence):
        assert start_of(load_city(city), kind, Source.CLICK, sure) is Start.GO


def test_by_default_sure_words_go_in_flow_and_queue_and_are_suggested_in_a_talk() -> None:
    policy = load_city()
    assert start_of(policy, Kind.FIRE, Source.WORDS_IN_FLOW, SURE) is Start.GO
    assert start_of(policy, Kind.FIRE, Source.WORDS_IN_QUEUE, SURE) is Start.GO
    assert start_of(policy, Kind.FIRE, Source.WORDS_IN_QUEUE, UNSURE) is Start.SUGGEST
    assert start_of(policy, Kind.FIRE, Source.WORDS_IN_TALK, SURE) is Start.SUGGEST


def test_yangling_tells_the_duty_unit_and_110_at_the_same_time() -> None:
    plan = decide(load_city("yangling"), Kind.FIRE, Source.CLICK, SURE, said="家里天然气漏了")
    assert plan.mode is Mode.PARALLEL_NOTIFY
    assert [target.name for target in plan.notify] == ["utility"]
    assert "police" in [target.name for target in plan.targets]
    assert load_city("yangling").from_110_priority == 90


def test_suqian_adds_water_rescue() -> None:
    plan = decide(load_city("suqian"), Kind.FIRE, Source.WORDS_IN_TALK, SURE, said="有人掉河里了")
    assert plan.main.title == "水上救援"
    assert decide(load_city("suqian"), Kind.FIRE, Source.CLICK, SURE, said="楼上着火").main.name == "fire"


def test_lanzhou_transfers() -> None:
    assert decide(load_city("lanzhou"), Kind.MEDICAL, Source.CLICK, SURE).mode is Mode.TRANSFER


TEXT = (Path(__file__).parents[3] / "routing/emergency/policies/default.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("targets: [police]", "targets: [polic]", "没有名为“polic”"),
        ("mode: three_way", "mode: fourway", "不能是"),
        ('numbers: ["119"]', 'numbers: ["abc"]', "不是电话号码"),
        ('numbers: ["119"]', 'numbers: ["119", "119"]', "写了两次"),
        ("  key:", "  kee:", "没有“kee”"),
        ("  key:", "  click:", "总是立即执行"),
        ('kind: "122"', 'kind: "110"', "没有 122 的一般规则"),
        ("mode: three_way", "mode: parallel_notify", "通知谁"),
        ("mode: three_way", "mode: guide", "要说的话"),
        ('火灾: "119"', '火灾: "911"', "不能是“911”"),
    ],
)
def test_a_wrong_policy_says_what_is_wrong(old: str, new: str, told: str) -> None:
    assert old in TEXT
    policy, problems = load_policy(TEXT.replace(old, new, 1), "own.yaml")
    assert policy is None
    assert any(told in problem.what for problem in problems), problems


@given(st.text(max_size=200))
def test_no_text_breaks_the_loader(text: str) -> None:
    policy, problems = load_policy(text, "own.yaml")
    assert policy is not None or problems


def test_an_unknown_city_is_an_authors_error(tmp_path: Path) -> None:
    with pytest.raises(AuthorError, match="没有这个"):
        load_city("atlantis")
    own = tmp_path / "own.yaml"
    own.write_text(TEXT, encoding="utf-8")
    assert load_city(own).name == "默认"


@pytest.mark.parametrize("city", SHIPPED)
def test_every_shipped_city_says_which_categories_are_emergencies(city: str) -> None:
    policy = load_city(city)
    assert policy.kind_of("火灾") is Kind.FIRE
    assert policy.kind_of("公共安全/其他/走失") is Kind.POLICE
    assert policy.kind_of("环境卫生") is None
