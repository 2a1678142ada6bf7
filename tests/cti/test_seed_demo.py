"""`hotline seed-demo`: believable orders whose histories obey the city's rules, written once into an empty database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cti.__main__ import main
from cti.adapters.sql.database import Database
from cti.adapters.sql.outbox_store import SqlOutboxStore
from cti.adapters.sql.publication_store import SqlPublications
from cti.demo.invented import Inventor
from cti.demo.matters import read_matters
from cti.server.orders import Orders
from cti.settings import default_settings
from tests.workorder.life.packs import CALENDAR, CITIES, pack_of
from workorder.life.history import breaks_in
from workorder.life.invariants import broken
from workorder.life.states import ENDS
from workorder.order import numbered

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize("city", CITIES)
def test_in_every_city_the_invented_orders_break_no_rule_and_many_have_ended(city: str) -> None:
    pack = pack_of(city)
    inventor = Inventor(read_matters(), pack, CALENDAR, NOW, {"水务局": "KB20261101-0001"})
    instants = inventor.instants(120, 30)
    assert instants == sorted(instants)
    assert all(NOW - timedelta(days=32) < at < NOW for at in instants)
    made = [inventor.order(numbered(at.date(), nth), at) for nth, at in enumerate(instants, 1)]
    for each in made:
        assert broken(each.order, each.history, pack) == ()
        assert breaks_in(each.history) == ()
        assert each.history[-1].at <= NOW
        assert each.order.number == each.draft.number
    assert len({each.order.state for each in made}) >= 5
    assert sum(each.order.state in ENDS for each in made) >= 12
    assert len({str(each.draft.draft) for each in made}) == 120


def test_the_same_seed_invents_the_same_orders() -> None:
    def summaries(seed: int) -> list[str]:
        inventor = Inventor(read_matters(), pack_of("jinan"), CALENDAR, NOW, {}, seed)
        instants = inventor.instants(20, 7)
        return [str(inventor.order(numbered(at.date(), nth), at)) for nth, at in enumerate(instants, 1)]

    assert summaries(1) == summaries(1) != summaries(2)


def test_they_are_written_once_into_an_empty_database_and_the_bus_hears_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("HOTLINE_SETTINGS", raising=False)
    words = ["--run-folder", str(tmp_path / "run"), "seed-demo", "--orders", "40", "--days", "10"]
    begun = datetime.now(UTC)
    assert main(words) == 0
    assert "已写入 40 张工单" in capsys.readouterr().out
    assert main(words) == 1
    assert "已有工单" in capsys.readouterr().out

    async def kept() -> tuple[int, int, int, bool]:
        settings = default_settings(tmp_path, tmp_path / "run")
        database = Database(settings.database)
        orders = await Orders(settings, database).lives.orders(limit=100)
        waiting = await SqlOutboxStore(database).waiting()
        fired = await Orders(settings, database).lives.fire("s", begun)
        public = await SqlPublications(database).page(0, 5)
        await database.close()
        return len(orders), waiting, len(fired), bool(public)

    assert asyncio.run(kept()) == (40, 0, 0, True)
