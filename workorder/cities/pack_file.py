"""Read a city's pack from YAML, strictly: every problem at once, with place, remedy and clause."""

from __future__ import annotations

from types import MappingProxyType

from ivr.problems import Problem, Severity, has_errors
from ivr.yaml_fields import Fields
from ivr.yaml_source import YamlMap, read_yaml
from workorder.cities import pack as p
from workorder.cities.pack_lint import lint
from workorder.cities.pack_rules import PackReader
from workorder.cities.pack_units import read_district, read_duty, read_ladder_step
from workorder.life.actors import Role

STATUSES = ("draft", "trial", "in_force")


def load_pack(text: str | bytes, file: str) -> tuple[p.Pack | None, tuple[Problem, ...]]:
    """Return the pack, or None and every problem. A pack with warnings only is returned together with them."""
    tree, found = read_yaml(text, file)
    if tree is None or has_errors(found):
        return None, found
    problems = list(found)
    pack = _pack(tree, problems)
    lint(pack, tree, problems)
    return (None if has_errors(tuple(problems)) else pack), tuple(problems)


def _pack(tree: YamlMap, problems: list[Problem]) -> p.Pack:
    top = Fields(tree, "城市政策包", problems)
    read = PackReader(problems)
    top.integer("city_pack", low=1, high=1)
    order = top.map("routing", required=True)
    routing = Fields(order, "routing", problems) if order else None
    steps = routing.texts("order") if routing else ()
    known = [each.value for each in p.RoutingStep]
    for step in steps:
        if routing and step not in known:
            routing.error(routing.place("order"), f"“{step}”不是路由依据。", f"可以写：{'、'.join(known)}。")
    routing_clause = read.clause(routing) if routing else ""
    if routing:
        routing.done()
    identity, identity_clause = read.switch(top, "identity", "mode", [each.value for each in p.IdentityMode])
    repeat_tree = top.map("repeat", required=True)
    repeat, repeat_clause, windows = read.repeat(repeat_tree)
    verify, verify_clause = read.switch(top, "verify", "mode", [each.value for each in p.VerifyMode])
    pack = p.Pack(
        name=top.text("name", longest=40),
        title=top.text("title", longest=80),
        city=top.text("city", longest=20),
        version=top.text("version", longest=40),
        status=top.choice("status", STATUSES),
        effective=top.text("effective", default="", longest=20),
        source=top.text("source", longest=200),
        catalogue=top.text("catalogue", default="", longest=40),
        roles=_roles(top.map("roles", required=True), problems, read),
        categories=tuple(read.category(item) for item in top.each_map("categories", required=True)),
        routes=tuple(read.route(item) for item in top.each_map("routes", required=True)),
        limits=tuple(read.limit(item) for item in top.each_map("limits", required=True)),
        extension=read.extension(top.map("extension", required=True)),
        not_accept=tuple(read.not_accept(item) for item in top.each_map("not_accept", required=True)),
        emergency=read.emergency(top.map("emergency", required=True)),
        routing_order=tuple(p.RoutingStep(step) for step in steps if step in known),
        routing_clause=routing_clause,
        identity=p.IdentityMode(identity),
        identity_clause=identity_clause,
        repeat=repeat,
        repeat_clause=repeat_clause,
        repeat_windows=windows,
        verify=p.VerifyMode(verify),
        verify_clause=verify_clause,
        day_unit=p.Switched(*read.switch(top, "day_unit", "unit", ["days", "workdays"])),
        merchant=p.Switched(*read.switch(top, "merchant", "enabled", ["true", "false"])),
        handling=read.handling(top.map("handling", required=True)),
        triggers=tuple(read.trigger(item) for item in top.each_map("supervision", required=True)),
        escalations=tuple(read.escalation(item) for item in top.each_map("escalations")),
        dimensions=tuple(read.dimension(item) for item in top.each_map("assessment", required=True)),
        grades=read.named(top.map("grades", required=True), "grades"),
        lists=MappingProxyType(_lists(top.map("lists"), read)),
        districts=tuple(read.one(item, "县区", read_district) for item in top.each_map("districts")),
        duty=read.one(duty, "值班", read_duty) if (duty := top.map("duty")) else None,
        ladder=tuple(read.one(item, "升级", read_ladder_step) for item in top.each_map("ladder")),
    )
    if pack.status == "draft":
        top.warn(top.place("status"), "这是征求意见稿，还不是现行规则。", "正式施行后改为 in_force，并换版本。")
    top.done()
    return pack


def _roles(tree: YamlMap | None, problems: list[Problem], read: PackReader) -> MappingProxyType[Role, p.Named]:
    found: dict[Role, p.Named] = {}
    fields = Fields(tree, "roles", problems) if tree else None
    for role in Role:
        inner = fields.map(role.value) if fields else None
        if inner is not None:
            found[role] = read.named(inner, role.value)
    if fields:
        fields.done()
    return MappingProxyType(found)


def _lists(tree: YamlMap | None, read: PackReader) -> dict[str, p.Named]:
    found: dict[str, p.Named] = {}
    for name, value in tree.entries.items() if tree else ():
        if isinstance(value, YamlMap):
            found[name] = read.named(value, name)
        else:
            what = f"“{name}”应写成 items 与 clause 两项。"
            read.problems.append(Problem(value.place, what, "参照自带的政策包书写。", Severity.ERROR))
    return found
