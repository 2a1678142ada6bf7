"""Typed reading of the single rules of a pack; each must name its clause (or `silent`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import TypeVar

from ivr.problems import Problem
from ivr.yaml_fields import Fields
from ivr.yaml_source import YamlMap, YamlScalar
from workorder.cities import pack as p
from workorder.clock.due import Limit, TimeUnit
from workorder.life.actors import Role

T = TypeVar("T")

_UNITS = [unit.value for unit in TimeUnit]
_ROLES = [role.value for role in Role]
_STEPS = ("pre_review", "conformity_review", "field_check", "special_reports", "follow_up", "finality", "most_returns")


class PackReader:
    """Reads one rule after another and collects the problems; a bad rule is read as far as it goes."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def fields(self, tree: YamlMap, what: str) -> Fields:
        return Fields(tree, what, self.problems)

    def clause(self, fields: Fields) -> str:
        """Return the source clause: no rule without one."""
        if not fields.has("clause"):
            what = f"{fields.what}没有写依据。"
            fields.error(fields.tree.place, what, "加上 clause: 条款；原文没有写、取默认值的写 clause: silent。")
            return ""
        return fields.text("clause", longest=120)

    def one(self, tree: YamlMap, what: str, read: Callable[[Fields, str], T]) -> T:
        """Read one rule with its clause by a reader of its own."""
        fields = self.fields(tree, what)
        found = read(fields, self.clause(fields))
        fields.done()
        return found

    def switch(self, top: Fields, key: str, inner: str, options: Sequence[str]) -> tuple[str, str]:
        """Read `key: {inner: value, clause: …}`."""
        tree = top.map(key, required=True)
        if tree is None:
            return options[0], ""
        fields = self.fields(tree, key)
        if options == ["true", "false"]:
            value = "true" if fields.boolean(inner) else "false"
        else:
            value = fields.choice(inner, options)
        clause = self.clause(fields)
        fields.done()
        return value, clause

    def amount(self, fields: Fields) -> Limit:
        """Read `amount` and `unit` of a limit."""
        unit = TimeUnit(fields.choice("unit", _UNITS))
        return Limit(fields.integer("amount", low=1, high=3660), unit)

    def named(self, tree: YamlMap | None, what: str) -> p.Named:
        if tree is None:
            return p.Named((), "")
        fields = self.fields(tree, what)
        items = fields.texts("items")
        if len(set(items)) < len(items):
            fields.error(fields.place("items"), f"“{what}”里有重复的项。", "删去重复的。")
        clause = self.clause(fields)
        fields.done()
        return p.Named(items, clause)

    def category(self, tree: YamlMap) -> p.Category:
        fields = self.fields(tree, "诉求类别")
        category = p.Category(
            fields.text("name", longest=40),
            fields.text("title", longest=40),
            self.clause(fields),
            fields.boolean("protected", default=False),
            fields.boolean("urgent", default=False),
        )
        fields.done()
        return category

    def route(self, tree: YamlMap) -> p.Route:
        fields = self.fields(tree, "路由")
        route = p.Route(fields.texts("categories"), fields.choice("to", [*_ROLES, "catalogue"]), self.clause(fields))
        fields.done()
        return route

    def limit(self, tree: YamlMap) -> p.TimeLimit:
        fields = self.fields(tree, "时限")
        limit = p.TimeLimit(
            p.LimitKind(fields.choice("kind", [kind.value for kind in p.LimitKind])),
            self.amount(fields),
            self.clause(fields),
            fields.texts("for", default=()),
            fields.boolean("soft", default=False),
            fields.text("law", default="", longest=120),
        )
        fields.done()
        return limit

    def extension(self, tree: YamlMap | None) -> p.Extension:
        if tree is None:
            return p.Extension(0, Limit(1, TimeUnit.WORKDAYS), Role.HOST, "")
        fields = self.fields(tree, "延期")
        extension = p.Extension(
            fields.integer("times", low=0, high=9),
            self.amount(fields),
            Role(fields.choice("approver", ["centre", "host", "governing"])),
            self.clause(fields),
        )
        fields.done()
        return extension

    def not_accept(self, tree: YamlMap) -> p.NotAccept:
        fields = self.fields(tree, "不予受理的理由")
        reason = p.NotAccept(
            code=fields.text("code", longest=20),
            title=fields.text("title", longest=80),
            explanation=fields.text("explanation", longest=400),
            referral=fields.text("referral", longest=200),
            clause=self.clause(fields),
            needs_note=fields.boolean("needs_note", default=False),
            needs_approver=fields.boolean("needs_approver", default=False),
            checklist=fields.texts("checklist", default=()),
            needs_earlier_order=fields.boolean("needs_earlier_order", default=False),
        )
        fields.done()
        return reason

    def emergency(self, tree: YamlMap | None) -> p.Emergency:
        if tree is None:
            return p.Emergency(p.EmergencyMode.GUIDE, False, (), "default", "")
        fields = self.fields(tree, "紧急求助")
        emergency = p.Emergency(
            p.EmergencyMode(fields.choice("mode", [mode.value for mode in p.EmergencyMode])),
            fields.boolean("parallel_notify"),
            fields.texts("targets"),
            fields.text("policy", longest=40),
            self.clause(fields),
        )
        fields.done()
        return emergency

    def repeat(self, tree: YamlMap | None) -> tuple[p.RepeatPolicy, str, tuple[p.RepeatWindow, ...]]:
        if tree is None:
            return p.RepeatPolicy.MERGE, "", ()
        fields = self.fields(tree, "重复诉求")
        policy = p.RepeatPolicy(fields.choice("policy", [each.value for each in p.RepeatPolicy]))
        windows = []
        for item in fields.each_map("windows"):
            inner = self.fields(item, "重复的时间窗")
            name = inner.text("name", longest=40)
            counts_from = inner.choice("counts_from", ["close", "first_complaint"])
            windows.append(p.RepeatWindow(name, counts_from, self.amount(inner), self.clause(inner)))
            inner.done()
        clause = self.clause(fields)
        fields.done()
        return policy, clause, tuple(windows)

    def handling(self, tree: YamlMap | None) -> p.Handling:
        """Read the steps; each is written `step: {value: …, clause: …}` and must be there."""
        if tree is None:
            return p.Handling((), False, False, False, (), False, 1)
        fields = self.fields(tree, "办理环节")
        clauses: dict[str, str] = {}
        inner: dict[str, Fields] = {}
        for step in _STEPS:
            place = YamlMap({}, {}, tree.place)
            inner[step] = self.fields(fields.map(step, required=True) or place, step)
            if inner[step].tree is not place:
                clauses[step] = self.clause(inner[step])

        def flag(step: str) -> bool:
            return inner[step].boolean("value") if inner[step].tree.entries else False

        def texts(step: str) -> tuple[str, ...]:
            given = inner[step].value("value")
            empty = given is None or (isinstance(given, YamlScalar) and given.value is None)
            return () if empty else inner[step].texts("value")

        steps = []
        for word in texts("follow_up"):
            if word in [each.value for each in p.FollowUp]:
                steps.append(p.FollowUp(word))
            else:
                place_of = inner["follow_up"].place("value")
                inner["follow_up"].error(place_of, f"“{word}”不是回访方式。", "写 sms、person 或两样都写。")
        handling = p.Handling(
            texts("pre_review"),
            flag("conformity_review"),
            flag("field_check"),
            flag("special_reports"),
            tuple(steps),
            flag("finality"),
            inner["most_returns"].integer("value", default=1, low=0, high=9),
            MappingProxyType(clauses),
        )
        for each in inner.values():
            if each.tree.entries:
                each.done()
        fields.done()
        return handling

    def trigger(self, tree: YamlMap) -> p.Trigger:
        fields = self.fields(tree, "督办情形")
        trigger = p.Trigger(
            p.TriggerWhen(fields.choice("when", [each.value for each in p.TriggerWhen])),
            fields.text("title", longest=80),
            self.clause(fields),
            fields.integer("at_least", default=1, low=1, high=1000),
        )
        fields.done()
        return trigger

    def escalation(self, tree: YamlMap) -> p.Escalation:
        fields = self.fields(tree, "提醒与升级")
        hours = fields.integer("hours", low=-10_000, high=10_000)
        escalation = p.Escalation(hours, Role(fields.choice("to", _ROLES)), self.clause(fields))
        fields.done()
        return escalation

    def dimension(self, tree: YamlMap) -> p.Weighted:
        fields = self.fields(tree, "考核项目")
        found = p.Weighted(fields.text("name", longest=60), fields.integer("weight", low=0, high=100), "")
        found = p.Weighted(found.name, found.weight, self.clause(fields))
        fields.done()
        return found
