"""Danger words changed in the page: no danger that we know of can be lost; the next sentence is heard by them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from cti.access import Role
from cti.server.files import danger_words
from cti.server.files.danger_words import DangerWords, open_spotter, own_danger
from ivr.problems import Problem
from routing.emergency.watch import Spots
from tests.cti.web.site import Page, Site, site

pytestmark = pytest.mark.asyncio(loop_scope="module")

STRANGE = "我家的哐哐机轰隆隆了"
"""No words that ship hear a danger in this."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    async with site(tmp_path_factory.mktemp("danger")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def admin(here: Site) -> Page:
    return await here.sign_in("赵主任", Role.ADMIN)


async def test_a_word_is_tried_published_and_heard(here: Site, admin: Page) -> None:
    now = (await admin.get("/api/admin/danger")).json()
    assert set(now["files"]) == {"110.yaml", "119.yaml", "120.yaml", "122.yaml", "context.yaml", "shared.yaml"}
    files = {
        **now["files"],
        "119.yaml": now["files"]["119.yaml"].replace("  着火: >-\n    ", "  着火: >-\n    轰隆隆了 "),
    }
    assert files != now["files"]
    before = (await admin.post("/api/admin/judge", {"text": STRANGE})).json()["verdict"]
    after = (await admin.post("/api/admin/judge", {"text": STRANGE, "danger_words": files})).json()["verdict"]
    assert before["danger"] is None
    assert after["danger"]["kind"] == "119"
    wish = {"files": files, "based_on": now["digest"], "note": "本地说法"}
    done = await admin.post("/api/admin/danger/publish", wish)
    assert done.status_code == 200, done.text
    assert (await admin.post("/api/admin/judge", {"text": STRANGE})).json()["verdict"]["danger"]["kind"] == "119"
    assert open_spotter(own_danger(here.deps.settings)).spot(STRANGE) is not None
    back = await admin.post("/api/admin/danger/roll-back", {"number": 1, "based_on": done.json()["digest"]})
    assert back.status_code == 200, back.text
    assert open_spotter(own_danger(here.deps.settings)).spot(STRANGE) is None


async def test_words_without_which_a_known_danger_is_not_heard_are_refused(admin: Page) -> None:
    now = (await admin.get("/api/admin/danger")).json()
    text = now["files"]["119.yaml"]
    files = {**now["files"], "119.yaml": text.replace("着火", "着伙").replace("起火", "起伙").replace("烧", "绍")}
    told = (await admin.post("/api/admin/danger/check", {"files": files})).json()
    assert not told["may_publish"]
    assert any("不再听得出险情" in each["what"] for each in told["problems"])
    broken = {**now["files"], "119.yaml": "emergency_words: [1"}
    assert not (await admin.post("/api/admin/danger/check", {"files": broken})).json()["may_publish"]
    assert (await admin.post("/api/admin/danger/check", {"files": now["files"]})).json()["problems"] == []


async def test_saved_words_are_followed_and_broken_ones_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(danger_words, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(danger_words, "SETTLE_SECONDS", 0.01)
    followed: list[Spots] = []
    refused: list[tuple[Problem, ...]] = []
    folder = tmp_path / "danger"
    watch = asyncio.create_task(DangerWords(folder, followed.append, refused.append).run())
    try:
        folder.mkdir()
        (folder / "119.yaml").write_text("emergency_words: [1", encoding="utf-8")
        async with asyncio.timeout(30):
            while not refused:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert not followed
        assert open_spotter(folder).spot("着火了快来") is not None, "a start with broken words hears by those that ship"
        (folder / "119.yaml").unlink()
        async with asyncio.timeout(30):
            while not followed:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert followed[0].spot("着火了快来") is not None
    finally:
        watch.cancel()
