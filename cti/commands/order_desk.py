"""`hotline order fill|confirm|link|nuisance`: what people do to a draft; `hotline learn` reads what was confirmed."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from cti.adapters.sql.caller_book import SqlCallerBook
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_desk import SqlOrderDesk
from cti.adapters.sql.order_store import SqlOrderStore
from cti.settings import Settings
from ivr.call import PhoneNumber
from ivr.errors import AuthorError, StoreRefusedError
from ivr.problems import Place, Problem
from ivr.yaml_fields import remedy_for_unknown
from workorder.audit import Person
from workorder.draft import FieldName
from workorder.links import LinkKind, OrderLink
from workorder.order import OrderNumber

VERBS = {
    "fill": "改写草稿：写过的不再被后来的话改动",
    "confirm": "确认草稿：每一项都有人负责",
    "link": "关联另一张工单",
    "nuisance": "标记这通来电为骚扰，以后振铃之前就提示",
}


def fields_of(words: Sequence[str]) -> Mapping[FieldName, str]:
    """Read `unit=水务局`; AuthorError naming every word that is no field."""
    known = {name.value for name in FieldName}
    pairs = [word.partition("=") for word in words]
    wrong = [name for name, equals, _ in pairs if name not in known or not equals]
    if wrong:
        remedy = remedy_for_unknown(wrong[0], known)
        raise AuthorError(tuple(Problem(Place(name[:40]), "不是草稿的一项（名=值）。", remedy) for name in wrong))
    return {FieldName(name): value for name, _, value in pairs}


def act(
    arguments: argparse.Namespace, settings: Settings, number: OrderNumber, other: OrderNumber | None, by: Person
) -> str:
    """Do it, with its row in the audit trail; returns what is to be said."""
    now = datetime.now(UTC)
    changes = fields_of(arguments.words) if arguments.verb == "fill" else {}

    async def doing() -> str:
        async with Database(settings.database) as database:
            desk = SqlOrderDesk(database)
            if other is not None:
                await desk.link(OrderLink(number, other, LinkKind.RELATED, by, now))
                return f"{number}　已关联 {other}"
            known = await SqlOrderStore(database).order(number)
            if known is None:
                raise StoreRefusedError(f"没有工单 {number}。改法：检查工单编号")
            if arguments.verb == "nuisance":
                caller = PhoneNumber.parse(known.draft.value(FieldName.CALLER_NUMBER))
                if not caller.is_known:
                    raise StoreRefusedError(f"工单 {number} 没有来电号码。改法：无号码的来电不能标记")
                await SqlCallerBook(database).mark_nuisance(known.draft.call, caller, arguments.reason, by, now)
                return f"{number}　来电 {caller.masked} 已标记为骚扰"
            seen = known.revision if arguments.version is None else arguments.version
            if arguments.verb == "fill":
                order = await desk.edit(number, changes, seen, by, now)
                return f"{number}　已改写 {'、'.join(changes)}　第 {order.revision} 版"
            order = await desk.confirm(number, seen, by, now)
            return f"{number}　已由 {order.confirmed_by} 确认　第 {order.revision} 版"

    return asyncio.run(doing())
