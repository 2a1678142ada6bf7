"""Campaigns and their members in SQL; each step goes in with its row of the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Row, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cti.adapters.sql.audit_rows import put_audit
from cti.adapters.sql.database import Database
from cti.adapters.sql.schema import order_lives, orders
from cti.adapters.sql.schema_orders import sealed_orders
from cti.adapters.sql.schema_outreach import campaign_members, campaigns
from cti.adapters.sql.types import storable, storable_json
from ivr.errors import StoreRefusedError
from workorder.audit import AuditRow, Person
from workorder.campaign_plan import read_plan
from workorder.campaigns import Campaign, CampaignState, Drawn, Member, Outcome, Reachable
from workorder.life.refusal import Refusal
from workorder.order import OrderNumber

Found: TypeAlias = tuple[Outcome, Mapping[str, object]]
"""What became of a member, and what is kept of it."""
CLOSED = Refusal("这次调研或拨测已经结束，不再收结果。", "另开一次。")


class SqlCampaigns:
    """On either database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, campaign: Campaign, subjects: Sequence[str], person: Person) -> None:
        """Keep a campaign with its members, none of whom is done."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(campaigns.insert(), _row(campaign))
            members = [
                {"campaign": campaign.id, "nth": nth, "subject": storable(subject)[:80], "result": {}}
                for nth, subject in enumerate(subjects, 1)
            ]
            if members:
                await connection.execute(campaign_members.insert(), members)
            detail = {
                "kind": campaign.plan.kind.value,
                "client": campaign.plan.client,
                "members": len(subjects),
                "population": campaign.drawn.population,
            }
            await put_audit(connection, AuditRow(campaign.at, person, "campaign.opened", campaign.id, detail))

        await self._database.write("保存调研或拨测", work)

    async def one(self, identity: str) -> Campaign | None:
        query = select(campaigns).where(campaigns.c.id == identity)
        found = await self._rows(query)
        return _campaign(found[0]) if found else None

    async def latest(self, limit: int = 50) -> Sequence[Campaign]:
        return [
            _campaign(row)
            for row in await self._rows(select(campaigns).order_by(campaigns.c.at.desc(), campaigns.c.id).limit(limit))
        ]

    async def members(self, identity: str) -> Sequence[Member]:
        c = campaign_members.c
        return [_member(row) for row in await self._rows(select(campaign_members).where(c.campaign == identity)
                                                         .order_by(c.nth))]  # fmt: skip

    async def member(self, identity: str, nth: int) -> Member | None:
        c = campaign_members.c
        found = await self._rows(select(campaign_members).where(c.campaign == identity, c.nth == nth))
        return _member(found[0]) if found else None

    async def record(
        self, identity: str, nth: int, person: Person, at: datetime, step: Callable[[Member], Found | Refusal]
    ) -> Member | Refusal | None:
        """Keep what became of a member, as `step` says of the member as it is now; None when there is none."""
        c = campaign_members.c

        async def work(connection: AsyncConnection) -> Member | Refusal | None:
            held = select(campaigns.c.state).where(campaigns.c.id == identity).with_for_update()
            state = (await connection.execute(held)).scalar_one_or_none()
            row = (
                await connection.execute(select(campaign_members).where(c.campaign == identity, c.nth == nth))
            ).one_or_none()
            if state is None or row is None:
                return None
            found = CLOSED if state == CampaignState.CLOSED.value else step(_member(row))
            if isinstance(found, Refusal):
                return found
            outcome, result = found
            after = replace(_member(row), outcome=outcome, result=storable_json(result), who=person.name, at=at)
            values = {"outcome": outcome.value, "result": after.result, "who": storable(person.name)[:200], "at": at}
            await connection.execute(
                update(campaign_members).where(c.campaign == identity, c.nth == nth).values(**values)
            )
            detail = {"nth": nth, "outcome": outcome.value}
            await put_audit(connection, AuditRow(at, person, "campaign.recorded", identity, detail))
            return after

        return await self._database.write("登记调研或拨测的结果", work)

    async def close(self, identity: str, person: Person, at: datetime) -> bool:
        """Close a campaign; False when it is not there, or closed already."""

        async def work(connection: AsyncConnection) -> bool:
            open_one = (campaigns.c.id == identity) & (campaigns.c.state == CampaignState.OPEN.value)
            values = {"state": CampaignState.CLOSED.value, "revision": campaigns.c.revision + 1}
            is_done = (await connection.execute(update(campaigns).where(open_one).values(**values))).rowcount == 1
            if is_done:
                await put_audit(connection, AuditRow(at, person, "campaign.closed", identity, {}))
            return is_done

        return await self._database.write("结束调研或拨测", work)

    async def population(
        self, since: datetime, until: datetime, unit: str = "", category: str = ""
    ) -> Sequence[Reachable]:
        """Return the orders opened in [since, until) whose citizens can be called; never those that are sealed."""
        life = order_lives.c
        query = (
            select(orders.c.number, orders.c.phone, orders.c.caller)
            .join(order_lives, life.number == orders.c.number)
            .where(life.opened >= since, life.opened < until)
            .where(~exists().where(sealed_orders.c.number == orders.c.number))
        )
        query = query.where(life.lead == unit) if unit else query
        query = query.where(life.category == category) if category else query
        rows = await self._rows(query)
        return [Reachable(OrderNumber(row.number), row.phone or row.caller) for row in rows if row.phone or row.caller]

    async def _rows(self, query: Any) -> Sequence[Row[Any]]:
        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(query)).all()

        return await self._database.read("读取调研或拨测", work)


def _row(campaign: Campaign) -> dict[str, Any]:
    drawn = campaign.drawn
    return {
        "id": campaign.id,
        "kind": campaign.plan.kind.value,
        "title": storable(campaign.plan.title),
        "client": storable(campaign.plan.client),
        "state": campaign.state.value,
        "plan": {"text": storable(campaign.text)},
        "drawn": {"seed": drawn.seed, "population": drawn.population, "is_seed_given": drawn.is_seed_given},
        "who": storable(campaign.who)[:200],
        "at": campaign.at,
        "revision": 1,
    }


def _campaign(row: Row[Any]) -> Campaign:
    text = row.plan["text"]
    plan, problems = read_plan(text, f"调研或拨测 {row.id}")
    if plan is None:  # it was read once before it was kept
        raise StoreRefusedError(f"方案读不出来（{problems[0]}）。改法：请把这句话报告给开发者")
    return Campaign(row.id, plan, text, Drawn(**row.drawn), row.who, row.at, CampaignState(row.state))


def _member(row: Row[Any]) -> Member:
    outcome = Outcome(row.outcome) if row.outcome else None
    return Member(row.nth, row.subject, outcome, row.result, row.who, row.at)
