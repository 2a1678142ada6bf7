"""Reading the plan of a campaign: YAML that people write, with every problem at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from ivr.problems import Place, Problem
from ivr.yaml_fields import Fields
from ivr.yaml_source import YamlMap, read_yaml
from workorder.campaigns import DialPlan, DialWeights, Kind, Plan, PlannedCall, Question, Sample, SurveyPlan

MOST_MEMBERS = 5000
MOST_CALLS = 200
MOST_DAYS = 366
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NUMBER = re.compile(r"\d{3,12}")
_KEYS = re.compile(r"[0-9*#]{0,20}")


def read_plan(text: str | bytes, file: str) -> tuple[Plan | None, tuple[Problem, ...]]:
    """Read a plan; None when there are errors."""
    tree, found = read_yaml(text, file)
    problems = list(found)
    if tree is None:
        return None, tuple(problems)
    fields = Fields(tree, "调研或拨测方案", problems)
    fields.integer("campaign", 1, 1, 1)
    kind = fields.choice("kind", [each.value for each in Kind])
    title, client = fields.text("title", longest=120), fields.text("client", longest=120)
    plan: Plan = _dial_test(fields, title, client) if kind == Kind.DIAL_TEST.value else _survey(fields, title, client)
    fields.done()
    return (None if any(problem.is_error for problem in problems) else plan), tuple(problems)


def _survey(fields: Fields, title: str, client: str) -> SurveyPlan:
    opening, questions = "", []
    script = fields.map("script", required=True)
    if script is not None:
        inner = Fields(script, "话术", fields.problems)
        opening = inner.text("opening", longest=500)
        for tree in inner.each_map("questions", required=True):
            each = Fields(tree, "题目", fields.problems)
            questions.append(
                Question(each.text("name", longest=40), each.text("ask", longest=200), each.texts("choices", ()))
            )
            _wrong_question(questions, each, tree)
        inner.done()
    return SurveyPlan(title, client, opening, tuple(questions), _sample(fields))


def _wrong_question(questions: Sequence[Question], fields: Fields, tree: YamlMap) -> None:
    new = questions[-1]
    if not _NAME.fullmatch(new.name):
        fields.error(tree.place, f"题目的 name“{new.name[:40]}”不对。", "小写字母开头，只用字母、数字和 _。")
    if any(each.name == new.name for each in questions[:-1]):
        fields.error(tree.place, f"“{new.name}”写了两次。", "每题一个 name。")
    if len(set(new.choices)) != len(new.choices) or len(new.choices) == 1:
        fields.error(tree.place, f"“{new.ask}”的选项重复，或只有一个。", "写两个以上不同的选项；开放题不写 choices。")
    fields.done()


def _sample(fields: Fields) -> Sample:
    tree = fields.map("sample", required=True)
    if tree is None:
        return Sample(date.min, date.min, 1)
    inner = Fields(tree, "抽样", fields.problems)
    since, until = _day(inner, "since"), _day(inner, "until")
    if not since <= until:
        inner.error(inner.place("until"), "结束日期在开始日期之前。", "对调两个日期。")
    elif (until - since).days >= MOST_DAYS:
        inner.error(inner.place("until"), f"抽样期超过 {MOST_DAYS} 天。", "缩短日期范围。")
    size = inner.integer("size", low=1, high=MOST_MEMBERS)
    sample = Sample(
        since,
        until,
        size,
        inner.text("unit", "", longest=120),
        inner.text("category", "", longest=80),
        inner.text("seed", "", longest=64),
    )
    inner.done()
    return sample


def _day(fields: Fields, key: str) -> date:
    text = fields.text(key)
    try:
        return date.fromisoformat(text)
    except ValueError:
        if text:
            fields.error(fields.place(key), f"“{text[:20]}”不是日期。", "写成 2026-11-01。")
        return date.min


def _dial_test(fields: Fields, title: str, client: str) -> DialPlan:
    within = fields.integer("within_seconds", 15, 1, 600)
    weights, usual = DialWeights(), DialWeights()
    tree = fields.map("score")
    if tree is not None:
        inner = Fields(tree, "评分", fields.problems)
        names = ("connected", "person", "in_time", "heard")
        weights = DialWeights(*(inner.integer(name, getattr(usual, name), 0, 100) for name in names))
        together = weights.connected + weights.person + weights.in_time + weights.heard
        if together != 100:
            inner.error(tree.place, f"分值合计 {together}，应为 100。", "调整 connected、person、in_time、heard。")
        inner.done()
    calls: list[PlannedCall] = []
    for each in fields.each_map("calls", required=True):
        calls += _call(each, fields.problems)
    if not 1 <= len(calls) <= MOST_CALLS:
        fields.error(
            fields.place("calls"), f"一共 {len(calls)} 通电话。", f"写 1 到 {MOST_CALLS} 通，含 times 的次数。"
        )
    return DialPlan(title, client, tuple(calls), within, weights)


def _call(tree: YamlMap, problems: list[Problem]) -> list[PlannedCall]:
    inner = Fields(tree, "拨测电话", problems)
    times = inner.integer("times", 1, 1, MOST_CALLS)
    call = PlannedCall(
        inner.text("name", longest=60),
        inner.text("to", longest=12),
        inner.text("keys", "", longest=20),
        inner.text("say", "", longest=200),
        inner.texts("hears", ()),
        inner.integer("stay_seconds", 20, 1, 120),
    )
    for pattern, value, what, remedy in (
        (_NUMBER, call.to, "被叫号码", "只能是热线自己的号码，例如 12345。"),
        (_KEYS, call.keys, "按键", "只用 0-9、* 和 #。"),
    ):
        if not pattern.fullmatch(value):
            inner.error(tree.place, f"{what}“{value[:20]}”不对。", remedy)
    inner.done()
    return [call] * times


def strange_numbers(plan: Plan, own: Sequence[str], file: str) -> tuple[Problem, ...]:
    """Return a problem for each number that a dial test would ring and that is not the hotline's own."""
    found = [each.to for each in plan.calls if each.to not in own] if isinstance(plan, DialPlan) else []
    remedy = f"拨测只打热线自己的号码：{'、'.join(own)}。"
    return tuple(Problem(Place(file), f"“{each}”不是本热线的号码。", remedy) for each in dict.fromkeys(found))
