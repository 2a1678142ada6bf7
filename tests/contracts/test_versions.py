"""Published versions and the audit trail on both databases: numbered, in order, and only with what they stand for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cti.adapters.sql.audit_store import SqlAudit
from cti.adapters.sql.database import Database
from cti.adapters.sql.version_store import SqlVersionStore
from cti.file_versions import Shelf, Version, digest_of
from ivr.errors import StoreAwayError
from workorder.audit import Person

ZHAO = Person("赵主任", "admin")
AT = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hotline.db'}"
    opened = Database(url, deadline_seconds=20)
    await opened.open()
    yield opened
    await opened.close()


def version(text: str, shelf: Shelf = Shelf.FLOWS, back_to: int = 0) -> Version:
    files = {"main.yaml": text}
    return Version(shelf, 0, digest_of(files), AT, "赵主任", "说明", files, "有提醒也可以", back_to)


async def test_versions_are_numbered_per_shelf_and_come_back_whole_newest_first(database: Database) -> None:
    store = SqlVersionStore(database)
    first = await store.add(version("flow: 1\n"), ZHAO)
    second = await store.add(version("flow: 1\n# 二\n", back_to=1), ZHAO)
    other = await store.add(version("queues_version: 1\n", Shelf.QUEUES), ZHAO)
    assert (first.number, second.number, other.number) == (1, 2, 1)
    assert await store.versions(Shelf.FLOWS) == (second, first)
    assert await store.newest(Shelf.FLOWS) == second
    assert await store.version(Shelf.FLOWS, 1) == first
    assert await store.version(Shelf.FLOWS, 3) is None
    assert await store.newest(Shelf.WORDS) is None
    rows = await SqlAudit(database).rows(who="赵主任")
    assert [row.action for row in rows] == ["queues.publish", "flows.roll_back", "flows.publish"]
    (about,) = await SqlAudit(database).rows(subject="flows/2")
    assert about.detail["back_to"] == 1


async def test_a_version_whose_files_could_not_be_put_is_not_kept(database: Database) -> None:
    store = SqlVersionStore(database)

    async def full() -> None:
        raise StoreAwayError("磁盘已满")

    with pytest.raises(StoreAwayError):
        await store.add(version("flow: 1\n"), ZHAO, full)
    assert await store.newest(Shelf.FLOWS) is None
    assert await SqlAudit(database).rows() == ()


async def test_many_at_once_get_numbers_of_their_own(database: Database) -> None:
    store = SqlVersionStore(database)
    made = await asyncio.gather(
        *(store.add(version(f"flow: 1\n# {n}\n"), ZHAO) for n in range(8)), return_exceptions=True
    )
    numbers = [each.number for each in made if isinstance(each, Version)]
    assert len(numbers) == len(set(numbers)) >= 1
