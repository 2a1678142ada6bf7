"""What each city's rules allow and refuse, move by move."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.workorder.life.packs import (
    AGENT,
    BEGUN,
    CENTRE,
    CHECKED,
    COLLECTOR,
    GOVERNING,
    HOST,
    LEADER,
    NUMBER,
    PARKS,
    ROADS,
    WATER,
    Life,
    unit,
)
from workorder.clock.due import Limit, TimeUnit, spoken_instant
from workorder.life import actions as a
from workorder.life.history import LifeEvent
from workorder.life.living import CENTRE_UNIT
from workorder.life.refusal import STALE, Refusal
from workorder.life.states import LifeState
from workorder.order import OrderNumber

EARLIER = OrderNumber("WO20261001-000007")
FIVE = Limit(5, TimeUnit.WORKDAYS)
TELL = a.TellCitizen("电话", "2026-11-20 10:00", "已修好。")
REPLY = a.Reply("已修好。", asks_recheck=True)


# ---------------------------------------------------------------------------------------------------- at the desk


@pytest.mark.requirement("L-01", "J-02", "Y-35")
def test_an_inquiry_is_answered_at_the_seat_only_with_a_knowledge_article() -> None:
    life = Life("lanzhou", "inquiry")
    assert "知识库条目" in life.refuses(AGENT, a.AnswerDirectly("", "周一至周五可办。"))
    life.does(AGENT, a.AnswerDirectly("KB-0012", "周一至周五可办。"))
    assert life.order.state is LifeState.ANSWERED
    assert life.order.dispatches == 0


@pytest.mark.requirement("L-02")
def test_an_order_cannot_be_dispatched_without_a_unit() -> None:
    life = Life("lanzhou", "coordination").does(AGENT, a.Accept())
    assert "承办单位" in life.refuses(AGENT, a.Dispatch(""))


@pytest.mark.requirement("L-03")
def test_a_livelihood_request_is_accepted() -> None:
    assert Life("lanzhou", "help").does(AGENT, a.Accept()).order.state is LifeState.ACCEPTED


NOT_ACCEPTED = [
    ("lanzhou", "NA-L1", "L-06"),
    ("lanzhou", "NA-L2", "L-07"),
    ("lanzhou", "NA-L3", "L-08"),
    ("yangling", "NA-Y1", "Y-21"),
    ("yangling", "NA-Y2", "Y-22"),
    ("yangling", "NA-Y3", "Y-23"),
    ("yangling", "NA-Y5", "Y-25"),
    ("suqian", "NA-S1", "S-11"),
    ("suqian", "NA-S2", "S-12"),
    ("suqian", "NA-S3", "S-13"),
]


@pytest.mark.parametrize(
    ("city", "code"),
    [pytest.param(city, code, marks=pytest.mark.requirement(row)) for city, code, row in NOT_ACCEPTED],
)
def test_what_a_city_does_not_accept_ends_with_reason_explanation_and_referral(city: str, code: str) -> None:
    life = Life(city)
    reason = life.pack.reason(code)
    assert reason is not None
    assert reason.referral
    assert "解释" in life.refuses(AGENT, a.RefuseRequest(code, ""))
    life.does(AGENT, a.RefuseRequest(code, reason.explanation))
    assert (life.order.state, life.order.refusal) == (LifeState.NOT_ACCEPTED, code)


def test_a_reason_of_another_city_is_refused_with_the_citys_own() -> None:
    assert "NA-L1" in Life("lanzhou").refuses(AGENT, a.RefuseRequest("NA-S1", "不归我们管。"))


@pytest.mark.requirement("L-10")
def test_the_catch_all_reason_needs_a_note_and_another_persons_approval() -> None:
    life = Life("lanzhou")
    refusal = a.RefuseRequest("NA-L5", "不宜办理。")
    assert "写明具体情况" in life.refuses(AGENT, refusal)
    assert "另一位" in life.refuses(AGENT, a.RefuseRequest("NA-L5", "不宜办理。", note="说明", approver=AGENT.name))
    life.does(AGENT, a.RefuseRequest("NA-L5", "不宜办理。", note="说明", approver="班长"))


@pytest.mark.requirement("S-14")
def test_an_unspecific_request_is_refused_only_after_the_missing_things_were_asked() -> None:
    life = Life("suqian")
    assert "时间、地点、对象、诉求" in life.refuses(AGENT, a.RefuseRequest("NA-S4", "不具体。"))
    told = life.refuses(AGENT, a.RefuseRequest("NA-S4", "不具体。", asked=("时间", "地点", "对象")))
    assert "还没有问：诉求" in told
    life.does(AGENT, a.RefuseRequest("NA-S4", "不具体。", asked=("时间", "地点", "对象", "诉求")))


@pytest.mark.requirement("S-17")
def test_the_first_receiver_is_kept_and_explains() -> None:
    assert Life("suqian").order.first_receiver == AGENT.name


@pytest.mark.requirement("Y-26")
def test_yangling_refuses_a_repeat_only_when_it_is_linked_and_nothing_is_new() -> None:
    refusal = a.RefuseRequest("NA-Y6", "已办理。")
    assert "没有关联" in Life("yangling").refuses(AGENT, refusal)
    repeat = Life("yangling", repeat_of=EARLIER, repeat_kind="plain")
    repeat.does(AGENT, refusal)
    fresh = Life("yangling", repeat_of=EARLIER, repeat_kind="plain").does(AGENT, a.AddNewFacts("又漏了，有照片。"))
    assert "新情况" in fresh.refuses(AGENT, refusal)


@pytest.mark.requirement("J-22")
def test_a_repeat_of_a_final_matter_is_told_and_not_dispatched_unless_there_are_new_facts() -> None:
    life = Life("jinan", repeat_of=EARLIER, repeat_kind="final").does(AGENT, a.Accept())
    assert "不再转办" in life.refuses(AGENT, a.Dispatch(WATER))
    assert "不再转办" in life.refuses(CENTRE, a.Coordinate("仍要办", "热线办"))
    informed = Life("jinan", repeat_of=EARLIER, repeat_kind="final")
    assert "告知的内容" in informed.refuses(AGENT, a.InformRepeat(" "))
    informed.does(AGENT, a.InformRepeat("已说明上次办理结果。"))
    assert informed.order.state is LifeState.INFORMED
    fresh = Life("jinan", repeat_of=EARLIER, repeat_kind="final").does(AGENT, a.AddNewFacts("新的漏点"), a.Accept())
    fresh.does(AGENT, a.Dispatch(WATER))


@pytest.mark.requirement("S-53")
def test_suqian_gives_a_repeat_to_the_units_main_leader() -> None:
    life = Life("suqian", repeat_of=EARLIER, repeat_kind="window").does(AGENT, a.Accept())
    assert "主要负责人" in life.refuses(AGENT, a.Dispatch(WATER))
    life.does(AGENT, a.Dispatch(WATER, level="head"))
    assert life.order.level == "head"


def test_a_repeat_is_merged_into_one_order_and_its_recordings_stay_linked() -> None:
    life = Life("lanzhou", calls=("hl-1.1",))
    assert "怎样告知" in life.refuses(AGENT, a.Merge(EARLIER, ""))
    assert "自己" in life.refuses(AGENT, a.Merge(NUMBER, "电话"))
    life.does(AGENT, a.Merge(EARLIER, "通话中当面告知"))
    assert (life.order.state, life.order.merged_into) == (LifeState.MERGED, EARLIER)
    main = Life("lanzhou", calls=("hl-2.1",)).does(AGENT, a.Absorb(EARLIER, ("hl-1.1",)))
    assert main.order.calls == ("hl-2.1", "hl-1.1")
    assert "已经并进来" in main.refuses(AGENT, a.Absorb(EARLIER))


@pytest.mark.requirement("Y-37", "Y-07")
def test_yangling_reviews_a_complaint_before_it_is_dispatched() -> None:
    life = Life("yangling", "complaint").does(AGENT, a.Accept())
    assert "主办单位审核" in life.refuses(AGENT, a.Dispatch(WATER))
    assert "主办单位审核" in life.refuses(CENTRE, a.Coordinate("说不清", "热线办"))
    life.does(AGENT, a.SubmitOpinion("建议转水务局。"))
    assert "不能同意转办" in life.refuses(AGENT, a.ApproveOpinion())
    life.does(HOST, a.RejectOpinion("补充地点。"))
    assert "主办单位审核" in life.refuses(AGENT, a.Dispatch(WATER))
    life.does(AGENT, a.SubmitOpinion("建议转水务局，地点已补。")).does(HOST, a.ApproveOpinion())
    life.does(AGENT, a.Dispatch(WATER))
    Life("yangling", "utilities").does(AGENT, a.Accept(), a.Dispatch(WATER))


@pytest.mark.requirement("J-07", "J-08")
def test_jinan_dispatches_a_major_matter_only_after_the_leaders_instruction() -> None:
    life = Life("jinan", is_major=True).does(AGENT, a.Accept())
    assert "领导批示" in life.refuses(AGENT, a.Dispatch(WATER))
    life.does(HOST, a.ReportToLeaders("关于……的专题报告", (EARLIER,)))
    assert "不能领导批示" in life.refuses(HOST, a.Instruct("请办。"))
    life.does(LEADER, a.Instruct("请水务局牵头。")).does(AGENT, a.Dispatch(WATER))
    assert life.order.instruction == "请水务局牵头。"
    assert "没有专题报告" in Life("suqian").does(AGENT, a.Accept()).refuses(HOST, a.ReportToLeaders("报告"))


@pytest.mark.requirement("J-06", "S-57", "D-21")
def test_an_unclear_duty_goes_to_a_meeting_that_names_exactly_one_lead() -> None:
    life = Life("jinan").does(AGENT, a.Accept()).does(CENTRE, a.Coordinate("职能交叉", "热线办"))
    assert life.order.owner == CENTRE_UNIT
    assert "牵头单位" in life.refuses(HOST, a.DecideLead(""))
    assert "只能有一个" in life.refuses(HOST, a.DecideLead(WATER, (ROADS, WATER)))
    assert "只能有一个" in life.refuses(HOST, a.DecideLead(WATER, (ROADS, ROADS)))
    life.does(HOST, a.DecideLead(WATER, (ROADS, PARKS), "纪要 3 号"))
    assert (life.order.owner, life.order.assistants) == (WATER, (ROADS, PARKS))
    assert "不在你单位" in life.refuses(unit(ROADS), a.Sign("老王"))
    life.does(unit(), a.Sign("老李")).does(unit(ROADS), a.AssistReport("已封路。"))
    assert "联席会议确定" in life.refuses(unit(), a.RequestReturn("依据", "建议"))
    alone = Life("jinan").does(AGENT, a.Accept()).does(CENTRE, a.Coordinate("无主", "热线办"))
    alone.does(HOST, a.DecideLead(WATER))


@pytest.mark.requirement("D-47")
def test_a_matter_without_an_owner_is_a_class_of_its_own_with_a_coordinator() -> None:
    life = Life("digital_city", "no_owner").does(AGENT, CHECKED)
    assert "协调人" in life.refuses(CENTRE, a.Coordinate("无责任主体", "", has_no_owner=True))
    life.does(CENTRE, a.Coordinate("无责任主体", "领导小组办公室", has_no_owner=True))
    assert life.order.has_no_owner


# ----------------------------------------------------------------------------------------------------- at the unit


@pytest.mark.requirement("D-46")
def test_exactly_one_unit_holds_an_order_and_no_other_may_touch_it() -> None:
    life = Life("digital_city").does(AGENT, CHECKED, a.Dispatch(WATER))
    assert "不在你单位手里" in life.refuses(unit(ROADS), a.Sign("老王"))
    life.does(unit(), a.Sign("老李"))
    assert "由水务局负责" in life.refuses(unit(ROADS), REPLY)


@pytest.mark.requirement("S-29")
def test_suqian_takes_a_return_within_twelve_hours_with_basis_and_suggestion() -> None:
    life = Life("suqian").with_unit()
    assert "依据" in life.refuses(unit(), a.RequestReturn("", "转建设局"))
    assert "建议" in life.refuses(unit(), a.RequestReturn("三定方案", ""))
    life.go_on(hours=12, seconds=1)
    assert "12 小时" in life.refuses(unit(), a.RequestReturn("三定方案", "转建设局"))
    life = Life("suqian").with_unit().go_on(hours=12)
    life.does(unit(), a.RequestReturn("三定方案", "转建设局"))


@pytest.mark.requirement("S-30")
def test_a_returned_order_is_reviewed_dispatched_again_and_ping_pong_is_stopped() -> None:
    life = Life("suqian").with_unit()
    life.does(unit(), a.RequestReturn("三定方案", "转建设局")).does(CENTRE, a.RejectReturn("职责明确"))
    assert life.order.owner == WATER
    life.does(unit(), a.RequestReturn("三定方案", "转建设局")).does(CENTRE, a.AcceptReturn())
    assert life.order.owner == CENTRE_UNIT
    assert "退单来回：水务局→水务局" in life.refuses(AGENT, a.Dispatch(WATER))
    life.does(AGENT, a.Dispatch(ROADS)).does(unit(ROADS), a.RequestReturn("依据", "转公投")).does(
        CENTRE, a.AcceptReturn()
    )
    assert "水务局→规划建设局→公投集团" in life.refuses(AGENT, a.Dispatch(PARKS))
    life.does(CENTRE, a.Coordinate("退单来回", "热线办")).does(HOST, a.DecideLead(PARKS))
    assert life.order.returned_by == (WATER, ROADS)


@pytest.mark.requirement("J-10", "J-11", "Y-40")
@pytest.mark.parametrize("city", ["jinan", "yangling"])
def test_one_extension_by_whom_the_city_says_counts_once_the_citizen_was_told(city: str) -> None:
    life = Life(city, "suggestion").with_unit()
    due = life.order.due
    life.does(unit(), a.RequestExtension(FIVE, "等配件"))
    for other in (CENTRE, GOVERNING):
        assert "由主办单位批准" in life.refuses(other, a.ApproveExtension())
    life.does(HOST, a.ApproveExtension())
    assert life.order.due == due
    assert "怎样告知" in life.refuses(AGENT, a.TellExtension("", ""))
    life.does(AGENT, a.TellExtension("电话", "2026-11-20 15:00"))
    assert due is not None
    assert life.order.due == due + timedelta(days=7)  # five workdays over one weekend
    assert "只能延期 1 次" in life.refuses(unit(), a.RequestExtension(FIVE, "还差一点"))


@pytest.mark.requirement("S-26")
def test_suqian_extends_at_most_six_days_and_a_second_too_late_is_too_late() -> None:
    life = Life("suqian").with_unit()
    assert "延期最长 6 天" in life.refuses(unit(), a.RequestExtension(Limit(7, TimeUnit.DAYS), "雨季"))
    assert "延期最长" in life.refuses(unit(), a.RequestExtension(Limit(6, TimeUnit.WORKDAYS), "雨季"))
    six = a.RequestExtension(Limit(6, TimeUnit.DAYS), "雨季")
    assert "时限已过" in Life("suqian").with_unit().go_on(hours=12, seconds=1).refuses(unit(), six)
    life.go_on(hours=12).does(unit(), six).go_on(hours=3)
    life.does(HOST, a.ApproveExtension()).does(AGENT, a.TellExtension("短信", "已送达"))
    assert life.order.due == BEGUN + timedelta(days=6, hours=12)


@pytest.mark.requirement("J-13")
def test_a_deferred_order_has_dated_steps() -> None:
    life = Life("jinan").with_unit()
    assert "至少要有一步" in life.refuses(HOST, a.Defer("要立项", ()))
    assert "今后的日期" in life.refuses(HOST, a.Defer("要立项", ((date(2026, 11, 20), "立项"),)))
    life.does(HOST, a.Defer("要立项", ((date(2026, 12, 31), "立项"), (date(2027, 3, 31), "完工"))))
    assert life.order.due is not None
    assert spoken_instant(life.order.due) == "2027-03-31 周三 24:00"
    life.does(unit(), a.ReachMilestone(0, "已立项"))
    assert "已经完成" in life.refuses(unit(), a.ReachMilestone(0, "再报一次"))
    life.does(unit(), a.Resume("条件具备"))
    assert [step.is_done for step in life.order.milestones] == [True, False]


@pytest.mark.requirement("J-14")
def test_what_cannot_be_solved_is_explained_to_the_citizen() -> None:
    life = Life("jinan").with_unit()
    assert "解释" in life.refuses(unit(), a.ReplyUnsolvable("", "电话"))
    assert "怎样同市民说" in life.refuses(unit(), a.ReplyUnsolvable("产权在外地。", ""))
    life.does(unit(), a.ReplyUnsolvable("产权在外地。", "11-20 电话说明"))
    assert life.order.is_unsolvable


def test_a_pause_moves_the_due_date_and_needs_its_law() -> None:
    life = Life("suqian").with_unit()
    assert "依据" in life.refuses(HOST, a.Pause("鉴定", ""))
    life.does(HOST, a.Pause("鉴定", "某条例第三条")).go_on(hours=30).does(unit(), a.Resume("鉴定完成"))
    assert life.order.due == BEGUN + timedelta(hours=42)


@pytest.mark.requirement("S-09")
def test_an_upstream_platforms_number_and_deadline_are_kept() -> None:
    due = BEGUN + timedelta(hours=3)
    life = Life("suqian", "upstream", channel="upstream", upstream_id="JS-9", upstream_due=due).with_unit()
    assert (life.order.due, life.order.upstream_id, life.order.channel) == (due, "JS-9", "upstream")


# ------------------------------------------------------------------------------------------------------ to the end


@pytest.mark.requirement("S-27", "S-28")
def test_suqian_reviews_a_reply_and_a_supplement_keeps_the_due_date() -> None:
    life = Life("suqian").replied()
    assert "规范性审核" in life.refuses(CENTRE, TELL)
    assert "规范、不具体" in life.refuses(CENTRE, a.FailReview((), "太笼统"))
    due = life.order.due
    life.go_on(hours=1).does(CENTRE, a.FailReview(("specific", "complete"), "没有写时间"))
    assert (life.order.state, life.order.due, life.order.owner) == (LifeState.HANDLING, due, WATER)
    life.does(unit(), REPLY).does(CENTRE, a.PassReview(), TELL)
    assert life.order.review_fails == 1


@pytest.mark.requirement("S-32", "S-33")
def test_suqian_follows_up_by_sms_then_by_a_person_then_the_unit_rectifies() -> None:
    life = Life("suqian").replied().does(CENTRE, a.PassReview(), TELL)
    assert "先短信" in life.refuses(CENTRE, a.CallPerson())
    assert "还没有回访" in life.refuses(CENTRE, a.Close())
    life.does(CENTRE, a.SendSms())
    assert "人工回访" in life.refuses(CENTRE, a.Close("dissatisfied"))
    life.does(CENTRE, a.SmsDissatisfied("3"))
    assert "核实整改" in life.refuses(CENTRE, a.Close("dissatisfied"))
    life.does(CENTRE, a.Rectify("又漏了"))
    assert (life.order.state, life.order.owner) == (LifeState.RECTIFYING, WATER)
    life.does(unit(), REPLY).does(CENTRE, a.PassReview(), TELL, a.SendSms(), a.SmsDissatisfied())
    assert "已经整改过" in life.refuses(CENTRE, a.Rectify("还是漏"))
    life.does(CENTRE, a.Close("dissatisfied"))
    content = Life("suqian").replied().does(CENTRE, a.PassReview(), TELL, a.SendSms(), a.Close("satisfied"))
    assert content.order.satisfaction == "satisfied"


@pytest.mark.requirement("Y-46")
@pytest.mark.parametrize("city", ["lanzhou", "jinan", "yangling"])
def test_an_order_is_closed_only_after_the_citizen_was_told_and_asked(city: str) -> None:
    life = Life(city, "suggestion").replied()
    assert "不能办结" in life.refuses(CENTRE, a.Close())
    assert "告知的内容" in life.refuses(CENTRE, a.TellCitizen("电话", "今天", ""))
    life.does(CENTRE, TELL)
    assert "还没有回访" in life.refuses(CENTRE, a.Close())
    life.does(CENTRE, a.CallPerson(), a.Close("satisfied"), a.Archive())
    assert life.order.told is not None


@pytest.mark.requirement("D-23", "D-24", "D-25", "D-26")
def test_the_digital_city_looks_at_the_place_before_closing() -> None:
    life = Life("digital_city").with_unit()
    assert "请求复核" in life.refuses(unit(), a.Reply("已修好。"))
    life.go_on(hours=2).does(unit(), REPLY)
    assert "现场核实" in life.refuses(CENTRE, TELL)
    life.does(CENTRE, a.AskFieldCheck("采集员甲"))
    life.go_on(hours=1)
    assert "现场照片" in life.refuses(COLLECTOR, a.PassFieldCheck("", "武威路", life.at))
    assert "单位答复之后" in life.refuses(COLLECTOR, a.PassFieldCheck("p1.jpg", "武威路", BEGUN))
    assert "晚于现在" in life.refuses(COLLECTOR, a.PassFieldCheck("p1.jpg", "武威路", life.at + timedelta(hours=1)))
    life.does(COLLECTOR, a.FailFieldCheck("p1.jpg", "武威路", life.at, "井盖仍缺"))
    assert (life.order.state, life.order.second_notices, life.order.owner) == (LifeState.SECOND_NOTICE, 1, WATER)
    assert life.order.due == life.at + timedelta(hours=24)
    life.go_on(hours=1).does(unit(), REPLY).does(CENTRE, a.AskFieldCheck("采集员甲"))
    life.does(COLLECTOR, a.PassFieldCheck("p2.jpg", "武威路", life.at))
    life.does(CENTRE, TELL, a.Close(), a.Archive())
    assert life.order.state is LifeState.ARCHIVED


@pytest.mark.requirement("J-20", "J-21")
def test_a_redone_order_that_was_verified_is_final() -> None:
    life = Life("jinan").told().does(CENTRE, a.CallPerson(), a.Close("no_answer"))
    assert "没有督办或重办" in life.refuses(HOST, a.ConfirmFinal("属实"))
    assert "核实的情况" in life.refuses(CENTRE, a.Redo("又漏了", ""))
    life.does(CENTRE, a.Redo("又漏了", "属实"))
    assert (life.order.redos, life.order.owner, life.order.state) == (1, WATER, LifeState.REDO)
    life.does(unit(), REPLY).does(CENTRE, TELL, a.CallPerson(), a.Close("satisfied"))
    life.does(HOST, a.ConfirmFinal("已按重办意见办结"))
    assert life.order.state is LifeState.FINAL
    assert "什么也不能做" in life.refuses(CENTRE, a.Redo("还要", "属实"))
    archived = Life("suqian").replied().does(CENTRE, a.PassReview(), TELL, a.SendSms(), a.Close("no_answer"))
    assert "没有办理终结" in archived.refuses(HOST, a.ConfirmFinal("属实"))


@pytest.mark.requirement("S-46")
def test_urging_and_supervising_are_two_things_with_two_counters() -> None:
    life = Life("suqian").with_unit().does(CENTRE, a.Urge("快到期"), a.Urge("今天到期"))
    life.does(HOST, a.Supervise("poor_quality", "限两日办结"))
    assert (life.order.urges, life.order.supervisions) == (2, 1)
    assert "已经在督办" in life.refuses(HOST, a.Supervise("major", "再督"))


@pytest.mark.requirement("J-19", "S-56")
@pytest.mark.parametrize(
    ("city", "triggers"),
    [
        ("jinan", ["recurring", "leader_assigned", "overdue"]),
        ("suqian", ["major", "poor_quality", "leader_assigned", "many_units", "can_but_will_not"]),
        ("digital_city", ["refused"]),
    ],
)
def test_supervision_is_opened_for_the_citys_reasons_and_must_be_lifted_before_closing(
    city: str, triggers: list[str]
) -> None:
    for trigger in triggers:
        life = Life(city).with_unit().does(HOST, a.Supervise(trigger, "限期办结"))
        life.does(unit(), REPLY)
        if city == "digital_city":
            life.does(CENTRE, a.AskFieldCheck("甲")).does(COLLECTOR, a.PassFieldCheck("p.jpg", "路", life.at))
        if city == "suqian":
            life.does(CENTRE, a.PassReview())
        life.does(CENTRE, TELL)
        assert "督办还没有办结" in life.refuses(CENTRE, a.Close())
        life.does(HOST, a.LiftSupervision("已落实"))
    assert "不是本市规定" in Life("jinan").with_unit().refuses(HOST, a.Supervise("many_units", "跨部门"))


# -------------------------------------------------------------------------------------------------- two at once


def test_of_two_people_who_confirm_at_once_one_is_told_to_look_again() -> None:
    life = Life("jinan")
    seen = life.order.version
    assert isinstance(life.tries(AGENT, a.Accept(), seen), LifeEvent)
    second = life.tries(CENTRE, a.Accept(), seen)
    assert isinstance(second, Refusal)
    assert second.what == STALE


@pytest.mark.requirement("J-39")
def test_an_order_keeps_the_edition_of_the_rules_it_was_opened_under() -> None:
    life = Life("suqian")
    jinan = Life("jinan")
    assert (life.order.pack, jinan.order.pack) == ("suqian@2020-10-19.1", "jinan@2018-draft.1")
    assert jinan.pack.status == "draft"
    life.pack = jinan.pack
    assert "suqian@2020-10-19.1" in life.refuses(AGENT, a.Accept())


def test_a_clock_that_was_set_back_does_not_turn_history_around() -> None:
    life = Life("jinan").go_on(hours=-3).does(AGENT, a.Accept())
    assert life.order.updated == BEGUN
