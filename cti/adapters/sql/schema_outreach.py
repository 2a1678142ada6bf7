"""The tables beside the orders: merchants' orders (加盟企业), and campaigns (调研、拨测) with what each member gave."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from cti.adapters.sql.schema import metadata
from cti.adapters.sql.types import PlainJson, UtcInstant

merchant_orders = Table(
    "merchant_orders",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("merchant", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("channel", String(24), nullable=False),
    Column("work_order", String(24), nullable=False, server_default=""),
    Column("record", PlainJson, nullable=False),
    Column("opened", UtcInstant, nullable=False),
    Column("updated", UtcInstant, nullable=False),
    Column("revision", Integer, nullable=False),
    Index(None, "merchant", "opened"),
    Index(None, "state", "opened"),
    Index(None, "work_order"),
)
"""A life-service order of one merchant; `record` holds the citizen, the consent and every step."""

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("title", Text, nullable=False),
    Column("client", String(120), nullable=False),
    Column("state", String(16), nullable=False),
    Column("plan", PlainJson, nullable=False),
    Column("drawn", PlainJson, nullable=False),
    Column("who", String(200), nullable=False),
    Column("at", UtcInstant, nullable=False),
    Column("revision", Integer, nullable=False),
    Index(None, "at"),
)
"""A survey or a dial test, with the plan that it was begun with; `drawn` says how its members came to be."""

campaign_members = Table(
    "campaign_members",
    metadata,
    Column("campaign", String(32), ForeignKey("campaigns.id"), primary_key=True),
    Column("nth", Integer, primary_key=True, autoincrement=False),
    Column("subject", String(80), nullable=False),
    Column("outcome", String(16), nullable=False, server_default=""),
    Column("result", PlainJson, nullable=False),
    Column("who", String(200), nullable=False, server_default=""),
    Column("at", UtcInstant),
)
"""One drawn order of a survey, or one call of a dial test; without an outcome it is still to be done."""
