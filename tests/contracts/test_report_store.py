"""What the store of reports promises, on SQLite and PostgreSQL, with two servers at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from cti.adapters.sql.database import Database
from cti.adapters.sql.report_store import SqlReports
from cti.server.report_drafts import draft_due
from cti.server.reports import Reports
from cti.settings import Settings
from ivr.errors import StoreRefusedError
from tests.cti.invented_orders import NOW, invented, settings_of
from workorder.audit import Person
from workorder.reports.information import Sent

WEEK = (date(2026, 11, 9), date(2026, 11, 15))
HOST = Person("督办员", "inspector")


class At:
    """A clock that stands."""

    def now(self) -> object:
        return NOW

    def monotonic(self) -> float:
        return 0.0


@dataclass
class Servers:
    one: Reports
    two: Reports
    database: Database
    settings: Settings

    async def audited(self, action: str) -> int:
        async def work(connection: object) -> int:
            found = await connection.execute(text("SELECT count(*) FROM audit WHERE action = :a"), {"a": action})  # type: ignore[attr-defined]
            return int(found.scalar_one())

        return await self.database.read("test", work)


@pytest.fixture(params=["sqlite", "postgresql"])
async def servers(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Servers]:
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hotline.db'}"
    databases = [Database(url, deadline_seconds=30), Database(url, deadline_seconds=30)]
    for database in databases:
        await database.open()
    settings = replace(settings_of(tmp_path), database=url)
    one, two = (Reports(settings, database) for database in databases)
    yield Servers(one, two, databases[0], settings)
    for database in databases:
        await database.close()


@pytest.mark.requirement("S-40")
async def test_the_week_is_drafted_by_itself_once_whichever_server_looks_first(servers: Servers) -> None:
    await invented(servers.settings, servers.database, 25)
    clock = At()
    both = await asyncio.gather(
        draft_due(servers.one, clock, "one"),  # type: ignore[arg-type]
        draft_due(servers.two, clock, "two"),  # type: ignore[arg-type]
    )
    made = [report for reports in both for report in reports]
    assert sorted(each.name for each in made) == ["analysis", "bulletin", "special"]
    assert await draft_due(servers.one, clock, "one") == (), "once is enough"  # type: ignore[arg-type]
    assert await servers.audited("report.drafted") == 3
    kept = {each.report.name: each for each in await servers.two.store.latest()}
    assert set(kept) == {"analysis", "bulletin", "special"}
    for name, title in (("special", "热点专报"), ("analysis", "分析专报")):
        report = kept[name].report
        assert (report.title, report.since, report.until) == (title, *WEEK)
        assert report.digest == kept[name].digest, "as it was made"
        again = await servers.two.make(name, *WEEK, NOW + timedelta(days=1))
        assert again.digest == kept[name].digest, "another server makes the same"


async def test_a_draft_is_issued_once_and_a_changed_one_not_at_all(servers: Servers) -> None:
    report = await servers.one.make("weekly", *WEEK, NOW)
    assert await servers.one.store.draft(report, HOST, NOW)
    assert not await servers.two.store.draft(report, HOST, NOW)
    issued = await servers.two.store.issue("weekly", *WEEK, HOST, NOW)
    assert issued is not None
    assert issued.issued_by == "督办员"
    with pytest.raises(StoreRefusedError, match="已经签发"):
        await servers.one.store.issue("weekly", *WEEK, HOST, NOW)
    assert await servers.one.store.issue("weekly", *OTHER, HOST, NOW) is None
    assert await servers.one.store.draft(replace(report, name="forged"), HOST, NOW)

    async def forge(connection: object) -> None:
        await connection.execute(text("UPDATE report_drafts SET digest = 'x' WHERE name = 'forged'"))  # type: ignore[attr-defined]

    await servers.database.write("test", forge)
    with pytest.raises(StoreRefusedError, match="改动"):
        await servers.one.store.issue("forged", *WEEK, HOST, NOW)


OTHER = (date(2026, 11, 2), date(2026, 11, 8))


async def test_of_what_a_unit_sends_the_first_counts(servers: Servers) -> None:
    sent = Sent("水务局", "work", "2026-10", "十月工作", "……", "老李", NOW)
    stores: tuple[SqlReports, ...] = (servers.one.store, servers.two.store)
    later = replace(sent, title="补报", at=NOW + timedelta(days=1))
    assert sorted(await asyncio.gather(*(store.send_in(sent, HOST) for store in stores))) == [False, True]
    assert not await stores[1].send_in(later, HOST)
    assert [each.title for each in await stores[0].sent(["2026-10"])] == ["十月工作"]
    assert await stores[0].sent(["2026-10"], "交通局") == ()
    assert await stores[0].sent(["2026-11"]) == ()
    assert await servers.audited("information.sent") == 1
