"""One node of a flow file → its dataclass: a reader for each kind, with the defaults of the language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType

from ivr.flow.hours import Spans, parse_dates, parse_days, parse_spans
from ivr.flow.model import (
    CALLBACK_NUMBER,
    END,
    CallbackNode,
    CollectNode,
    DialNode,
    EmergencyNode,
    GotoNode,
    HangupNode,
    HoursNode,
    ListenNode,
    MenuNode,
    Node,
    Question,
    QueueNode,
    ReturnNode,
    SayNode,
    SetNode,
    SubflowNode,
    SurveyNode,
    SwitchNode,
    Target,
    VoicemailNode,
)
from ivr.flow.node_fields import NodeFields
from ivr.flow.switch_cases import read_cases
from ivr.yaml_fields import text_of
from ivr.yaml_source import shorten

SERVICES = ("110", "119", "120", "122")
"""The emergency services a flow may call for."""

CHECKS = ("digits", "phone", "order_number")
CALLBACK_REASON = "漏接回拨"


def _say(read: NodeFields) -> Node:
    return SayNode(read.id, read.place, read.outcomes(then=read.target("then")), read.prompt("say"))


def _menu(read: NodeFields) -> Node:
    say = read.prompt("say")
    choices = read.choices("choices", required=True)
    keys = {f"key.{key}": choice.target for key, choice in choices.items()}
    outcomes = read.outcomes(
        **keys,
        no_input=read.target("no_input", read.fallback),
        no_match=read.target("no_match", read.fallback),
    )
    wait, tries = read.wait(), read.tries()
    wrong, silent = read.hint("say_wrong", "sorry_wrong"), read.hint("say_silent", "sorry_silent")
    return MenuNode(read.id, read.place, outcomes, say, choices, wait, tries, wrong, silent)


def _collect(read: NodeFields) -> Node:
    fields = read.fields
    shortest, longest = fields.integer("min", 1, 1, 32), fields.integer("max", 20, 1, 32)
    if shortest > longest:
        fields.error(fields.place("min"), f"min（{shortest}）大于 max（{longest}）。", "改为 min 不大于 max。")
    end_key = fields.choice("end_key", ("#", "*", ""), "#")
    outcomes = read.outcomes(
        then=read.target("then"),
        no_input=read.target("no_input", read.fallback),
        no_match=read.target("no_match", read.fallback),
    )
    return CollectNode(
        id=read.id,
        place=read.place,
        outcomes=outcomes,
        say=read.prompt("say"),
        into=read.variable("into"),
        shortest=shortest,
        longest=longest,
        end_key=end_key,
        wait_seconds=read.wait(),
        digit_seconds=fields.number("digit_seconds", 4.0, 1.0, 15.0),
        tries=read.tries(),
        check=fields.choice("check", CHECKS, "digits"),
        say_wrong=read.hint("say_wrong", "sorry_wrong"),
        say_silent=read.hint("say_silent", "sorry_silent"),
    )


def _listen(read: NodeFields) -> Node:
    outcomes = read.outcomes(heard=read.target("heard"), nothing=read.target("nothing", read.fallback))
    say, into, silent = read.prompt("say"), read.variable("into"), read.hint("say_silent", "sorry_silent")
    return ListenNode(read.id, read.place, outcomes, say, into, read.wait(8.0), read.tries(2), silent)


def _hours(read: NodeFields) -> Node:
    week: list[Spans] = [()] * 7
    fields = read.fields
    written = fields.map("weekly", required=True)
    for name, value in written.entries.items() if written else ():
        days, spans = parse_days(name), parse_spans(text_of(value) or "")
        place = written.keys[name] if written else read.place
        if days is None:
            fields.error(place, f"“{shorten(name)}”不是星期。", "写成 mon、mon-fri、周一至周五 或 每天。")
        if spans is None:
            fields.error(value.place, "时间段不合规。", "写成 08:30-12:00 14:00-17:30；跨零点的写成两段。")
        for day in days or ():
            week[day] = week[day] + (spans or ())
    holidays, workdays = _dates(read, "holidays"), _dates(read, "workdays")
    both = sorted(holidays & workdays)
    if both:
        fields.error(fields.place("workdays"), f"{both[0]} 既是节假日又是调休上班日。", "只留一处。")
    outcomes = read.outcomes(open=read.target("open"), closed=read.target("closed"))
    return HoursNode(read.id, read.place, outcomes, tuple(week), holidays, workdays)


def _dates(read: NodeFields, key: str) -> frozenset[date]:
    found: set[date] = set()
    for text in read.fields.texts(key, ()):
        days = parse_dates(text)
        if days is None:
            place = read.fields.place(key)
            read.fields.error(place, f"“{shorten(text)}”不是日期。", "写成 2026-10-01 或 2026-10-01..2026-10-07。")
        found.update(days or ())
    return frozenset(found)


def _switch(read: NodeFields) -> Node:
    cases, targets = read_cases(read)
    outcomes = read.outcomes(**targets, **{"else": read.target("else")})
    return SwitchNode(read.id, read.place, outcomes, cases)


def _set(read: NodeFields) -> Node:
    variables = read.fields.text_map("variables", required=True)
    for name in variables:
        read.check_variable(name, read.fields.place("variables"))
    return SetNode(read.id, read.place, read.outcomes(then=read.target("then")), variables)


def _queue(read: NodeFields) -> Node:
    fields = read.fields
    wait = fields.integer("wait_seconds", 180, 0, 7200)
    keys = read.choices("keys", required=False)
    targets = {f"key.{key}": choice.target for key, choice in keys.items()}
    for key, choice in keys.items():
        if choice.words:
            fields.error(choice.target.place, f"排队时听不到语音，按键 {key} 不能写 words。", "删去 words。")
    fallback = read.optional_target("otherwise") or read.optional_target("timeout")
    if fallback is None:
        fields.error(read.place, "没有写无人接听时去哪里。", "加上“otherwise: …”，例如转留言或回拨。")
        fallback = Target(END, read.place)
    outcomes = read.outcomes(
        **targets,
        answered=read.target("answered", END),
        timeout=read.optional_target("timeout") or fallback,
        full=read.optional_target("full") or fallback,
        empty=read.optional_target("empty") or fallback,
        failed=read.optional_target("failed") or fallback,
    )
    return QueueNode(
        id=read.id,
        place=read.place,
        outcomes=outcomes,
        say=read.prompt("say", required=False),
        queue=fields.text("queue"),
        queue_place=fields.place("queue"),
        priority=fields.integer("priority", 0, 0, 100),
        wait_seconds=wait,
        keys="".join(keys),
    )


def _dial(read: NodeFields) -> Node:
    fields = read.fields
    names = ("busy", "no_answer", "failed", "refused")
    written = {name: read.optional_target(name) for name in names}
    fallback = read.optional_target("otherwise")
    missing = [name for name, target in written.items() if target is None]
    if fallback is None and missing:
        fields.error(read.place, f"没有写 {'、'.join(missing)} 时去哪里。", "加上“otherwise: …”，例如转人工。")
    spare = fallback or Target(END, read.place)
    outcomes = read.outcomes(
        answered=read.target("answered", END), **{name: target or spare for name, target in written.items()}
    )
    say, number = read.prompt("say", required=False), fields.text("number")
    ring = fields.integer("ring_seconds", 30, 5, 120)
    return DialNode(read.id, read.place, outcomes, say, number, fields.place("number"), ring)


def _emergency(read: NodeFields) -> Node:
    """The service alone must be written: who cannot be helped by it goes to a person."""
    spare = read.optional_target("otherwise") or Target(read.fallback or END, read.place)
    outcomes = read.outcomes(
        joined=read.target("joined", END),
        answered=read.optional_target("answered") or read.target("joined", END),
        failed=read.optional_target("failed") or spare,
        no_policy=read.optional_target("no_policy") or spare,
    )
    service = read.fields.choice("service", SERVICES)
    return EmergencyNode(read.id, read.place, outcomes, read.prompt("say", required=False), service)


def _voicemail(read: NodeFields) -> Node:
    recorded = read.target("recorded")
    outcomes = read.outcomes(recorded=recorded, nothing=read.optional_target("nothing") or recorded)
    longest, silence = read.fields.integer("max_seconds", 120, 5, 600), read.fields.integer("silence_seconds", 5, 1, 30)
    return VoicemailNode(read.id, read.place, outcomes, read.prompt("say"), longest, silence)


def _callback(read: NodeFields) -> Node:
    return CallbackNode(
        id=read.id,
        place=read.place,
        outcomes=read.outcomes(requested=read.target("requested"), declined=read.target("declined", read.fallback)),
        say=read.hint("say", "callback_offer"),
        say_enter=read.hint("say_enter", "callback_enter"),
        say_confirm=read.read_back("say_confirm", "callback_confirm", CALLBACK_NUMBER, "callback_confirm_keys"),
        say_done=read.hint("say_done", "callback_done"),
        reason=read.fields.text("reason", CALLBACK_REASON, longest=40),
        wait_seconds=read.wait(),
        tries=read.tries(),
    )


def _survey(read: NodeFields) -> Node:
    questions = []
    for tree in read.fields.each_map("questions", required=True):
        asked = read.inner(tree, "问题")
        name, say = asked.fields.text("name", longest=40), asked.prompt("say")
        questions.append(Question(name, say, asked.keys("keys", "12345"), tree.place))
        asked.fields.done()
    if not questions and read.fields.has("questions"):
        read.fields.error(read.fields.place("questions"), "没有问题。", "至少写一个问题：name、say、keys。")
    names = [question.name for question in questions]
    if len(set(names)) < len(names):
        read.fields.error(read.fields.place("questions"), "有两个问题同名。", "给每个问题不同的 name。")
    outcomes, say = read.outcomes(then=read.target("then")), read.prompt("say", required=False)
    wrong = read.hint("say_wrong", "sorry_wrong")
    return SurveyNode(read.id, read.place, outcomes, say, tuple(questions), read.wait(), read.tries(2), wrong)


def _goto(read: NodeFields) -> Node:
    fields = read.fields
    target, flow = read.optional_target("to"), fields.text("flow", "")
    if (target is None) == (not flow):
        fields.error(read.place, "goto 要写 to（节点）或 flow（流程）其中之一。", "留下其中一个。")
    outcomes = read.outcomes(then=target) if target and not flow else read.outcomes()
    return GotoNode(read.id, read.place, outcomes, flow, fields.place("flow") if flow else None)


def _subflow(read: NodeFields) -> Node:
    outcomes = read.outcomes(then=read.target("then"))
    return SubflowNode(read.id, read.place, outcomes, read.fields.text("flow"), read.fields.place("flow"))


def _return(read: NodeFields) -> Node:
    return ReturnNode(read.id, read.place, read.outcomes())


def _hangup(read: NodeFields) -> Node:
    say, cause = read.prompt("say", required=False), read.fields.integer("cause", 16, 1, 127)
    return HangupNode(read.id, read.place, read.outcomes(), say, cause)


READERS: Mapping[str, Callable[[NodeFields], Node]] = MappingProxyType(
    {
        "say": _say,
        "menu": _menu,
        "collect": _collect,
        "listen": _listen,
        "hours": _hours,
        "switch": _switch,
        "set": _set,
        "queue": _queue,
        "dial": _dial,
        "emergency": _emergency,
        "voicemail": _voicemail,
        "callback": _callback,
        "survey": _survey,
        "goto": _goto,
        "subflow": _subflow,
        "return": _return,
        "hangup": _hangup,
    }
)
"""Node kind → its reader."""
