"""What a pack must add up to: one route for every category, every role filled, weights of 100, limits for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ivr.problems import Place, Problem, Severity
from ivr.yaml_fields import did_you_mean
from ivr.yaml_source import YamlMap
from workorder.cities.pack import EmergencyMode, LimitKind, Pack
from workorder.cities.pack_units import unit_findings
from workorder.life.actors import ROLE_TITLES, Role

_NEEDED_ROLES = (Role.CENTRE, Role.HOST, Role.UNIT)


def lint(pack: Pack, tree: YamlMap, problems: list[Problem]) -> None:
    """Add every finding about the pack as a whole."""

    def place(key: str) -> Place:
        value = tree.entries.get(key)
        return value.place if value is not None else tree.place

    def error(key: str, what: str, remedy: str) -> None:
        problems.append(Problem(place(key), what, remedy))

    names = [category.name for category in pack.categories]
    for what, key, found in (
        ("类别", "categories", names),
        ("不予受理的编号", "not_accept", [reason.code for reason in pack.not_accept]),
        ("督办情形", "supervision", [trigger.when.value for trigger in pack.triggers]),
        ("考核项目", "assessment", [dimension.name for dimension in pack.dimensions]),
    ):
        for name in _twice(found):
            error(key, f"{what}“{name}”写了两次。", "合并成一条。")

    routed = Counter(name for route in pack.routes for name in route.categories)
    for name in names:
        if routed[name] == 0:
            error("routes", f"类别“{name}”没有路由。", "在 routes 里给它写一条，只写一条。")
        elif routed[name] > 1:
            error("routes", f"类别“{name}”有 {routed[name]} 条路由。", "只留一条：谁负责必须唯一。")
        if pack.limit(LimitKind.HANDLE, name) is None:
            error("limits", f"类别“{name}”没有办理时限。", "加上 kind: handle 的时限；不写 for 的对所有类别有效。")
    for key, used in (
        ("routes", routed),
        ("limits", [name for limit in pack.limits for name in limit.categories]),
        ("handling", pack.handling.pre_review),
    ):
        for name in dict.fromkeys(used):
            if name not in names:
                error(key, f"没有类别“{name}”。", did_you_mean(name, names) or "写 categories 里有的名称。")
    seen: set[tuple[LimitKind, str, bool]] = set()
    for limit in pack.limits:
        for name in limit.categories or ("",):
            if (limit.kind, name, bool(limit.law)) in seen:
                error("limits", f"时限 {limit.kind.value} 对“{name or '所有类别'}”写了两次。", "只留一条。")
            seen.add((limit.kind, name, bool(limit.law)))

    used_roles = {pack.extension.approver, *(escalation.to for escalation in pack.escalations), *_NEEDED_ROLES}
    used_roles |= {Role(route.to) for route in pack.routes if route.to != "catalogue"}
    for role in sorted(used_roles - {Role.SYSTEM}):
        if role not in pack.roles or not pack.roles[role].items:
            error("roles", f"“{ROLE_TITLES[role]}”（{role.value}）没有写由谁担任。", f"在 roles 下加上 {role.value}。")
    if any(route.to == "catalogue" for route in pack.routes) and not pack.catalogue:
        error("routes", "路由用到派单目录，却没有写用哪一份。", "加上 catalogue: 目录名。")

    total = sum(dimension.weight for dimension in pack.dimensions)
    if total != 100:
        error("assessment", f"考核项目的权重合计 {total}，不是 100。", "调整 weight，使合计为 100。")
    emergency = pack.emergency
    if (emergency.mode is EmergencyMode.PARALLEL_NOTIFY) != emergency.parallel_notify:
        error("emergency", "mode 与 parallel_notify 说法不一。", "同时联系的：两处都写；否则都不写。")
    for key, what, remedy in unit_findings(pack.districts, pack.ladder):
        error(key, what, remedy)
    if not pack.grades.items:
        problems.append(Problem(place("grades"), "没有考核档次。", "列出档次。", Severity.WARNING))


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
