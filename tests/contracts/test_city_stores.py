"""What the stores of cases and of tracks promise, on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from cti.adapters.sql.case_store import SqlCases
from cti.adapters.sql.database import Database
from cti.adapters.sql.life_store import SqlLifeStore
from cti.adapters.sql.track_store import SqlTracks
from ivr.errors import StoreRefusedError
from tests.workorder.life.packs import AGENT, BEGUN, CALENDAR, CHECKED, FOLDER, WATER, unit
from workorder.audit import Person
from workorder.cities.pack import Pack
from workorder.grid.cases import Case, Cost, CostKind, Source
from workorder.grid.shapes import Point
from workorder.grid.tracks import Duty, TrackPoint
from workorder.life import actions as a
from workorder.life.living import LivingOrder
from workorder.order import OrderNumber

LI, HERE = Person("李晓梅", "agent"), Point(103.75, 36.05)
ONE, OTHER, CALL = (OrderNumber(f"WO20261120-00000{nth}") for nth in (1, 2, 3))
CASE = Case(ONE, Source.CITIZEN, "雨水井盖", "目录@1", BEGUN, hotline_order=CALL, at=HERE, checklist={"位置": "甲"})
LATER = BEGUN + timedelta(hours=1)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hotline.db'}"
    opened = Database(url, deadline_seconds=20)
    await opened.open()
    yield opened
    await opened.close()


async def test_cases_their_costs_and_what_they_add_up_to_are_kept(database: Database) -> None:
    cases, lives = SqlCases(database), SqlLifeStore(database, lambda: CALENDAR)
    await cases.put(CASE, LI, BEGUN, "case.filed")
    assert await cases.one(ONE) == await cases.one(CALL) == CASE, "known by either number"
    changed = replace(CASE, unit=WATER, filed=LATER, filed_by="李晓梅", solve_first=True)
    await cases.put(changed, LI, LATER, "case.filed")
    assert await cases.one(ONE) == changed
    with pytest.raises(StoreRefusedError, match=f"{CALL} 已立案为 {ONE}"):
        await cases.put(replace(CASE, number=OTHER), LI, LATER, "case.filed")
    assert await cases.one(OTHER) is None
    sums = [Cost("c1", ONE, CostKind.ADVANCED, 120_050, WATER, "换\0盖", "李", BEGUN)]
    sums.append(replace(sums[0], id="c2", kind=CostKind.RECOVERED, fen=50, note="追缴", at=LATER))
    for each in sums:
        assert await cases.add_cost(each, changed, LI) is None
    kept = await cases.costs(ONE)
    assert [(each.id, each.fen, each.kind) for each in kept] == [(each.id, each.fen, each.kind) for each in sums]
    assert await cases.costs(OTHER) == ()
    assert await cases.owing() == {ONE: 120_000}
    assert await cases.reported(BEGUN, LATER) == (), "a case whose order never was counts nowhere"
    pack = await lives.keep_pack((FOLDER / "digital_city.yaml").read_text(encoding="utf-8"), BEGUN)
    assert isinstance(pack, Pack)
    for number, channel in ((ONE, "call"), (OTHER, "video")):
        wish = a.Open(pack.edition, "component", channel)
        assert isinstance(await lives.open(wish, AGENT, BEGUN, number), LivingOrder)
    for actor, action in (
        (AGENT, CHECKED),
        (AGENT, a.Dispatch(WATER)),
        (unit(), a.Sign("老李")),
        (unit(), a.Reply("好了。", asks_recheck=True)),
    ):
        assert isinstance(await lives.act(ONE, action, actor, LATER), LivingOrder)
    (row,) = await cases.reported(BEGUN, LATER)
    assert (row.case, row.life.state.value, row.in_time) == (changed, "replied", True)
    assert await cases.reported(LATER, LATER + timedelta(days=1)) == ()
    found = await cases.sources("digital_city", BEGUN, LATER)
    assert sorted(found) == [Source.CITIZEN, Source.GOVERNMENT], "what has no case of its own counts by its channel"
    assert await cases.sources("digital", BEGUN, LATER) == ()


async def test_two_who_settle_the_same_money_at_once_do_not_settle_it_twice(database: Database) -> None:
    cases, case = SqlCases(database), replace(CASE, solve_first=True)
    await cases.put(case, LI, BEGUN, "case.filed")
    advanced = Cost("c0", ONE, CostKind.ADVANCED, 1000, WATER, "换盖", "李", BEGUN)
    assert await cases.add_cost(advanced, case, LI) is None
    paid = [replace(advanced, id=f"c{nth}", kind=CostKind.RECOVERED, at=LATER) for nth in range(1, 6)]
    told = await asyncio.gather(*(cases.add_cost(each, case, LI) for each in paid))
    assert len([each for each in told if each is None]) == 1
    assert await cases.owing() == {}


async def test_duty_and_tracks_are_kept_and_forgotten(database: Database) -> None:
    tracks, who = SqlTracks(database), Person("C01", "collector")
    await tracks.begin(Duty("C01", BEGUN, None, "1"), who)
    await tracks.begin(Duty("C01", LATER, None, "1"), who)
    assert await tracks.duties("C01", LATER) == (Duty("C01", BEGUN, None, "1"),), "what is open goes on"
    await tracks.begin(Duty("C01", LATER, None, "2"), who)
    assert await tracks.duties("C01", LATER) == (Duty("C01", BEGUN, LATER, "1"), Duty("C01", LATER, None, "2")), (
        "another notice was agreed to"
    )
    await tracks.end("C01", who, LATER)
    await tracks.end("C01", who, LATER + timedelta(hours=1))
    assert await tracks.duties("C01", BEGUN) == (Duty("C01", BEGUN, LATER, "1"), Duty("C01", LATER, LATER, "2"))
    assert await tracks.duties("C01", LATER + timedelta(seconds=1)) == ()
    points = tuple(TrackPoint("C01", BEGUN + timedelta(minutes=n), HERE, 5.0, "XH-01") for n in range(3))
    await tracks.add(points[:2])
    await tracks.add(points)
    await tracks.add(())
    assert await tracks.of("C01", BEGUN, LATER, LI, LATER, "核对") == points
    assert await tracks.of("C02", BEGUN, LATER, LI, LATER, "核对") == ()
    assert await tracks.forget(points[1].at) == 1
    assert await tracks.of("C01", BEGUN, LATER, LI, LATER, "核对") == points[1:]
