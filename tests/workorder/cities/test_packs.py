"""The five shipped packs, the lint of packs, and the comparison of two."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.workorder.life.packs import CITIES, FOLDER, pack_of
from workorder.cities.pack import SILENT, FollowUp, LimitKind, Pack, RepeatPolicy, RoutingStep, TriggerWhen
from workorder.cities.pack_file import load_pack
from workorder.cities.rule_lines import SWITCHES, differences, rule_lines
from workorder.clock.due import Limit, TimeUnit
from workorder.life.actors import Role

LETTERS = {"lanzhou": "L", "jinan": "J", "yangling": "Y", "suqian": "S", "digital_city": "D"}
MOST = {"L": 36, "J": 40, "Y": 60, "S": 60, "D": 53}
SUQIAN = (FOLDER / "suqian.yaml").read_text(encoding="utf-8")


def problems_of(text: str) -> str:
    return "\n".join(map(str, load_pack(text, "a.yaml")[1]))


def changed(old: str, new: str) -> str:
    assert SUQIAN.count(old) >= 1, old
    return SUQIAN.replace(old, new, 1)


@pytest.mark.parametrize("city", CITIES)
def test_every_rule_of_a_shipped_pack_names_a_row_of_the_requirements_or_says_that_the_text_is_silent(
    city: str,
) -> None:
    for name, line in rule_lines(pack_of(city)).items():
        if name == "规则" or line.clause.startswith("国办函"):
            continue
        assert line.clause, name
        for clause in line.clause.split("、"):
            row = clause.split("（")[0]
            letter, number = LETTERS[city], row[2:]
            assert row == SILENT or (row[0] == letter and 1 <= int(number) <= MOST[letter]), (name, clause)


@pytest.mark.parametrize("city", CITIES)
def test_a_shipped_pack_has_no_errors_and_the_emergency_policy_it_names_is_there(city: str) -> None:
    text = (FOLDER / f"{city}.yaml").read_text(encoding="utf-8")
    pack, problems = load_pack(text, city)
    assert pack is not None
    assert [problem for problem in problems if problem.is_error] == []
    policies = FOLDER.parent.parent / "routing" / "emergency" / "policies"
    assert (policies / f"{pack.emergency.policy}.yaml").is_file()
    if pack.catalogue:
        assert (FOLDER.parent / "catalogue" / f"{pack.catalogue}.yaml").is_file()


# --------------------------------------------------------------------------------------- what the cities' rules say


def limit(pack: Pack, kind: LimitKind, category: str = "") -> Limit | None:
    found = pack.limit(kind, category or pack.categories[0].name)
    return found.limit if found else None


@pytest.mark.requirement("J-09", "J-10", "Y-36", "Y-39", "Y-40", "Y-43", "S-23", "S-24", "S-25", "S-26", "S-29")
def test_the_time_limits_are_those_of_the_rules() -> None:
    hours, workdays, days = TimeUnit.HOURS, TimeUnit.WORKDAYS, TimeUnit.DAYS
    jinan, yangling, suqian = pack_of("jinan"), pack_of("yangling"), pack_of("suqian")
    assert limit(jinan, LimitKind.HANDLE) == Limit(5, workdays)
    assert (jinan.extension.longest, jinan.extension.times) == (Limit(5, workdays), 1)
    assert limit(yangling, LimitKind.HANDLE, "inquiry") == Limit(3, workdays)
    assert limit(yangling, LimitKind.HANDLE, "complaint") == Limit(5, workdays)
    assert limit(yangling, LimitKind.HANDLE, "utilities") == Limit(2, workdays)
    assert (yangling.extension.longest, yangling.extension.times) == (Limit(5, workdays), 1)
    assert limit(suqian, LimitKind.DIRECT_ANSWER) == Limit(4, hours)
    assert limit(suqian, LimitKind.SIGN) == Limit(1, hours)
    assert limit(suqian, LimitKind.HANDLE) == Limit(12, hours)
    assert limit(suqian, LimitKind.RETURN) == Limit(12, hours)
    assert suqian.extension.longest == Limit(6, days)
    handle = suqian.limit(LimitKind.HANDLE, "inquiry")
    assert handle is not None
    assert handle.is_soft  # 原则上


@pytest.mark.requirement("J-12")
def test_a_law_may_set_a_limit_of_its_own_and_is_named() -> None:
    text = changed(
        "  - {kind: sign,",
        "  - {kind: handle, amount: 60, unit: days, for: [inquiry], law: 某法第九条, clause: 法}\n  - {kind: sign,",
    )
    pack, _ = load_pack(text, "a.yaml")
    assert pack is not None
    rule = pack.limit(LimitKind.HANDLE, "inquiry")
    assert rule is not None
    assert (rule.limit, rule.law) == (Limit(60, TimeUnit.DAYS), "某法第九条")


@pytest.mark.requirement("J-04", "J-39", "Y-01", "Y-02", "Y-16", "Y-18", "S-06", "S-07", "S-08")
def test_the_categories_and_the_editions_are_those_of_the_rules() -> None:
    yangling, suqian, lanzhou = pack_of("yangling"), pack_of("suqian"), pack_of("lanzhou")
    assert (yangling.effective, yangling.status) == ("2018-03-15", "trial")
    assert pack_of("jinan").status == "draft"
    helps = {category.name for category in yangling.categories if category.title.startswith("求助")}
    assert helps == {"utilities", "locksmith", "relief", "legal_aid"}
    assert {"suggestion", "complaint", "help"} <= {category.name for category in lanzhou.categories}
    assert [category.name for category in suqian.categories if category.is_protected] == ["criticism"]
    assert [category.name for category in suqian.categories if category.is_urgent] == ["sudden"]
    for city in CITIES:
        pack = pack_of(city)
        for category in pack.categories:
            assert sum(category.name in route.categories for route in pack.routes) == 1


@pytest.mark.requirement("L-13")
def test_lanzhous_life_services_have_a_line_and_an_owner_of_their_own() -> None:
    pack = pack_of("lanzhou")
    route = pack.route("life_service")
    assert route is not None
    assert pack.roles[Role(route.to)].items == ("市三维数字中心",)
    assert pack.lists["service_lines"].items == ("政务", "生活")


@pytest.mark.requirement("L-21")
def test_the_five_dimensions_of_lanzhous_assessment_weigh_100() -> None:
    dimensions = pack_of("lanzhou").dimensions
    assert len(dimensions) == 5
    assert sum(dimension.weight for dimension in dimensions) == 100


@pytest.mark.requirement("J-29", "Y-55")
def test_the_registers_of_violations_are_loaded() -> None:
    assert len(pack_of("jinan").lists["violations"].items) == 6
    assert len(pack_of("yangling").lists["violations"].items) == 6


@pytest.mark.requirement("L-35", "D-14", "D-15")
def test_lists_that_are_policy_come_from_the_pack() -> None:
    assert "地下通道" in pack_of("lanzhou").lists["camera_places"].items
    assert len(pack_of("digital_city").lists["component_groups"].items) == 5
    assert len(pack_of("digital_city").lists["event_groups"].items) == 4
    assert len(pack_of("suqian").lists["modes"].items) == 5


@pytest.mark.requirement("Y-07")
def test_yanglings_offices_fill_the_roles_and_the_operator_approves_nothing() -> None:
    pack = pack_of("yangling")
    assert pack.extension.approver is Role.HOST
    assert pack.roles[Role.HOST].items == ("示范区科技信息中心",)
    assert not set(pack.roles[Role.AGENT].items) & set(pack.roles[Role.HOST].items + pack.roles[Role.GOVERNING].items)


@pytest.mark.requirement("S-15", "D-20", "S-20", "Y-34")
def test_targets_type_limits_and_stages_are_data() -> None:
    suqian, digital = pack_of("suqian"), pack_of("digital_city")
    assert suqian.emergency.targets == ("110", "119", "120", "水上救援")
    assert all(digital.limit(LimitKind.HANDLE, category.name) for category in digital.categories)
    assert len(suqian.lists["stages"].items) == 5
    assert len(pack_of("yangling").lists["stages"].items) == 6


def test_the_twelve_conflicts_are_switches_that_differ_between_the_cities() -> None:
    packs = [pack_of(city) for city in CITIES]
    for switch in SWITCHES:
        values = {rule_lines(pack)[switch].value for pack in packs}
        is_the_same_in_all = switch == "延期｜批准"  # J: hotline office, Y: host unit, S: silent: all the host role
        assert (len(values) > 1) != is_the_same_in_all, switch
    yangling, suqian = pack_of("yangling"), pack_of("suqian")
    assert yangling.routing_order == (RoutingStep.TERRITORY, RoutingStep.CHARGE)
    assert (yangling.emergency.parallel_notify, suqian.emergency.parallel_notify) == (True, False)
    assert {pack.repeat for pack in packs} == set(RepeatPolicy)
    assert suqian.handling.follow_up == (FollowUp.SMS, FollowUp.PERSON)
    assert suqian.trigger(TriggerWhen.MANY_UNITS).at_least == 3  # type: ignore[union-attr]


# --------------------------------------------------------------------------------------------------------- the lint


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (changed("to: centre, clause: S-23", "to: centre"), "没有写依据"),
        (changed("  - {categories: [inquiry], to: centre, clause: S-23}\n", ""), "类别“inquiry”没有路由"),
        (changed("categories: [inquiry], to", "categories: [inquiry, sudden], to"), "类别“sudden”有 2 条路由"),
        (changed("categories: [inquiry], to", "categories: [inquiri], to"), "inquiry"),
        (changed("weight: 15,", "weight: 16,"), "合计 101，不是 100"),
        (changed("  host: {items: [市 12345 热线], clause: S-30}\n", ""), "“主办单位”（host）没有写由谁担任"),
        (changed("referral: 请拨打当地区号加 12345。, ", ""), "缺少“referral”"),
        (changed("referral: 请拨打当地区号加 12345。", "referral: ''"), "referral"),
        (changed("code: NA-S2", "code: NA-S1"), "不予受理的编号“NA-S1”写了两次"),
        (changed("{kind: handle, amount: 12,", "{kind: handle, for: [sudden], amount: 12,"), "没有办理时限"),
        (changed("order: [charge, supervision]", "order: [charge, luck]"), "“luck”不是路由依据"),
        (changed("parallel_notify: false", "parallel_notify: true"), "说法不一"),
        (changed("to: unit, clause: S-16", "to: catalogue, clause: S-16"), "没有写用哪一份"),
        (changed("when: poor_quality", "when: poor_qualiti"), "poor_quality"),
        (changed("  finality: {value: false, clause: silent}\n", ""), "缺少“finality”"),
        (changed("value: [sms, person]", "value: [fax]"), "“fax”不是回访方式"),
        (changed("amount: 6, unit: days, approver", "amount: 0, unit: days, approver"), "不在 1 到"),
        (changed("approver: host", "approver: unit"), "“approver”不能是"),
        (changed("city: 宿迁", "city: 宿迁\nmayor: 某人"), "没有“mayor”这一项"),
        (changed("version: \"2020-10-19.1\"", ""), "缺少“version”"),
    ],
)  # fmt: skip
def test_a_bad_pack_is_refused_with_place_and_remedy(text: str, told: str) -> None:
    pack, problems = load_pack(text, "a.yaml")
    assert pack is None
    assert told in "\n".join(map(str, problems))
    assert all(re.match(r"a\.yaml:\d+:\d+: ", str(problem)) for problem in problems)


def test_all_problems_are_told_at_once() -> None:
    text = changed("weight: 15,", "weight: 16,").replace("to: centre, clause: S-23", "to: centre").replace("sms", "fax")
    told = problems_of(text)
    assert all(words in told for words in ("合计 101", "没有写依据", "不是回访方式"))


@pytest.mark.parametrize("text", ["", "city_pack: 1", "- 1", "city_pack: 2\nname: x", "a: [", "\0"])
def test_nonsense_is_problems_and_not_an_exception(text: str) -> None:
    pack, problems = load_pack(text, "a.yaml")
    assert pack is None
    assert problems


# --------------------------------------------------------------------------------------------------- adding a city


def test_a_new_city_needs_a_file_and_no_python(tmp_path: Path) -> None:
    text = SUQIAN.replace("name: suqian", "name: xincheng").replace("city: 宿迁", "city: 新城")
    text = text.replace("kind: handle, amount: 12, unit: hours", "kind: handle, amount: 3, unit: workdays")
    pack, problems = load_pack(text, "xincheng.yaml")
    assert pack is not None, problems
    found = differences(pack_of("suqian"), pack)
    assert {each.rule for each in found} == {"时限｜办理"}
    assert found[0].right is not None
    assert found[0].right.value == "3 个工作日，原则上"


def test_a_pack_does_not_differ_from_itself() -> None:
    for city in CITIES:
        assert differences(pack_of(city), pack_of(city)) == ()
