"""Confirming a draft begins the order's life, once, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from cti.adapters.sql.archive import SqlTranscriptArchive
from cti.adapters.sql.database import Database
from cti.adapters.sql.order_desk import SqlOrderDesk
from cti.adapters.sql.order_store import SqlOrderStore
from cti.server.files.policy_files import shipped_masking
from cti.server.orders import Orders
from cti.settings import default_settings
from ivr.call import CallId
from ivr.errors import ChangedMeanwhileError, StoreRefusedError
from tests.workorder.life.packs import BEGUN, pack_of
from workorder.audit import Person
from workorder.draft import Draft, Field, FieldName
from workorder.life.living import LivingOrder
from workorder.life.opening import Opening, suggested_category
from workorder.life.refusal import Refusal
from workorder.order import OrderNumber

LI = Person("李晓梅", "agent")
NOBODYS = OrderNumber("WO20261120-999999")


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hotline.db'}"
    opened = Database(url, deadline_seconds=20)
    await opened.open()
    yield opened
    await opened.close()


async def drafted(database: Database, manner: str = "求助") -> OrderNumber:
    fields = {FieldName.REQUEST_TYPE: Field(manner), FieldName.SUMMARY: Field("武威路路灯不亮")}
    order = await SqlOrderStore(database).save_draft(Draft(CallId("hl-1.0"), fields), BEGUN)
    return order.number


def orders_of(database: Database, tmp_path: Path, city: str = "lanzhou") -> Orders:
    return Orders(replace(default_settings(tmp_path, tmp_path / "run"), city=city), database)


@pytest.mark.requirement("J-03")
async def test_a_confirmed_draft_begins_its_life_under_the_citys_rules_and_only_once(
    database: Database, tmp_path: Path
) -> None:
    number, orders = await drafted(database), orders_of(database, tmp_path)
    wish = Opening(consents=True, subject_unit="城管局")
    begun = await orders.confirm(number, 1, LI, BEGUN, wish)
    assert isinstance(begun, LivingOrder)
    assert (begun.number, begun.category, begun.first_receiver) == (number, "help", "李晓梅")
    assert (begun.consents, begun.subject_unit, begun.calls) == (True, "城管局", ("hl-1.0",))
    assert begun.pack.startswith("lanzhou@")
    assert await orders.confirm(number, 1, LI, BEGUN) == begun
    kept = await SqlOrderStore(database).order(number)
    assert kept is not None
    assert kept.confirmed_by == "李晓梅"
    trail = await SqlTranscriptArchive(database, shipped_masking()).trail(number)
    assert [row.action for row in trail] == ["order.confirm"]


async def test_what_is_refused_leaves_the_draft_a_draft(database: Database, tmp_path: Path) -> None:
    number, orders = await drafted(database), orders_of(database, tmp_path)
    refused = await orders.confirm(number, 1, LI, BEGUN, Opening(category="moon"))
    assert isinstance(refused, Refusal)
    assert "没有“moon”这一类诉求" in str(refused)
    await SqlOrderDesk(database).edit(number, {FieldName.UNIT: "水务局"}, 1, Person("王", "agent"), BEGUN)
    with pytest.raises(ChangedMeanwhileError):
        await orders.confirm(number, 1, LI, BEGUN)
    with pytest.raises(StoreRefusedError):
        await orders.confirm(NOBODYS, 1, LI, BEGUN)
    assert await orders.lives.order(number) is None
    kept = await SqlOrderStore(database).order(number)
    assert kept is not None
    assert kept.confirmed is None


@pytest.mark.parametrize(
    ("city", "manner", "category"),
    [
        ("lanzhou", "投诉", "complaint"),
        ("jinan", "举报", "complaint"),
        ("jinan", "表扬", "suggestion"),
        ("suqian", "投诉", "hot_issue"),
        ("suqian", "求助", "sudden"),
        ("yangling", "求助", "utilities"),
        ("digital_city", "投诉", "component"),
    ],
)
def test_the_manner_of_the_request_suggests_a_category_that_the_city_has(city: str, manner: str, category: str) -> None:
    assert suggested_category(manner, pack_of(city)) == category
