"""Which complaint is a repeat, at the boundaries of the cities' windows."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.workorder.life.packs import BEGUN, CALENDAR, CENTRE, HOST, Life, unit
from workorder.life import actions as a
from workorder.life.repeats import Repeat, repeat_of
from workorder.order import HOTLINE_TIME

TELL = a.TellCitizen("电话", "今天", "修好了。")


def closed_in_suqian() -> Life:
    return Life("suqian").replied().does(CENTRE, a.PassReview(), TELL, a.SendSms(), a.Close("satisfied"))


def kind(life: Life, at: datetime, first: datetime = BEGUN) -> Repeat:
    return repeat_of(life.order, first, at, life.pack, CALENDAR)


@pytest.mark.requirement("S-51")
def test_within_a_month_of_closing_the_same_matter_is_a_repeat_and_after_it_is_not() -> None:
    life = closed_in_suqian()  # closed on 20 November; thirty days end with 20 December
    last = datetime(2026, 12, 20, 23, 59, 59, tzinfo=HOTLINE_TIME)
    assert kind(life, BEGUN + timedelta(minutes=1)).kind == "window"
    assert (kind(life, last).kind, kind(life, last).clause) == ("window", "S-51（一月按 30 日）")
    assert kind(life, last + timedelta(seconds=2)).kind == "plain"


@pytest.mark.requirement("S-52")
def test_unsolved_for_more_than_six_days_counts_from_the_first_complaint() -> None:
    life = Life("suqian").with_unit()
    sixth = datetime(2026, 11, 26, 23, 59, 59, tzinfo=HOTLINE_TIME)
    assert kind(life, sixth).kind == "plain"
    assert kind(life, sixth + timedelta(seconds=2)).kind == "unsolved"
    assert kind(life, sixth, first=BEGUN - timedelta(days=1)).kind == "unsolved"


def test_a_matter_that_was_closed_for_good_is_final_and_a_city_without_windows_has_plain_repeats() -> None:
    life = Life("jinan").told().does(CENTRE, a.CallPerson(), a.Close("no_answer"), a.Redo("又漏", "属实"))
    assert kind(life, BEGUN + timedelta(days=9)).kind == "plain"
    life.does(unit(), a.Reply("修好。")).does(CENTRE, TELL, a.CallPerson(), a.Close("satisfied"))
    life.does(HOST, a.ConfirmFinal("属实"))
    found = kind(life, BEGUN + timedelta(days=400))
    assert (found.kind, found.clause) == ("final", "J-21、J-22")
