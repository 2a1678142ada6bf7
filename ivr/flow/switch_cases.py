"""The rows of a switch node: how they are written, and whether one holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from ivr.flow.hours import is_within, local_minute, parse_days, parse_spans
from ivr.flow.model import Case, Target
from ivr.flow.node_fields import NodeFields
from ivr.problems import Place
from ivr.yaml_fields import text_of
from ivr.yaml_source import YamlList, YamlMap, shorten

_PATTERN = re.compile(r"\+?[0-9]{0,20}\*?|unknown")


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """What the switch says of a queue: callers waiting, agents that are ready."""

    waiting: int
    ready: int


def read_cases(read: NodeFields) -> tuple[tuple[Case, ...], Mapping[str, Target]]:
    """Return the rows of `cases` and their targets by outcome name (`case.1`, …)."""
    cases: list[Case] = []
    targets: dict[str, Target] = {}
    for number, tree in enumerate(read.fields.each_map("cases", required=True), 1):
        outcome = f"case.{number}"
        cases.append(_case(read.inner(tree, f"第 {number} 种情况"), tree, outcome))
        written = tree.entries.get("to")
        targets[outcome] = Target(read.inner(tree, "").target("to").node, written.place if written else tree.place)
    if not cases and read.fields.has("cases"):
        read.fields.error(
            read.fields.place("cases"), "没有写任何情况。", "至少写一种，例如 - {caller: '0931*', to: human}。"
        )
    return tuple(cases), MappingProxyType(targets)


def _case(read: NodeFields, tree: YamlMap, outcome: str) -> Case:
    fields = read.fields
    fields.has("to")
    if set(tree.keys) <= {"to"}:
        fields.error(tree.place, "这种情况没有条件。", "加上条件，例如 caller: '0931*'；无条件的去处写在 else。")
    numbers = {key: _patterns(read, key) for key in ("caller", "called", "original_line")}
    spans = parse_spans(fields.text("time", "00:00-24:00"))
    if spans is None:
        fields.error(fields.place("time"), "时间段不合规。", "写成 08:30-12:00；跨零点的写成两段。")
    days = parse_days(fields.text("weekday", "每天"))
    if days is None:
        fields.error(fields.place("weekday"), "不是星期。", "写成 mon、mon-fri、周一至周五 或 每天。")
    queue = fields.text("queue", "")
    facts = {
        key: fields.integer(key, 0, 0, 9999) if fields.has(key) else None
        for key in ("waiting_at_least", "ready_at_most")
    }
    if bool(queue) != any(value is not None for value in facts.values()):
        what = "queue 要与 waiting_at_least 或 ready_at_most 同时写。"
        fields.error(fields.place("queue"), what, "例如 queue: general 与 waiting_at_least: 10。")
    case = Case(
        outcome=outcome,
        place=tree.place,
        caller=numbers["caller"],
        called=numbers["called"],
        original_line=numbers["original_line"],
        times=spans if spans and fields.has("time") else (),
        weekdays=frozenset(days) if days and fields.has("weekday") else None,
        variables=_variables(read),
        queue=queue,
        queue_place=fields.place("queue") if queue else None,
        waiting_at_least=facts["waiting_at_least"],
        ready_at_most=facts["ready_at_most"],
    )
    fields.done()
    return case


def _patterns(read: NodeFields, key: str) -> tuple[str, ...]:
    found = read.fields.texts(key, ())
    for text in found:
        if not _PATTERN.fullmatch(text):
            what = f"“{shorten(text)}”不是号码或号段。"
            read.fields.error(read.fields.place(key), what, "写成完整号码、以 * 结尾的号段（'0931*'），或 unknown。")
    return found


def _variables(read: NodeFields) -> Mapping[str, tuple[str, ...]]:
    tree = read.fields.map("variables")
    found: dict[str, tuple[str, ...]] = {}
    for name, value in tree.entries.items() if tree else ():
        read.check_variable(name, tree.keys[name] if tree else Place(""))
        items = value.items if isinstance(value, YamlList) else (value,)
        texts = tuple(text for item in items if (text := text_of(item)) is not None)
        if len(texts) < len(items):
            read.fields.error(value.place, f"变量“{name}”的值应为文字。", "写成文字或文字列表。")
        found[name] = texts
    return MappingProxyType(found)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a switch may look at."""

    caller: str
    called: str
    original_line: str
    at: datetime | None
    variables: Mapping[str, str]
    queues: Mapping[str, QueueFacts]


def holds(case: Case, now: Circumstances) -> bool:
    """Whether every condition of a row that is given holds; what is not known never holds."""
    return (
        _fits(case.caller, now.caller)
        and _fits(case.called, now.called)
        and _fits(case.original_line, now.original_line)
        and all(now.variables.get(name, "") in values for name, values in case.variables.items())
        and _is_time(case, now.at)
        and _is_queue(case, now.queues)
    )


def _fits(patterns: tuple[str, ...], number: str) -> bool:
    if not patterns:
        return True
    if not number:
        return "unknown" in patterns
    return any(number.startswith(text[:-1]) if text.endswith("*") else number == text for text in patterns)


def _is_time(case: Case, at: datetime | None) -> bool:
    if not case.times and case.weekdays is None:
        return True
    if at is None:
        return False
    day, minute = local_minute(at)
    is_day = case.weekdays is None or day.weekday() in case.weekdays
    return is_day and (not case.times or is_within(case.times, minute))


def _is_queue(case: Case, queues: Mapping[str, QueueFacts]) -> bool:
    if not case.queue:
        return True
    facts = queues.get(case.queue)
    if facts is None:
        return False
    is_long = case.waiting_at_least is None or facts.waiting >= case.waiting_at_least
    return is_long and (case.ready_at_most is None or facts.ready <= case.ready_at_most)
