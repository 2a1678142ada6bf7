"""A danger is raised once, as early as it is sure, and taken back when the final words do not hold it up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.call import CallId, Leg
from ivr.ports import Heard, HeardWord
from routing.adapters.emergency_words import load_spotter
from routing.emergency.kinds import Kind
from routing.emergency.watch import Alarm, Noticed, Watch, Withdrawn, hear

CALL = CallId("hl-1.1")
SPOTTER = load_spotter()


def heard(text: str, is_final: bool = False, at: float = 1.0, leg: Leg = Leg.CALLER) -> Heard:
    words = tuple(HeardWord(each, at + 0.2 * n, at + 0.2 * n + 0.2, 1.0) for n, each in enumerate(text))
    return Heard(CALL, leg, text, is_final, at, at + 0.2 * len(text), words)


def listen(*results: Heard) -> list[Noticed]:
    watch = Watch()
    noticed: list[Noticed] = []
    for result in results:
        watch, new = hear(watch, result, SPOTTER)
        noticed.extend(new)
    return noticed


def test_growing_words_raise_one_alarm_before_they_end() -> None:
    said = "喂你好我家厨房着火了火很大快来人"
    partials = [heard(said[:size]) for size in range(2, len(said))]
    noticed = listen(*partials, heard(said, is_final=True))
    assert [type(each) for each in noticed] == [Alarm]
    alarm = noticed[0]
    assert isinstance(alarm, Alarm)
    assert alarm.finding.kind is Kind.FIRE
    assert not alarm.is_final


def test_the_alarm_tells_the_seconds_of_its_words() -> None:
    (alarm,) = listen(heard("你好我家着火了", is_final=True, at=10.0))
    assert isinstance(alarm, Alarm)
    assert 10.2 <= alarm.begun_s < alarm.ended_s <= 11.4


def test_an_alarm_of_a_partial_is_withdrawn_when_the_final_tells_otherwise() -> None:
    noticed = listen(heard("我家着火了"), heard("我家着火了"), heard("我家招牌太亮了", is_final=True))
    assert [type(each) for each in noticed] == [Alarm, Withdrawn]


def test_a_danger_told_in_two_breaths_is_understood() -> None:
    noticed = listen(heard("有个老人倒在", is_final=True), heard("地上叫不醒了", is_final=True, at=3.0))
    assert len(noticed) == 1


def test_an_ordinary_complaint_just_before_does_not_hide_a_fire() -> None:
    complaint = "路口有一个雨水井盖坏了已经三天了晚上走路很危险"
    (alarm,) = listen(heard(complaint, is_final=True), heard("我家着火了快来人啊", is_final=True, at=7.0))
    assert isinstance(alarm, Alarm)
    assert alarm.finding.kind is Kind.FIRE
    assert 7.0 <= alarm.begun_s < alarm.ended_s


def test_the_same_danger_again_is_not_raised_again_but_another_kind_is() -> None:
    noticed = listen(
        heard("我家着火了", is_final=True),
        heard("火越来越大了", is_final=True, at=5.0),
        heard("有人拿刀抢劫", is_final=True, at=60.0),
    )
    kinds = [each.finding.kind for each in noticed if isinstance(each, Alarm)]
    assert kinds == [Kind.FIRE, Kind.POLICE]


def test_what_the_agent_says_raises_nothing() -> None:
    assert listen(heard("您是说家里着火了吗", is_final=True, leg=Leg.AGENT)) == []


@given(
    st.lists(st.tuples(st.sampled_from(["我家着火了", "着火", "你好", "投诉物业", "快来人着火了", ""]), st.booleans()))
)
@settings(max_examples=200, deadline=None)
def test_however_results_are_revised_no_kind_is_raised_twice_while_it_stands(results: list[tuple[str, bool]]) -> None:
    standing: set[Kind] = set()
    watch = Watch()
    for number, (text, is_final) in enumerate(results):
        watch, noticed = hear(watch, heard(text, is_final, float(number)), SPOTTER)
        for each in noticed:
            if isinstance(each, Withdrawn):
                standing.discard(each.kind)
            elif not each.is_upgrade:
                assert each.finding.kind not in standing
                standing.add(each.finding.kind)
