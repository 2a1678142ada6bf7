"""A pack rule by rule, in Chinese lines with clauses; and how two cities differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from workorder.cities import pack as p
from workorder.cities.pack_units import LADDER_TITLES, LadderWhen
from workorder.life.actors import ROLE_TITLES, Role

KIND_TITLES = {
    p.LimitKind.DIRECT_ANSWER: "直接答复",
    p.LimitKind.SIGN: "签收",
    p.LimitKind.HANDLE: "办理",
    p.LimitKind.RETURN: "申请退单",
    p.LimitKind.SECOND_NOTICE: "二次抄告、整改、重办",
}
_VALUES = {
    p.EmergencyMode.GUIDE: "引导拨打",
    p.EmergencyMode.TRANSFER: "引导并转接",
    p.EmergencyMode.THREE_WAY: "三方通话",
    p.EmergencyMode.PARALLEL_NOTIFY: "同时联系职能单位和 110",
    p.RepeatPolicy.FINAL_INFORMS: "办理终结的只告知，不再转办",
    p.RepeatPolicy.LEADER_HANDLES: "主要负责人直接跟进",
    p.RepeatPolicy.REFUSE_WITHOUT_NEW_FACTS: "无新情况不受理",
    p.RepeatPolicy.MERGE: "合并为一单",
    p.VerifyMode.PHONE: "电话核实",
    p.VerifyMode.FIELD: "现场核实",
    p.VerifyMode.REVIEW: "审核答复",
    p.IdentityMode.REAL_NAME: "登记实名",
    p.IdentityMode.PROTECTED: "保护身份，不强制实名",
    p.IdentityMode.ANONYMOUS_ALLOWED: "可以匿名",
    p.RoutingStep.TERRITORY: "属地",
    p.RoutingStep.CHARGE: "谁主管谁负责",
    p.RoutingStep.SUPERVISION: "谁监管谁负责",
    p.RoutingStep.OWNERSHIP: "权责与产权",
    p.FollowUp.SMS: "短信",
    p.FollowUp.PERSON: "人工",
}
_STATUSES = {"draft": "征求意见稿", "trial": "试行", "in_force": "现行"}
NONE = "（没有）"

SWITCHES = (
    "紧急求助｜方式",
    "紧急求助｜同时联系",
    "不予受理",
    "紧急求助｜联动单位",
    "延期｜批准",
    "路由｜先后",
    "身份",
    "重复诉求｜办法",
    "时限｜天的算法",
    "核实｜方式",
    "生活服务（加盟企业）",
    "考核｜档次",
)
"""The twelve matters on which the five cities disagree (notes of the field): each is a switch of the pack."""


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule as people read it."""

    value: str
    clause: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One rule that is not the same in two cities; None: the city has no such rule."""

    rule: str
    left: RuleLine | None
    right: RuleLine | None


def rule_lines(pack: p.Pack) -> Mapping[str, RuleLine]:
    """Return every rule under its name, in the order in which people read them."""
    return MappingProxyType({name: RuleLine(value, clause) for name, value, clause in _lines(pack)})


def differences(left: p.Pack, right: p.Pack) -> tuple[Difference, ...]:
    """Return the rules whose content differs; that two cities quote different clauses is no difference."""
    ours, theirs = rule_lines(left), rule_lines(right)
    names = dict.fromkeys((*ours, *theirs))
    found = (Difference(name, ours.get(name), theirs.get(name)) for name in names)
    return tuple(each for each in found if _value(each.left) != _value(each.right))


def _value(line: RuleLine | None) -> str | None:
    return None if line is None else line.value


def _lines(pack: p.Pack) -> Iterable[tuple[str, str, str]]:
    yield "规则", f"{pack.title}，{pack.version}，{_STATUSES[pack.status]}", pack.source
    for role in Role:
        if role in pack.roles:
            yield f"角色｜{ROLE_TITLES[role]}", "、".join(pack.roles[role].items), pack.roles[role].clause
    titles = {category.name: category.title for category in pack.categories}
    for category in pack.categories:
        marks = ("，只限专人" if category.is_protected else "") + ("，优先" if category.is_urgent else "")
        yield f"受理｜{category.title}", f"受理{marks}", category.clause
    for route in pack.routes:
        to = "派单目录" if route.to == "catalogue" else ROLE_TITLES[Role(route.to)]
        for name in route.categories:
            yield f"路由｜{titles.get(name, name)}", to, route.clause
    yield "路由｜先后", "、再".join(_VALUES[step] for step in pack.routing_order), pack.routing_clause
    yield (
        "不予受理",
        "、".join(reason.title for reason in pack.not_accept),
        "、".join(r.clause for r in pack.not_accept),
    )
    for reason in pack.not_accept:
        needs = [
            text
            for is_needed, text in (
                (reason.needs_note, "要写明情况"),
                (reason.needs_approver, "要有人批准"),
                (bool(reason.checklist), f"先问{'、'.join(reason.checklist)}"),
                (reason.needs_earlier_order, "要关联原工单"),
            )
            if is_needed
        ]
        value = "；".join((*needs, f"去处：{reason.referral}"))
        yield f"不予受理｜{reason.title}", value, reason.clause
    yield from _time_lines(pack, titles)
    yield from _handling_lines(pack, titles)
    yield from _emergency_lines(pack)
    yield from _unit_lines(pack)
    for dimension in pack.dimensions:
        yield f"考核｜{dimension.name}", f"{dimension.weight} 分", dimension.clause
    yield "考核｜档次", "、".join(pack.grades.items), pack.grades.clause
    for name, named in pack.lists.items():
        yield f"清单｜{name}", "、".join(named.items), named.clause


def _time_lines(pack: p.Pack, titles: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
    for limit in pack.limits:
        for name in limit.categories or ("",):
            whose = f"（{titles.get(name, name)}）" if name else ""
            soft = "，原则上" if limit.is_soft else ""
            law = f"，依{limit.law}" if limit.law else ""
            yield f"时限｜{KIND_TITLES[limit.kind]}{whose}{law}", f"{limit.limit}{soft}", limit.clause
    yield "时限｜天的算法", "自然日" if pack.day_unit.value == "days" else "工作日", pack.day_unit.clause
    extension = pack.extension
    yield "延期｜长短", f"{extension.times} 次，最长 {extension.longest}，理由告知市民", extension.clause
    yield "延期｜批准", ROLE_TITLES[extension.approver], extension.clause
    for each in pack.escalations:
        when = "到期时" if each.hours == 0 else f"到期{'前' if each.hours > 0 else '后'} {abs(each.hours)} 小时"
        yield f"提醒｜{when}", f"告知{ROLE_TITLES[each.to]}", each.clause


def _handling_lines(pack: p.Pack, titles: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
    handling = pack.handling
    said = {True: "要", False: "不要"}
    steps = {
        "pre_review": ("派单前审核", "、".join(titles.get(name, name) for name in handling.pre_review) or NONE),
        "special_reports": ("重大事项专题报告与批示", said[handling.special_reports]),
        "most_returns": ("退单几次后须协调", f"{handling.most_returns} 次"),
        "conformity_review": ("答复规范性审核", said[handling.conformity_review]),
        "field_check": ("办结前现场核实", said[handling.field_check]),
        "follow_up": ("回访", "、再".join(_VALUES[step] for step in handling.follow_up) or NONE),
        "finality": ("办理终结", said[handling.finality]),
    }
    for key, (title, value) in steps.items():
        yield f"办理｜{title}", value, handling.clauses.get(key, "")
    yield "核实｜方式", _VALUES[pack.verify], pack.verify_clause
    yield "重复诉求｜办法", _VALUES[pack.repeat], pack.repeat_clause
    for window in pack.repeat_windows:
        since = "办结" if window.counts_from == "close" else "首次投诉"
        yield f"重复诉求｜{window.name}", f"从{since}起 {window.limit}", window.clause
    for trigger in pack.triggers:
        at_least = f"（{trigger.at_least} 起）" if trigger.at_least > 1 else ""
        yield f"督办｜{trigger.when.value}", f"{trigger.title}{at_least}", trigger.clause


def _unit_lines(pack: p.Pack) -> Iterable[tuple[str, str, str]]:
    for district in pack.districts:
        further = f"，再转{'、'.join(district.units)}" if district.units else "，由它再转"
        yield (
            f"县区｜{district.name}",
            f"派给{district.department}{further}；重复诉求由{district.leader}",
            district.clause,
        )
    if pack.duty is not None:
        spans = "、".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in pack.duty.spans)
        yield "值班｜工作时间", f"{spans}，之外打值班电话", pack.duty.clause
    for step in pack.ladder:
        counted = (
            "上一步之后仍未办结"
            if step.when is LadderWhen.STEP_BEFORE
            else f"{LADDER_TITLES[step.when]} {step.at_least} 次"
        )
        yield f"升级｜{step.title}", counted + ("，附证据材料" if step.sends_evidence else ""), step.clause


def _emergency_lines(pack: p.Pack) -> Iterable[tuple[str, str, str]]:
    emergency = pack.emergency
    yield "紧急求助｜方式", _VALUES[emergency.mode], emergency.clause
    yield "紧急求助｜同时联系", "是" if emergency.parallel_notify else "否", emergency.clause
    yield "紧急求助｜联动单位", "、".join(emergency.targets), emergency.clause
    yield "身份", _VALUES[pack.identity], pack.identity_clause
    yield "生活服务（加盟企业）", "有" if pack.merchant.value == "true" else "没有", pack.merchant.clause
