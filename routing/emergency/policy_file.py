"""Read a city's emergency policy from YAML, strictly: all problems at once, with places and remedies."""

from __future__ import annotations

from ivr.problems import Problem, Severity, has_errors
from ivr.yaml_fields import Fields, remedy_for_unknown
from ivr.yaml_source import YamlMap, read_yaml
from routing.emergency.interlock import digits_of
from routing.emergency.kinds import Confidence, Kind
from routing.emergency.policy import ALWAYS_GO, VERIFY_SECONDS, Mode, Policy, Rule, Source, Start, Target

_KINDS = tuple(kind.value for kind in Kind)
_MOST_TARGETS = 6
_LONGEST_CATEGORY = 60


def load_policy(text: str | bytes, file: str) -> tuple[Policy | None, tuple[Problem, ...]]:
    """Return the policy, or None and every problem. A policy with warnings only is returned together with them."""
    tree, found = read_yaml(text, file)
    if tree is None or has_errors(found):
        return None, found
    problems = list(found)
    top = Fields(tree, "紧急联动政策", problems)
    top.integer("emergency_policy", low=1, high=1)
    name = top.text("name")
    version = top.text("version")
    clauses = top.texts("clauses", default=())
    priority = top.integer("from_110_priority", default=80, low=0, high=99)
    verify_seconds = top.integer("verify_seconds", default=VERIFY_SECONDS, low=5, high=600)
    targets = _targets(top.map("targets", required=True), problems)
    starts, overrides = _starts(top.map("start"), problems)
    categories = _categories(top)
    rules = tuple(_rule(item, targets, problems) for item in top.each_map("rules", required=True))
    for kind in Kind:
        if not any(rule.kind is kind and not rule.category and not rule.words for rule in rules):
            top.error(top.place("rules"), f"没有 {kind.value} 的一般规则。", f'加上一条 kind: "{kind.value}" 的规则。')
    top.done()
    if has_errors(tuple(problems)):
        return None, tuple(problems)
    policy = Policy(name, version, rules, targets, starts, overrides, priority, clauses, categories, verify_seconds)
    return policy, tuple(problems)


def _categories(top: Fields) -> dict[str, Kind]:
    """Read `categories: {燃气泄漏: "119"}`."""
    found: dict[str, Kind] = {}
    tree = top.map("categories")
    fields = Fields(tree, "categories", top.problems) if tree is not None else None
    for category in tree.entries if tree is not None else ():
        if fields is not None:
            found[category] = Kind(fields.choice(category, _KINDS))
        if len(category) > _LONGEST_CATEGORY:
            top.error(top.place("categories"), f"事项“{category[:40]}”太长。", f"不超过 {_LONGEST_CATEGORY} 个字。")
    return found


def _targets(tree: YamlMap | None, problems: list[Problem]) -> dict[str, Target]:
    found: dict[str, Target] = {}
    for name, value in tree.entries.items() if tree else ():
        if not isinstance(value, YamlMap):
            problems.append(Problem(value.place, f"“{name}”应写成号码、名称等几项。", "参照 default.yaml 书写。"))
            continue
        fields = Fields(value, f"联动单位“{name}”", problems)
        target = Target(
            name=name,
            title=fields.text("title", longest=40),
            numbers=fields.texts("numbers"),
            trunks=fields.texts("trunks", default=("emergency",)),
            ring_seconds=fields.integer("ring_seconds", default=20, low=5, high=60),
            may_pass_number=fields.boolean("pass_number", default=True),
            may_pass_place=fields.boolean("pass_place", default=True),
            clause=fields.text("clause", default=""),
        )
        for number in target.numbers:
            if digits_of(number) is None:
                fields.error(fields.place("numbers"), f"“{number[:20]}”不是电话号码。", "只写数字。")
        if len(set(target.numbers)) < len(target.numbers):
            fields.error(fields.place("numbers"), "同一个号码写了两次。", "删去一个。")
        fields.done()
        found[name] = target
    return found


def _rule(tree: YamlMap, targets: dict[str, Target], problems: list[Problem]) -> Rule:
    fields = Fields(tree, "规则", problems)
    mode = Mode(fields.choice("mode", [each.value for each in Mode]))
    rule = Rule(
        kind=Kind(fields.choice("kind", _KINDS)),
        mode=mode,
        targets=fields.texts("targets"),
        notify=fields.texts("notify", default=()),
        category=fields.text("category", default=""),
        words=fields.texts("words", default=()),
        guide=fields.text("guide", default="", longest=200),
        clause=fields.text("clause", default=""),
    )
    for key, names in (("targets", rule.targets), ("notify", rule.notify)):
        for name in names:
            if name not in targets:
                remedy = remedy_for_unknown(name, targets)
                fields.error(fields.place(key), f"没有名为“{name[:40]}”的联动单位。", remedy)
        if len(names) > _MOST_TARGETS:
            fields.error(fields.place(key), f"一次最多 {_MOST_TARGETS} 个单位。", "减少单位。")
    if mode is Mode.PARALLEL_NOTIFY and not rule.notify:
        fields.error(fields.tree.place, "同步通知没有写通知谁。", "加上 notify: 职能单位。")
    if mode is Mode.GUIDE and not rule.guide:
        fields.error(fields.tree.place, "引导没有写要说的话。", "加上 guide: 对市民说的话。")
    if not rule.clause:
        problems.append(Problem(tree.place, "规则没有写依据。", "加上 clause: 条款编号。", Severity.WARNING))
    fields.done()
    return rule


def _starts(
    tree: YamlMap | None, problems: list[Problem]
) -> tuple[dict[tuple[Source, Confidence], Start], dict[tuple[Kind, Source, Confidence], Start]]:
    """Read `start: {words_in_flow: {confirmed: go, suspected: suggest, "120": {confirmed: go}}}`."""
    starts: dict[tuple[Source, Confidence], Start] = {}
    overrides: dict[tuple[Kind, Source, Confidence], Start] = {}
    if tree is None:
        return starts, overrides
    top = Fields(tree, "start", problems)
    for source in Source:
        per_source = top.map(source.value)
        if per_source is None:
            continue
        if source in ALWAYS_GO:
            top.error(top.place(source.value), "人工发起总是立即执行，不能改。", "删去这一项。")
        fields = Fields(per_source, source.value, problems)
        starts |= {(source, sure): start for sure, start in _by_confidence(fields).items()}
        for kind in Kind:
            per_kind = fields.map(kind.value)
            if per_kind is not None:
                special = Fields(per_kind, kind.value, problems)
                overrides |= {(kind, source, sure): start for sure, start in _by_confidence(special).items()}
                special.done()
        fields.done()
    top.done()
    return starts, overrides


def _by_confidence(fields: Fields) -> dict[Confidence, Start]:
    return {
        confidence: Start(fields.choice(confidence.value, [start.value for start in Start]))
        for confidence in Confidence
        if fields.has(confidence.value)
    }
