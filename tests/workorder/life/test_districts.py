"""Districts that dispatch further, who follows a repeat there, and the ladder of talk, criticism and report."""

from __future__ import annotations

import pytest

from tests.workorder.life.packs import AGENT, CALENDAR, FOLDER, GOVERNING, HOST, WATER, Life, pack_of, unit
from workorder.cities.pack_file import load_pack
from workorder.life import actions as a
from workorder.life.actors import SYSTEM
from workorder.life.invariants import broken
from workorder.life.states import LifeState
from workorder.life.timers import reaction, timers_of
from workorder.order import OrderNumber

DEPARTMENT, STREET = "杨陵区政府指定部门", "杨陵街道"
EARLIER = OrderNumber("WO20261001-000007")
COUNTY = "宿城区"


@pytest.mark.requirement("Y-10")
def test_the_centre_dispatches_to_the_district_and_the_district_to_its_unit() -> None:
    life = Life("yangling", "utilities").does(AGENT, a.Accept(), a.Dispatch(DEPARTMENT))
    due = life.order.due
    assert "只有县（区）" in Life("yangling", "utilities").does(AGENT, a.Accept(), a.Dispatch(WATER)).refuses(
        unit(WATER), a.SubDispatch(STREET)
    )
    life.go_on(hours=1).does(unit(DEPARTMENT), a.SubDispatch(STREET, "在你街道"))
    order = life.order
    assert (order.state, order.owner, order.district) == (LifeState.DISPATCHED, STREET, DEPARTMENT)
    assert order.due == due, "the citizen's limit runs on"
    assert "不在你单位手里" in life.refuses(unit(DEPARTMENT), a.Sign("区里"))
    life.does(unit(STREET), a.Sign("老李"), a.Reply("修好了。", asks_recheck=True))
    assert broken(life.order, life.history, life.pack) == ()


def test_the_district_takes_an_order_back_and_gives_it_to_another_unit() -> None:
    life = Life("yangling", "utilities").does(AGENT, a.Accept(), a.Dispatch(DEPARTMENT))
    life.does(unit(DEPARTMENT), a.SubDispatch(STREET)).does(unit(STREET), a.Sign("老李"))
    assert "已经在" in life.refuses(unit(DEPARTMENT), a.SubDispatch(STREET))
    life.does(unit(DEPARTMENT), a.SubDispatch("揉谷镇"), a.SubDispatch(DEPARTMENT), a.Sign("区里"))
    assert (life.order.owner, life.order.state) == (DEPARTMENT, LifeState.HANDLING)


@pytest.mark.requirement("S-54")
def test_a_repeat_goes_to_the_leader_that_the_units_jurisdiction_names() -> None:
    def repeated() -> Life:
        return Life("suqian", "sudden", repeat_of=EARLIER, repeat_kind="window").does(AGENT, a.Accept())

    for level in ("handler", "head"):
        assert "宿城区分管领导" in repeated().refuses(AGENT, a.Dispatch(COUNTY, level))
    assert "主要负责人" in repeated().refuses(AGENT, a.Dispatch(WATER, "district_leader"))
    assert repeated().does(AGENT, a.Dispatch(COUNTY, "district_leader")).order.level == "district_leader"
    assert repeated().does(AGENT, a.Dispatch(WATER, "head")).order.level == "head"
    first = Life("suqian", "sudden").does(AGENT, a.Accept(), a.Dispatch(COUNTY))
    assert first.order.level == "handler", "a first complaint needs no leader"


@pytest.mark.requirement("S-58")
def test_the_ladder_is_climbed_step_by_step_each_with_its_trigger() -> None:
    assert [each.title for each in pack_of("suqian").ladder][:3] == ["约谈", "通报", "信息专报"]
    life = Life("suqian", "sudden").with_unit()
    assert "督办满 2 次" in life.refuses(HOST, a.Escalate("talk", "一直不办"))
    life.does(
        GOVERNING, a.Supervise("overdue", "限期办结"), a.LiftSupervision("已答应"), a.Supervise("overdue", "仍不办")
    )
    assert "还没轮到" in life.refuses(HOST, a.Escalate("criticism", "一直不办"))
    assert "理由" in life.refuses(HOST, a.Escalate("talk", " "))
    assert "坐席员不能" in life.refuses(AGENT, a.Escalate("talk", "一直不办"))
    for nth, step in enumerate(life.pack.ladder, 1):
        life.does(HOST, a.Escalate(step.name, "一直不办"))
        assert len(life.order.ladder) == nth
    assert "没有再往上" in life.refuses(HOST, a.Escalate("talk", "一直不办"))
    assert life.order.state is LifeState.HANDLING, "the unit still has to handle it"
    assert broken(life.order, life.history, life.pack) == ()
    assert "没有再往上" in Life("jinan").with_unit().refuses(HOST, a.Escalate("talk", "一直不办"))


def test_a_pack_whose_districts_or_ladder_do_not_add_up_is_refused_in_words() -> None:
    text = (FOLDER / "suqian.yaml").read_text(encoding="utf-8")
    wrong = text.replace("name: 宿豫区, department: 宿豫区人民政府办公室", "name: 宿豫区, department: 宿城区")
    wrong = wrong.replace("when: supervisions", "when: step_before").replace("name: criticism", "name: talk")
    wrong = wrong.replace("08:30-12:00", "12:00-08:30")
    pack, problems = load_pack(wrong, "x.yaml")
    said = "\n".join(str(each) for each in problems)
    assert pack is None
    for words in ("“宿城区”写在 2 个县区里", "“talk”写了两次", "第一步没有“上一步”", "开始不早于结束"):
        assert words in said


def test_what_ran_out_is_counted_for_the_ladder() -> None:
    life = Life("suqian", "sudden").with_unit()
    due = next(each for each in timers_of(life.order, life.pack, CALENDAR) if each.name == "due")
    life.at = due.at
    for action in reaction(life.order, due, life.pack, due.at):
        life.does(SYSTEM, action)
    assert life.order.overdues == 1
