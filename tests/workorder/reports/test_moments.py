"""What is counted of an order: the same moments whenever its events are read, each where it belongs."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from ivr.call import CallId, PhoneNumber
from tests.workorder.life.packs import AGENT, BEGUN, CENTRE, HOST, ROADS, WATER, Life, unit
from workorder.assessment.counts import count_month
from workorder.call_record import CallRecord
from workorder.clock.due import Limit, TimeUnit
from workorder.life import actions as a
from workorder.life.codec import to_plain
from workorder.reports.moments import (
    Content,
    Moment,
    What,
    area_of,
    moments_of_call,
    moments_of_order,
    step_of,
    times_of,
)
from workorder.reports.tally import Tally

FAR = BEGUN + timedelta(days=400)
HERE = Content("安宁区银滩路9号", "银滩路", "城乡建设/供水", "求助", "停水")


def moments(life: Life, begin: datetime = BEGUN, end: datetime = FAR) -> list[Moment]:
    steps = [step_of(to_plain(event)) for event in life.history]  # type: ignore[arg-type]
    return list(moments_of_order(steps, HERE, begin, end))


def counted(life: Life, begin: datetime = BEGUN, end: datetime = FAR) -> Counter[str]:
    return Counter(each.what.value for each in moments(life, begin, end))


def closed(satisfaction: str, **late: float) -> Life:
    life = Life("lanzhou").with_unit().go_on(**late)
    life.does(unit(), a.Reply("已修好。")).does(CENTRE, a.TellCitizen("电话", "当面", "已修好。"))
    last = a.Rectify("没有修好") if satisfaction == "dissatisfied" else a.Close(satisfaction)
    return life.does(CENTRE, a.CallPerson(), last)


@pytest.mark.parametrize(
    ("satisfaction", "rated"), [("satisfied", 1), ("dissatisfied", 1), ("no_answer", 0), ("not_asked", 0)]
)
def test_only_who_answered_is_rated_and_the_rest_is_counted_apart(satisfaction: str, rated: int) -> None:
    found = counted(closed(satisfaction))
    assert found["satisfied"] + found["dissatisfied"] == rated
    assert found[satisfaction] == 1


def test_a_reply_after_the_limit_is_late_and_counts_as_the_assessment_counts_it() -> None:
    for life, late in ((closed("satisfied"), 0), (closed("satisfied", days=40), 1)):
        found = counted(life)
        assert (found["replied_in_time"], found["replied_late"]) == (1 - late, late)
        month = f"{life.at:%Y-%m}"
        assert count_month([life.history], month)[WATER].in_time == 1 - late


def test_of_the_citizens_answers_the_first_counts_and_belongs_to_who_replied() -> None:
    life = closed("dissatisfied").does(unit(), a.Reply("又修了一次。"))
    life.does(CENTRE, a.TellCitizen("电话", "当面", "已修好。"), a.CallPerson(), a.Close("satisfied"))
    answers = [each for each in moments(life) if each.what in (What.SATISFIED, What.DISSATISFIED)]
    assert [(each.what, each.unit) for each in answers] == [(What.DISSATISFIED, WATER)]


def test_nothing_after_the_last_day_is_looked_at_and_before_the_first_nothing_is_counted() -> None:
    life = Life("lanzhou").with_unit()
    end = life.at + timedelta(hours=1)
    before = moments(life, end=end)
    life.go_on(hours=2).does(unit(), a.Reply("已修好。"))
    assert moments(life, end=end) == before, "what came later changes no earlier report"
    later = counted(life, begin=end)
    assert later["opened"] == 0
    assert later["replied_in_time"] == 1


def test_an_order_that_is_open_at_the_end_counts_as_open_and_past_its_limit_as_overdue() -> None:
    life = Life("lanzhou").with_unit()
    assert counted(life, end=BEGUN + timedelta(days=1))["open"] == 1
    assert counted(life, end=BEGUN + timedelta(days=1))["overdue"] == 0
    assert counted(life, begin=FAR - timedelta(days=1))["overdue"] == 1
    done = closed("satisfied")
    assert counted(done)["open"] == 0


def test_an_order_that_goes_to_a_second_unit_is_of_many_units_once() -> None:
    life = Life("lanzhou").with_unit()
    life.does(unit(), a.RequestReturn("不归我们管", ROADS)).does(CENTRE, a.AcceptReturn()).does(
        AGENT, a.Dispatch(ROADS)
    )
    found = counted(life)
    assert (found["returned"], found["dispatched"], found["many_units"]) == (1, 2, 1)
    assert {each.unit for each in moments(life) if each.what is What.OPENED} == {ROADS}, "whose it is at the end"


def test_what_a_leader_gave_counts_as_from_above() -> None:
    assert counted(Life("lanzhou", is_leader_assigned=True))["from_above"] == 1


def test_urging_and_supervising_are_counted_apart() -> None:
    life = Life("lanzhou").with_unit().does(HOST, a.Urge("请抓紧"), a.Supervise("overdue", "请抓紧"))
    found = counted(life)
    assert (found["urged"], found["supervised"]) == (1, 1)


@pytest.mark.parametrize(
    ("place", "key", "area"),
    [
        ("七里河区西站街道兰州西站", "兰州西站", "七里河区"),
        ("金桂小区3号楼", "金桂小区", "金桂小区"),
        ("榆中县金崖镇", "金崖镇", "榆中县"),
        ("春晓路105号", "春晓路", "春晓路"),
        ("", "", ""),
    ],
)
def test_the_area_is_the_district_that_the_place_names_else_the_street(place: str, key: str, area: str) -> None:
    assert area_of(place, key) == area


def test_a_call_counts_on_the_day_on_which_it_began_to_wait() -> None:
    queued = BEGUN + timedelta(hours=1)
    taken = CallRecord(CallId("a"), PhoneNumber(""), started=queued, queued=queued, answered=queued + timedelta(0, 15))
    slow = CallRecord(CallId("b"), PhoneNumber(""), started=queued, queued=queued, answered=queued + timedelta(0, 16))
    gone = CallRecord(CallId("c"), PhoneNumber(""), started=queued, queued=queued, outcome="abandoned")
    tally = Tally([("hour",), ("unit",)])
    for call in (taken, slow, gone):
        tally.add(moments_of_call(call, BEGUN, FAR))
        assert not list(moments_of_call(call, FAR, FAR + timedelta(days=1)))
    assert tally.whole[What.CALL_OFFERED] == 3
    assert tally.whole[What.CALL_ANSWERED] == 2
    assert tally.whole[What.CALL_WITHIN] == 1
    assert tally.whole[What.CALL_ABANDONED] == 1
    assert tally[("hour",)][("10 时",)][What.CALL_OFFERED] == 3
    assert tally[("unit",)] == {}, "a call has no unit"


def test_days_and_weeks_are_chinas() -> None:
    at = datetime.fromisoformat("2026-11-22T16:30:00+00:00")
    assert times_of(at) == ("2026-11-23", "2026-W48", "2026-11", "00 时")
    tally = Tally([("hour", "unit"), ("week",)])
    tally.add([Moment(What.OPENED, at, unit=WATER)])
    assert tally[("hour", "unit")] == {("00 时", WATER): {What.OPENED: 1}}
    assert tally[("week",)] == {("2026-W48",): {What.OPENED: 1}}


def test_an_extension_counts_when_it_is_approved() -> None:
    life = Life("lanzhou").with_unit()
    life.does(unit(), a.RequestExtension(Limit(3, TimeUnit.WORKDAYS), "等配件")).does(HOST, a.ApproveExtension())
    assert counted(life)["extended"] == 1
