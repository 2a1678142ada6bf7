"""What the store of campaigns promises, on SQLite and PostgreSQL, with two servers at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cti.adapters.sql.archive import SqlTranscriptArchive
from cti.adapters.sql.campaign_store import Found, SqlCampaigns
from cti.adapters.sql.database import Database
from cti.server.files.policy_files import shipped_masking
from tests.fakes import NOON
from tests.workorder.test_campaigns import DIAL, SURVEY, survey
from workorder.audit import Person
from workorder.campaign_plan import read_plan
from workorder.campaigns import Campaign, CampaignState, Drawn, Member, Outcome, answered
from workorder.life.refusal import Refusal

BOSS = Person("班长", "supervisor")


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    is_postgresql = request.param == "postgresql"
    made = Database(request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hl.db'}")
    await made.open()
    yield made
    await made.close()


def campaign(identity: str, text: str = SURVEY) -> Campaign:
    plan, _ = read_plan(text, "plan")
    assert plan is not None
    return Campaign(identity, plan, text, Drawn("s", 7, True), "班长", NOON)


def says(outcome: Outcome, **answers: str) -> object:
    def step(now: Member) -> Found | Refusal:
        found = answered(survey(), now, outcome, answers)
        return found if isinstance(found, Refusal) else (outcome, found)

    return step


async def test_a_campaign_comes_back_with_its_plan_and_members_and_is_closed_once(database: Database) -> None:
    store, at = SqlCampaigns(database), NOON + timedelta(minutes=1)
    kept = campaign("c1")
    await store.begin(kept, ("WO1", "WO2"), BOSS)
    await store.begin(campaign("c2", DIAL), ("总机", "总机", "按零"), BOSS)
    assert await store.one("c1") == kept
    assert await store.one("c9") is None
    assert {each.id for each in await store.latest()} == {"c1", "c2"}
    assert list(await store.members("c1")) == [Member(1, "WO1"), Member(2, "WO2")]
    done = await store.record("c1", 2, BOSS, at, says(Outcome.ANSWERED, overall="满意", wish="\0无"))  # type: ignore[arg-type]
    assert isinstance(done, Member), done
    read = await store.member("c1", 2)
    assert read is not None
    assert (read.outcome, read.result, read.who, read.at) == (
        Outcome.ANSWERED,
        {"overall": "满意", "wish": "无"},
        "班长",
        at,
    )
    assert await store.record("c1", 9, BOSS, at, says(Outcome.REFUSED)) is None  # type: ignore[arg-type]
    assert [await store.close("c1", BOSS, at) for _ in range(2)] == [True, False]
    closed = await store.one("c1")
    assert closed is not None
    assert closed.state is CampaignState.CLOSED
    late = await store.record("c1", 1, BOSS, at, says(Outcome.REFUSED))  # type: ignore[arg-type]
    assert isinstance(late, Refusal)
    trail = await SqlTranscriptArchive(database, shipped_masking()).trail(limit=100)
    assert sorted(row.action for row in trail) == ["campaign.closed", "campaign.opened", "campaign.opened",
                                                   "campaign.recorded"]  # fmt: skip


async def test_two_agents_who_record_the_same_citizen_do_not_overwrite_each_other(database: Database) -> None:
    one, two = SqlCampaigns(database), SqlCampaigns(database)
    await one.begin(campaign("c1"), ("WO1",), BOSS)
    found = await asyncio.gather(
        *(each.record("c1", 1, BOSS, NOON, says(Outcome.ANSWERED, overall="满意")) for each in (one, two))  # type: ignore[arg-type]
    )
    assert sorted(type(each).__name__ for each in found) == ["Member", "Refusal"]
