"""What of an order may be shown to everybody (办理公开): never who asked, and nothing of the excluded kinds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from ivr.speech.redact import redact
from workorder.cities.pack import Pack
from workorder.draft import Draft, FieldName
from workorder.life.living import LivingOrder
from workorder.life.refusal import Refusal
from workorder.life.states import LifeState
from workorder.order import OrderNumber

EXCLUSIONS: Mapping[str, str] = MappingProxyType(
    {
        "national_security": "国家安全",
        "ethnic": "民族问题",
        "politically_sensitive": "政治敏感",
        "privacy": "个人隐私",
        "commercial_secret": "商业秘密",
    }
)
_ENDED = frozenset(
    {LifeState.TOLD, LifeState.CLOSED, LifeState.FINAL, LifeState.ARCHIVED, LifeState.ANSWERED, LifeState.SMS_FOLLOWUP}
)
_DOOR = re.compile(r"\d+\s*(?:号楼|栋|幢|单元|室|户|号)")
_PRIVATE = (FieldName.NAME, FieldName.PHONE, FieldName.CALLER_NUMBER, FieldName.PARTY)


@dataclass(frozen=True, slots=True)
class Publication:
    """One order as the public sees it; with an `exclusion` it is never shown."""

    number: OrderNumber
    title: str
    summary: str
    result: str
    unit: str
    at: datetime
    exclusion: str = ""


def published(
    draft: Draft | None, order: LivingOrder, pack: Pack | None, at: datetime, exclusion: str = ""
) -> Publication | Refusal:
    """Return what the public may see of an order, without whoever asked and without house numbers."""
    if exclusion and exclusion not in EXCLUSIONS:
        return Refusal("没有这个不公开的理由。", f"可以用：{'、'.join(EXCLUSIONS)}。")
    category = pack.category(order.category) if pack else None
    if exclusion:
        return Publication(order.number, "", "", "", "", at, exclusion)
    if category is not None and category.is_protected:
        return Refusal("这一类诉求受保护，不公开。", "标为不公开。")
    if order.state not in _ENDED:
        return Refusal("还没有办结并告知市民，不公开。", "办结后再公开。")
    if draft is None:
        return Refusal("这张工单没有内容可以公开。", "检查工单编号。")
    return Publication(
        order.number,
        _without_people(draft, draft.value(FieldName.TITLE)) or (category.title if category else "诉求"),
        _without_people(draft, draft.value(FieldName.SUMMARY)),
        _without_people(draft, order.reply) or "已办结。",
        order.lead,
        at,
    )


def _without_people(draft: Draft, text: str) -> str:
    private = sorted({draft.value(name) for name in _PRIVATE} - {""}, key=len, reverse=True)
    for each in private:
        text = text.replace(each, "＊＊")
    return _DOOR.sub("＊＊", redact(text))
