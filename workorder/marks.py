"""What people note of an order beside its course: untrue, not done, a violation, abuse; each reviewed by another.

Dissuasion comes before referral (J-37); nothing here blocks a caller: who is in danger is always heard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from workorder.cities.pack import Pack
from workorder.life.living import LivingOrder
from workorder.life.refusal import Refusal
from workorder.order import OrderNumber


class MarkKind(StrEnum):
    """What is noted."""

    UNTRUE = "untrue"  # 反映失实
    NOT_DONE = "not_done"  # 回访发现没有实际办理
    VIOLATION = "violation"  # 单位违规
    ABUSE = "abuse"  # 恶意反复、侮辱、诬告
    DISSUADED = "dissuaded"  # 已劝阻
    REFERRED = "referred"  # 移交有关机关


class MarkState(StrEnum):
    """What became of it."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    EXEMPT = "exempt"  # 容错免责


MARK_TITLES: Mapping[MarkKind, str] = MappingProxyType(
    {
        MarkKind.UNTRUE: "反映失实",
        MarkKind.NOT_DONE: "没有实际办理",
        MarkKind.VIOLATION: "单位违规",
        MarkKind.ABUSE: "滥用热线",
        MarkKind.DISSUADED: "已劝阻",
        MarkKind.REFERRED: "移交",
    }
)
ABUSES = ("恶意反复拨打", "长时间占用", "捏造事实", "歪曲事实", "侮辱", "诽谤", "威胁", "诬告", "陷害")
"""What a mark of abuse may say (J-38), each by itself: the law weighs them differently."""
_REVIEWED = frozenset({MarkKind.UNTRUE, MarkKind.NOT_DONE, MarkKind.VIOLATION, MarkKind.ABUSE})
_TOO_OFTEN = 3
"""So many redos and supervisions together, and still not closed, look like a violation (J-30)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One note on an order; `code` names the violation or the abuse, `conditions` are those of an exemption."""

    id: str
    number: OrderNumber
    kind: MarkKind
    code: str
    reason: str
    who: str
    at: datetime
    state: MarkState = MarkState.OPEN
    reviewer: str = ""
    reviewed: datetime | None = None
    finding: str = ""
    conditions: tuple[str, ...] = ()


def refused_mark(kind: MarkKind, code: str, reason: str, pack: Pack, of_caller: Sequence[Mark]) -> Refusal | None:
    """Return why a mark may not be made; `of_caller` are the marks on orders of the same telephone."""
    if not reason.strip():
        return Refusal("没有写理由。", "写明依据。")
    listed = violations_of(pack)
    if kind is MarkKind.VIOLATION and (code not in listed if listed else not code):
        return Refusal("没有这种违规。", f"可以写：{'、'.join(listed) or '违规的名称'}。")
    if kind is MarkKind.ABUSE and code not in ABUSES:
        return Refusal("没有这种滥用。", f"可以写：{'、'.join(ABUSES)}。")
    if kind is MarkKind.REFERRED and not any(each.kind is MarkKind.DISSUADED for each in of_caller):
        return Refusal("还没有劝阻过，不能移交。", "先劝阻并记下，仍不听的再移交。", "J-37")
    return None


def abuse_of_refusal(code: str, pack: Pack) -> str:
    """Return the abuse that a refused request counts as: one refused as malicious counts towards nuisance (Y-27)."""
    reason = pack.reason(code)
    return ABUSES[0] if reason is not None and "恶意" in reason.title else ""


def reviewed_mark(
    mark: Mark, by: str, state: MarkState, finding: str, conditions: Sequence[str], pack: Pack, at: datetime
) -> Mark | Refusal:
    """Return the mark after a review by somebody else; an exemption needs every condition of the city."""
    if mark.kind not in _REVIEWED or mark.state is not MarkState.OPEN or state is MarkState.OPEN:
        return Refusal("这一条不用复核，或已经复核。", "刷新后再看。")
    if by == mark.who:
        return Refusal("自己标记的不能自己复核。", "请另一位有权的人复核。")
    if not finding.strip():
        return Refusal("没有写复核的情况。", "写明核实到什么。")
    if state is MarkState.EXEMPT:
        listed = pack.lists.get("exemption")
        missing = [each for each in (listed.items if listed else ()) if each not in conditions]
        if mark.kind is not MarkKind.VIOLATION or listed is None:
            return Refusal("只有违规、且本市规则写了容错条件的，才能免责。", "改为成立或不成立。")
        if missing:
            return Refusal(f"还差容错条件：{'、'.join(missing)}。", "四条都符合才能免责。", listed.clause)
    return replace(mark, state=state, reviewer=by, reviewed=at, finding=finding, conditions=tuple(conditions))


def proposed(order: LivingOrder, marks: Sequence[Mark], pack: Pack) -> str:
    """Return the violation that the system proposes for an order, empty when none."""
    is_known = any(each.kind is MarkKind.VIOLATION for each in marks)
    if order.closed is not None or is_known or order.redos + order.supervisions < _TOO_OFTEN:
        return ""
    listed = violations_of(pack)
    return next((each for each in listed if "多次" in each), listed[0] if listed else "")


def violations_of(pack: Pack) -> tuple[str, ...]:
    """Return the city's violations by name."""
    listed = pack.lists.get("violations")
    return listed.items if listed else ()


def violation_of_attitude(pack: Pack) -> str:
    """Return how the city calls a rude, harsh manner (态度生硬、作风粗暴)."""
    return next((each for each in violations_of(pack) if "态度" in each or "粗暴" in each), "态度生硬作风粗暴")
