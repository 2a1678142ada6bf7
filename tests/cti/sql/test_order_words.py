"""Words find the orders that hold them, in either database, however PostgreSQL shortens the way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cti.adapters.sql.database import Database
from cti.adapters.sql.life_store import SqlLifeStore
from cti.adapters.sql.order_rows import OrderFilter, SqlOrderRows
from cti.adapters.sql.seeding import SqlSeeding
from cti.demo.invented import Inventor
from cti.demo.matters import read_matters
from tests.workorder.life.packs import CALENDAR, FOLDER, pack_of
from workorder.draft import FieldName
from workorder.order import WorkOrder

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ALL = 60


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_words_find_exactly_the_orders_that_hold_all_of_them(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue("postgres_url") if kind == "postgresql" else f"sqlite:///{tmp_path / 'h.db'}"
    database = Database(url, deadline_seconds=60)
    await database.open()
    try:
        known = await _seeded(database)
        rows = SqlOrderRows(database)
        caller = next(each.draft.value(FieldName.CALLER_NUMBER) for each in known if _caller(each))
        told = [known[nth].draft.value(FieldName.TITLE) for nth in (0, 7, 20)]
        words = [
            *told,
            told[0][:2],
            told[0][:1],
            f"{told[0][:2]} {told[0][-2:]}",
            "路 口",
            "没有这样的事",
            "%",
            "_",
            caller,
        ]
        for asked in words:
            found, total = await rows.page(OrderFilter(words=asked), 0, ALL)
            expected = {each.number for each in known if _holds(each, asked)}
            assert {each.number for each in found} == expected, asked
            assert total == len(expected), asked
        number = known[3].number
        for asked in (number, number.lower()):
            assert [each.number for each in (await rows.page(OrderFilter(words=asked), 0, ALL))[0]] == [number]
        newest, total = await rows.page(OrderFilter(words="WO"), 0, 5)
        assert total == ALL
        assert [each.number for each in newest] == sorted((each.number for each in known), reverse=True)[:5]
        last, total = await rows.page(OrderFilter(words="WO"), ALL - 3, 5)
        assert (len(last), total) == (3, ALL)
        assert await rows.page(OrderFilter(words="WO"), ALL, 5) == ((), ALL), "beyond the last page"
    finally:
        await database.close()


async def _seeded(database: Database) -> list[WorkOrder]:
    pack = pack_of("suqian")
    await SqlLifeStore(database, lambda: CALENDAR).keep_pack((FOLDER / "suqian.yaml").read_text(encoding="utf-8"), NOW)
    seeding, inventor = SqlSeeding(database), Inventor(read_matters(), pack, CALENDAR, NOW, {})
    instants = inventor.instants(ALL, 10)
    numbers = await seeding.numbers(instants)
    made = [inventor.order(number, at) for number, at in zip(numbers, instants, strict=True)]
    await seeding.write(made, pack, CALENDAR, NOW)
    return [each.draft for each in made]


def _caller(order: WorkOrder) -> str:
    return order.draft.value(FieldName.CALLER_NUMBER)


def _holds(order: WorkOrder, words: str) -> bool:
    fields = (FieldName.TITLE, FieldName.SUMMARY, FieldName.PLACE)
    return all(
        any(word in order.draft.value(name) for name in fields) or word == _caller(order) for word in words.split()
    )
