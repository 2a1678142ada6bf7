"""Invented orders of fixed days in a database of a test: the same in every run, whatever day it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cti.adapters.sql.database import Database
from cti.adapters.sql.seeding import SqlSeeding
from cti.demo.invented import Inventor
from cti.demo.matters import read_matters
from cti.server.orders import Orders
from cti.settings import Settings, default_settings
from tests.workorder.life.packs import CALENDAR, pack_of
from workorder.life.whole import WholeOrder

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
"""A Sunday afternoon; the orders are of the 30 days before it."""


def settings_of(folder: Path) -> Settings:
    return default_settings(folder / "data", folder / "run")


async def invented(settings: Settings, database: Database, count: int = 120, seed: int = 7) -> list[WholeOrder]:
    """Write them and return them."""
    pack = pack_of(settings.city)
    await Orders(settings, database, lambda: CALENDAR).pack(NOW)
    inventor, seeding = Inventor(read_matters(), pack, CALENDAR, NOW, {}, seed), SqlSeeding(database)
    instants = inventor.instants(count, 30)
    numbers = await seeding.numbers(instants)
    made = [inventor.order(number, at) for number, at in zip(numbers, instants, strict=True)]
    await seeding.write(made, pack, CALENDAR, NOW)
    return made
