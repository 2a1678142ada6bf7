"""When the system acts by itself, and that it does not when it need not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.workorder.life.packs import AGENT, BEGUN, CALENDAR, CENTRE, HOST, WATER, Life, unit
from workorder.life import actions as a
from workorder.life.timers import Timer, reaction, timers_of


def names(life: Life) -> list[str]:
    return [timer.name for timer in timers_of(life.order, life.pack, CALENDAR)]


def test_a_suqian_order_is_watched_from_dispatch_to_reply() -> None:
    life = Life("suqian").does(AGENT, a.Accept())
    assert names(life) == ["escalate:2:unit", "due", "escalate:-12:host"]  # four hours for a direct answer
    life.does(AGENT, a.Dispatch(WATER))
    timers = timers_of(life.order, life.pack, CALENDAR)
    assert [(timer.name, timer.at - BEGUN) for timer in timers] == [
        ("sign", timedelta(hours=1)),
        ("escalate:2:unit", timedelta(hours=10)),
        ("due", timedelta(hours=12)),
        ("escalate:-12:host", timedelta(hours=24)),
    ]
    life.does(unit(), a.Sign("老李"))
    assert "sign" not in names(life)
    life.does(unit(), a.Reply("修好了。"))
    assert names(life) == []


def test_a_paused_order_is_not_watched_and_goes_on_later() -> None:
    life = Life("suqian").with_unit().does(HOST, a.Pause("鉴定", "某条例"))
    assert names(life) == []
    life.go_on(hours=5).does(unit(), a.Resume("鉴定完成"))
    assert Timer(BEGUN + timedelta(hours=17), "due") in timers_of(life.order, life.pack, CALENDAR)


@pytest.mark.requirement("J-13")
def test_every_step_of_a_deferred_order_is_reminded_of_until_it_is_done() -> None:
    life = Life("jinan").with_unit()
    life.does(HOST, a.Defer("要立项", ((date(2026, 12, 1), "立项"), (date(2026, 12, 31), "完工"))))
    assert [name for name in names(life) if name.startswith("milestone")] == ["milestone:0", "milestone:1"]
    life.does(unit(), a.ReachMilestone(0, "已立项"))
    assert [name for name in names(life) if name.startswith("milestone")] == ["milestone:1"]


@pytest.mark.requirement("J-19")
def test_only_what_is_overdue_without_an_excuse_is_supervised() -> None:
    life = Life("jinan").with_unit()
    due = life.order.due
    assert due is not None
    timer = Timer(due, "due")
    assert [type(each) for each in reaction(life.order, timer, life.pack, due)] == [a.TimerRan, a.Supervise]
    life.does(HOST, a.Supervise("overdue", "限期"))
    assert [type(each) for each in reaction(life.order, timer, life.pack, due)] == [a.TimerRan]
    soft = Life("suqian").with_unit()
    assert len(reaction(soft.order, timer, soft.pack, due)) == 1  # 原则上十二小时
    replied = Life("jinan").replied()
    assert len(reaction(replied.order, timer, replied.pack, due)) == 1


def test_escalation_names_whom_it_tells() -> None:
    life = Life("lanzhou").with_unit()
    due = life.order.due
    assert due is not None
    told = {
        timer.name: getattr(reaction(life.order, timer, life.pack, due)[0], "told", "")
        for timer in timers_of(life.order, life.pack, CALENDAR)
    }
    assert told == {"escalate:24:unit": WATER, "due": f"{WATER}、主办单位", "escalate:-24:governing": "主管单位"}


def test_an_ended_order_has_no_timers() -> None:
    life = Life("jinan").told().does(CENTRE, a.CallPerson(), a.Close("satisfied"), a.Archive())
    assert names(life) == []
