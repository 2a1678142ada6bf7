"""Merchants' orders in SQL; each change goes in with its row of the audit trail, which never holds a number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema_outreach import merchant_orders
from cti.adapters.sql.statements import insert_new, put_row
from cti.adapters.sql.types import storable, storable_json
from ivr.call import CallId
from workorder.audit import AuditRow, Person
from workorder.life.refusal import Refusal
from workorder.merchant_orders import (
    Citizen,
    Consent,
    Handover,
    MerchantOrder,
    MerchantState,
    Step,
    Verdict,
    seen_at,
)
from workorder.merchants import Quality


@dataclass(frozen=True, slots=True)
class MerchantFilter:
    """Which orders; empty: whichever. `is_handed_over`: only what its merchant may know of."""

    merchant: str = ""
    state: str = ""
    work_order: str = ""
    is_handed_over: bool = False


class SqlMerchantOrders:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, order: MerchantOrder, person: Person) -> MerchantOrder:
        """Keep a new order; one of this id that is there already stays as it is, and is returned."""

        async def work(connection: AsyncConnection) -> MerchantOrder:
            found = await _one(connection, order.id)
            if found is not None:
                return found
            await insert_new(connection, merchant_orders, [_row(order)])
            kept = await _one(connection, order.id)
            assert kept is not None
            if kept.opened == order.opened:
                detail = {"merchant": order.merchant, "service": order.service, "channel": order.channel}
                await put_audit(connection, AuditRow(order.opened, person, "merchant_order.opened", order.id, detail))
            return kept

        return await self._database.write("登记生活服务订单", work)

    async def change(
        self,
        identity: str,
        revision: int,
        person: Person,
        at: datetime,
        step: Callable[[MerchantOrder], MerchantOrder | Refusal],
    ) -> MerchantOrder | Refusal | None:
        """Take one step with the order as it is now, if nobody changed it since `revision`; None when unknown."""

        async def work(connection: AsyncConnection) -> MerchantOrder | Refusal | None:
            order = await _one(connection, identity, is_locked=True)
            if order is None:
                return None
            after = seen_at(order, revision) or step(order)
            if isinstance(after, Refusal):
                return after
            await put_row(connection, merchant_orders, _row(after))
            detail: dict[str, object] = {"state": after.state.value, "merchant": after.merchant}
            if after.handover is not None:
                detail["handover"] = after.handover.value
            if after.call is not None:
                detail["call"] = after.call
            await put_audit(
                connection, AuditRow(at, person, f"merchant_order.{after.steps[-1].what}", identity, detail)
            )
            return after

        return await self._database.write("更新生活服务订单", work)

    async def one(self, identity: str) -> MerchantOrder | None:
        async def work(connection: AsyncConnection) -> MerchantOrder | None:
            return await _one(connection, identity)

        return await self._database.read("读取生活服务订单", work)

    async def page(self, wanted: MerchantFilter, first: int, most: int) -> tuple[tuple[MerchantOrder, ...], int]:
        """Return `most` orders from the `first` on, the newest first, and how many there are."""
        c = merchant_orders.c
        query = select(merchant_orders)
        for column, value in (
            (c.merchant, wanted.merchant),
            (c.state, wanted.state),
            (c.work_order, wanted.work_order),
        ):
            query = query.where(column == value) if value else query
        if wanted.is_handed_over:
            query = query.where(c.record["handover"].as_string() != "")
        counted = select(func.count()).select_from(query.subquery())
        chosen = query.order_by(c.opened.desc(), c.id.desc()).offset(first).limit(most)

        async def work(connection: AsyncConnection) -> tuple[tuple[MerchantOrder, ...], int]:
            rows = (await connection.execute(chosen)).all()
            return tuple(_order(row) for row in rows), int((await connection.execute(counted)).scalar_one())

        return await self._database.read("读取生活服务订单", work)

    async def quality(self) -> Mapping[str, Quality]:
        """Return what follow-ups said of each merchant's orders."""
        c, verdict = merchant_orders.c, merchant_orders.c.record
        is_completed = verdict[("verdict", "is_completed")].as_boolean()
        is_complaint = func.trim(verdict[("verdict", "complaint")].as_string()) != ""
        query = (
            select(
                c.merchant,
                func.count().label("orders"),
                func.count().filter(is_completed).label("completed"),
                func.count().filter(is_complaint).label("complaints"),
                func.sum(verdict[("verdict", "rating")].as_integer()).label("rated"),
            )
            .where(c.record["judged"].as_string() == "yes")
            .group_by(c.merchant)
        )

        async def work(connection: AsyncConnection) -> dict[str, Quality]:
            return {
                row.merchant: Quality(row.orders, row.completed, row.complaints, float(row.rated))
                for row in await connection.execute(query)
            }

        return await self._database.read("读取企业评价", work)


async def _one(connection: AsyncConnection, identity: str, *, is_locked: bool = False) -> MerchantOrder | None:
    query = select(merchant_orders).where(merchant_orders.c.id == identity)
    row = (await connection.execute(query.with_for_update() if is_locked else query)).one_or_none()
    return None if row is None else _order(row)


def _row(order: MerchantOrder) -> dict[str, Any]:
    consent, verdict = order.consent, order.verdict
    record = {
        "service": order.service,
        "citizen": asdict(order.citizen),
        "consent": {"at": consent.at.isoformat(), "by": consent.by, "how": consent.how} if consent else None,
        "handover": order.handover.value if order.handover else "",
        "call": order.call or "",
        "agreed": order.agreed,
        "judged": "yes" if verdict else "",
        "verdict": asdict(verdict) if verdict else None,
        "steps": [[each.at.isoformat(), each.by, each.what, each.text] for each in order.steps],
    }
    return {
        "id": order.id,
        "merchant": storable(order.merchant),
        "state": order.state.value,
        "channel": order.channel,
        "work_order": order.work_order,
        "record": storable_json(record),
        "opened": order.opened,
        "updated": order.updated,
        "revision": order.revision,
    }


def _order(row: Row[Any]) -> MerchantOrder:
    kept = row.record
    consent, verdict = kept["consent"], kept["verdict"]
    return MerchantOrder(
        row.id,
        row.merchant,
        kept["service"],
        Citizen(**kept["citizen"]),
        row.channel,
        row.opened,
        MerchantState(row.state),
        Consent(datetime.fromisoformat(consent["at"]), consent["by"], consent["how"]) if consent else None,
        Handover(kept["handover"]) if kept["handover"] else None,
        row.work_order,
        CallId(kept["call"]) if kept["call"] else None,
        kept["agreed"],
        Verdict(**verdict) if verdict else None,
        tuple(Step(datetime.fromisoformat(at), by, what, text) for at, by, what, text in kept["steps"]),
        row.revision,
    )
