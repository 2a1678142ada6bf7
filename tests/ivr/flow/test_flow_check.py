"""The check of flows: each kind of defect, planted into a flow we ship, is found at its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.flow.check import check_files, report
from ivr.flow.inspect import Catalogue
from ivr.flow.load import load_flow, read_flow
from ivr.flow.prompt import words_sound
from ivr.flow.schema import FIELDS
from ivr.problems import Problem
from tests.ivr.flow import shipped


def check(texts: dict[str, str]) -> tuple[Problem, ...]:
    return check_files(texts, shipped.catalogue()).problems


def check_one(text: str) -> tuple[Problem, ...]:
    return check({"test.yaml": text})


def test_the_flows_we_ship_have_no_error_and_only_the_menu_flow_is_warned_of() -> None:
    problems = check(shipped.texts())
    assert [(problem.place.file, problem.is_error, problem.clause) for problem in problems] == [
        ("menu.yaml", False, "GB/T 33358-2016")
    ]


# Each row: flow, text to replace (its first occurrence), replacement, a word of the finding, text on the line it is at.
DEFECTS = [
    ("main", "then: human", "then: humann", "不存在的节点", "then: humann"),
    ("main", "start: greeting", "start: hello", "不存在的节点", "start: hello"),
    ("main", '"0": {to: human,', '"0": {to: nobody,', "不存在的节点", '"0": {to: nobody,'),
    ("main", "queue: general", "queue: genral", "没有队列", "queue: genral"),
    ("main", "flow: survey", "flow: servey", "没有流程", "flow: servey"),
    ("main", "recorded: message_kept", "recorded: goodbye", "没有任何路径", "message_kept:"),
    ("main", "kind: voicemail", "kind: voicemial", "不能是", "kind: voicemial"),
    ("main", "    otherwise: all_busy\n", "", "无人接听", "human:"),
    ("main", "wait_seconds: 180", "wait_seconds: 很久", "整数", "wait_seconds: 很久"),
    ("main", "wait_seconds: 180", "wait_second: 180", "没有“wait_second”", "wait_second: 180"),
    ("main", "max_seconds: 120", "max_seconds: 99999", "不在", "max_seconds: 99999"),
    ("main", "请现在按零", "请现在按九", "没有这个按键", "请现在按九"),
    ("main", '      "1": call_back', '      "11": call_back', "不是电话按键", '"11": call_back'),
    ("main", "say: 感谢您的来电，再见。", "say: 。", "没有文字", "say: 。"),
    ("main", "say: 感谢您的来电，再见。", "say: {prompt: bye}", "没有提示音", "{prompt: bye}"),
    ("main", "say: 感谢您的来电，再见。", "say: {digits: order}", "没有在任何地方赋值", "{digits: order}"),
    ("main", "  goodbye:\n", "  goodbye:\n    kind: say\n", "重复", "kind: hangup"),
    ("main", "flow: 1", "flow: 9", "版本", "flow: 9"),
    ("main", "start: greeting", "stat: greeting", "缺少“start”", "flow: 1"),
    ("main", "  all_busy:\n", "  end:\n    kind: return\n  all_busy:\n", "保留的名称", "  end:"),
    ("menu", "查询工单进度请按3，", "", "提示音没有说", '"3": {to: order_number'),
    ("menu", "投诉请按2，", "投诉请按5，", "没有这个按键", "投诉请按5，"),
    ("menu", "    no_input: human\n", "    no_input: main_menu\n", "无休止地循环", "no_input: main_menu"),
    ("menu", "    min: 6\n", "    min: 30\n", "大于 max", "min: 30"),
    ("menu", "into: order_number", "into: 编号", "变量名", "into: 编号"),
    ("menu", "check: order_number", "check: ordernumber", "不能是", "check: ordernumber"),
    ("menu", "words: [投诉, 我要投诉, 举报]", "words: [投诉！]", "不能用于语音识别", "words: [投诉！]"),
    ("menu", "[投诉, 我要投诉, 举报]", "[投诉, 资讯]", "听起来一样", "[投诉, 资讯]"),
    ("menu", "[进度, 工单进度,", "[人公, 工单进度,", "听起来一样", '"0": {to: human'),
    ("after_hours", "2026-10-01..2026-10-07", "2026-10-32", "不是日期", "2026-10-32"),
    ("after_hours", "08:30-12:00 13:30-17:30", "22:00-06:00", "时间段", "22:00-06:00"),
    ("after_hours", "周一至周五", "周一至周八", "不是星期", "周一至周八"),
    ("after_hours", "      - 2026-10-10\n", "      - 2026-10-01\n", "既是节假日又是", "workdays:"),
    ("elder", "then: human_again", "then: wait_more", "无休止地循环", "then: wait_more"),
    ("elder", "speed: 0.75", "speed: 9", "应为", "speed: 9"),
    ("survey", 'keys: "123"', "keys: 一二三", "不是一组按键", "keys: 一二三"),
    ("survey", 'keys: "123"', "keys: ''", "不是一组按键", "keys: ''"),
    ("main", "fallback: human", "fallback: message", "不能直接到人工", "message:"),
    ("survey", "name: 是否解决", "name: 满意度", "同名", "questions:"),
]


@pytest.mark.parametrize(("flow", "old", "new", "finding", "line"), DEFECTS, ids=lambda value: str(value)[:24])
def test_a_planted_defect_is_found_at_its_line(flow: str, old: str, new: str, finding: str, line: str) -> None:
    texts = shipped.texts()
    file = f"{flow}.yaml"
    assert old in texts[file]
    texts[file] = texts[file].replace(old, new, 1)
    expected = {number for number, row in enumerate(texts[file].split("\n"), 1) if line in row}
    found = [problem for problem in check(texts) if finding in problem.what and problem.place.file == file]
    assert found
    places = {problem.place.line for problem in found}
    near = places & (expected | {number + 1 for number in expected} if line.endswith(":") else expected)
    assert near, f"at {places}, not at {expected}"
    assert all(problem.remedy for problem in found)


def test_a_misspelt_name_is_answered_with_the_right_one() -> None:
    texts = shipped.texts()
    texts["main.yaml"] = texts["main.yaml"].replace("queue: general", "queue: genral", 1)
    texts["main.yaml"] = texts["main.yaml"].replace("then: human", "then: humann", 1)
    said = report(check_files(texts, shipped.catalogue()))
    assert "是不是想写“general”？" in said
    assert "是不是想写“human”？" in said
    assert said.splitlines()[-1] == "检查了 5 个文件：2 个错误，1 个提醒，不能使用。"


def test_a_flow_without_a_person_is_refused() -> None:
    text = "flow: 1\nstart: a\nnodes:\n  a: {kind: say, say: 你好, then: b}\n  b: {kind: hangup}\n"
    whats = [problem.what for problem in check_one(text)]
    assert any("没有人工" in what for what in whats)
    assert any("到不了人工" in what for what in whats)


def test_a_person_three_keys_away_is_too_far() -> None:
    row = "  m{}: {{kind: menu, say: 请按1, choices: {{'1': m{}}}, no_input: bye, no_match: bye}}\n"
    menus = "".join(row.format(n, n + 1) for n in (1, 2, 3))
    text = f"flow: 1\nstart: m1\nnodes:\n{menus}  m4: {{kind: queue, queue: general, otherwise: bye}}\n"
    text += "  bye: {kind: hangup}\n"
    found = [problem for problem in check_one(text) if "要按 3 次键" in problem.what]
    assert [problem.place.line for problem in found] == [4]


def test_a_way_that_never_ends_is_found() -> None:
    text = """flow: 1
start: a
anytime: {"0": human}
nodes:
  human: {kind: queue, queue: general, otherwise: end}
  a: {kind: menu, say: 请按1, choices: {"1": b}, no_input: human, no_match: human}
  b: {kind: set, variables: {x: y}, then: c}
  c: {kind: goto, to: b}
"""
    whats = {problem.place.line: problem.what for problem in check_one(text) if "永远不会结束" in problem.what}
    assert set(whats) == {7, 8}


def test_flows_that_call_each_other_for_ever_are_found() -> None:
    text = "flow: 1\nstart: x\nnodes:\n  x: {{kind: goto, flow: {}}}\n"
    text += "  human: {{kind: queue, queue: general, otherwise: x}}\n"
    texts = {"a.yaml": text.format("b"), "b.yaml": text.format("a")}
    assert any("无休止地循环" in problem.what for problem in check(texts))


def test_long_prompts_before_a_person_are_warned_of_by_their_measured_length() -> None:
    text = "flow: 1\nstart: a\nnodes:\n  a: {kind: say, say: 你好, then: human}\n"
    text += "  human: {kind: queue, queue: general, otherwise: end}\n"
    sound = words_sound("你好")
    known = shipped.catalogue()
    slow = Catalogue(known.queues, known.numbers, known.prompts, seconds={sound: 16.0})
    assert check_one(text) == ()
    (problem,) = check_files({"test.yaml": text}, slow).problems
    assert (problem.is_error, problem.clause, problem.place.line) == (False, "GB/T 33358-2016", 4)


def test_questions_and_cases_may_not_be_empty() -> None:
    text = """flow: 1
start: s
nodes:
  s: {kind: switch, cases: [], else: q}
  q: {kind: survey, questions: [], then: human}
  human: {kind: queue, queue: general, otherwise: end}
"""
    whats = [(problem.place.line, problem.what) for problem in check_one(text)]
    assert whats == [(4, "没有写任何情况。"), (5, "没有问题。")]


def test_two_flows_of_one_name_are_refused() -> None:
    text = shipped.texts()["main.yaml"]
    problems = check({"main.yaml": text, "copy.yaml": text, "survey.yaml": shipped.texts()["survey.yaml"]})
    assert any("重复" in problem.what for problem in problems)


def test_only_numbers_of_the_catalogue_may_be_dialled() -> None:
    text = "flow: 1\nstart: d\nnodes:\n  d: {{kind: dial, number: '{}', otherwise: end}}\n"
    assert check_one(text.format("09310001")) == ()
    for number in ("110", "119", "013912345678"):
        assert any("没有允许拨打的号码" in problem.what for problem in check_one(text.format(number)))


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=400), st.text(max_size=400)))
def test_any_bytes_give_problems_and_never_a_traceback(text: str | bytes) -> None:
    checked = check_files({"x.yaml": text}, shipped.catalogue())
    assert checked.problems
    assert report(checked)


LINE = st.sampled_from([line for text in shipped.texts().values() for line in text.split("\n")])


@settings(max_examples=250, deadline=None)
@given(
    flow=st.sampled_from(sorted(shipped.texts())),
    cuts=st.lists(st.tuples(st.integers(0, 90), st.sampled_from(("drop", "twice", "swap", "null")), LINE)),
)
def test_a_flow_with_its_lines_shuffled_never_raises(flow: str, cuts: list[tuple[int, str, str]]) -> None:
    lines = shipped.texts()[flow].split("\n")
    for at, how, other in cuts:
        at %= max(len(lines), 1)
        match how:
            case "drop":
                del lines[at : at + 1]
            case "twice":
                lines.insert(at, other)
            case "swap":
                lines[at : at + 1] = [other]
            case _:
                lines[at : at + 1] = [lines[at].split(":")[0] + ":"] if lines else []
    checked = check_files({flow: "\n".join(lines)}, shipped.catalogue())
    assert report(checked)


@pytest.mark.parametrize("key", ["nodes", "anytime", "start", "flow", "speed", "subflow"])
@pytest.mark.parametrize("value", ["", "1", "true", "[1, [2]]", "{a: {b: c}}", "{'1': {to: [x], words: {a: b}}}"])
def test_a_value_of_the_wrong_type_is_a_problem(key: str, value: str) -> None:
    lines = ["flow: 1", "start: a", "nodes: {a: {kind: queue, queue: general, otherwise: end}}"]
    text = "\n".join([line for line in lines if not line.startswith(f"{key}:")] + [f"{key}: {value}"])
    if (key, value) not in {("flow", "1"), ("speed", "1"), ("subflow", "true")}:
        assert any(problem.is_error for problem in check_one(text))


@pytest.mark.parametrize(
    "kind", sorted({"say", "menu", "collect", "listen", "hours", "switch", "set", "queue", "dial"})
)
def test_a_node_with_every_value_of_the_wrong_type_is_a_problem(kind: str) -> None:
    for value in ("[1, [2]]", "{a: {b: c}}", "null", "true", "1.5", "''"):
        keys = (
            "say",
            "choices",
            "then",
            "into",
            "weekly",
            "cases",
            "else",
            "variables",
            "queue",
            "number",
            "otherwise",
        )
        rows = "".join(f"    {key}: {value}\n" for key in keys)
        flow, problems = read_flow(f"flow: 1\nstart: a\nnodes:\n  a:\n    kind: {kind}\n{rows}", "x.yaml")
        assert flow is not None
        assert any(problem.is_error for problem in problems) or not FIELDS[kind]


def test_a_flow_of_three_thousand_nodes_is_refused_before_they_are_read() -> None:
    nodes = "\n".join(f"  n{number}: {{kind: nonsense}}" for number in range(3000))
    flow, problems = load_flow(f"flow: 1\nstart: n0\nnodes:\n{nodes}\n", "big.yaml")
    assert flow is None
    assert [problem.what for problem in problems if "500" in problem.what] == ["节点超过 500 个。"]
    assert not any("nonsense" in problem.what for problem in problems)
