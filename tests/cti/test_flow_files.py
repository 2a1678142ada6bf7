"""Saved flows: taken in when they prove sound, refused with every problem when not, and the old edition stays."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cti.server.files import flow_files
from cti.server.files.flow_files import SHIPPED_FLOWS, FlowFiles, FlowShelf, flows_in_use, keys_out_of_queues
from cti.server.installation import queues_of
from cti.settings import Settings, default_settings
from ivr.adapters.voice.espeak import Espeak, Voice, VoiceError
from ivr.errors import AuthorError, SwitchLostError
from ivr.flow.model import Flow
from ivr.problems import Problem


class Speaker(Espeak):
    """Speaks at once, and not at all where the words hold `mute`."""

    async def speak(self, text: str, voice: Voice | None = None) -> bytes:
        if "无声" in text:
            raise VoiceError("espeak-ng 没有出声")
        return bytes(1600)


class Shelf:
    """A shelf over a folder of flows; `refused` are the problems it told."""

    def __init__(self, folder: Path) -> None:
        self.flows = folder / "flows"
        if not self.flows.exists():
            shutil.copytree(SHIPPED_FLOWS, self.flows)
        settings: Settings = replace(default_settings(folder / "data", folder / "run"), flows_folder=self.flows)
        self.refused: list[Problem] = []
        self.sounds = folder / "sounds"
        queues = queues_of(settings)
        self.shelf = FlowShelf(
            settings, lambda: queues, self.sounds, Speaker(), folder / "editions", self.refused.extend
        )

    def save(self, old: str, new: str) -> None:
        file = self.flows / "menu.yaml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    async def until(self, what: str) -> None:
        """Wait for the shelf to have looked: it polls, so does the test."""
        async with asyncio.timeout(30):
            while not (self.refused if what == "refused" else self.shelf.current().digest != what):  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_files, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(flow_files, "SETTLE_SECONDS", 0.01)


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[Shelf]:
    shelf = Shelf(folder)
    await shelf.shelf.open()
    task = asyncio.create_task(shelf.shelf.run())
    try:
        yield shelf
    finally:
        task.cancel()


async def test_a_saved_flow_is_current_and_the_old_edition_is_still_there(tmp_path: Path) -> None:
    async with watching(tmp_path) as shelf:
        old = shelf.shelf.current()
        shelf.save("抱歉，坐席全忙，让您久等了。", "抱歉，人都忙着。")
        await shelf.until(old.digest)
        new = shelf.shelf.current()
        assert new.digest != old.digest
        assert shelf.shelf.edition(old.digest) is old
        assert shelf.refused == []


async def test_the_prompts_of_a_new_flow_are_there_before_it_is_current(tmp_path: Path) -> None:
    async with watching(tmp_path) as shelf:
        old, before = shelf.shelf.current(), set(shelf.sounds.rglob("*.*"))
        shelf.save("抱歉，坐席全忙，让您久等了。", "抱歉，人都忙着。")
        await shelf.until(old.digest)
        assert set(shelf.sounds.rglob("*.*")) > before


async def test_a_broken_save_is_refused_with_its_place_and_the_old_stays(tmp_path: Path) -> None:
    async with watching(tmp_path) as shelf:
        old = shelf.shelf.current()
        shelf.save("then: main_menu", "then: nowhere")
        await shelf.until("refused")
        assert shelf.shelf.current() is old
        assert any("menu.yaml" in str(problem) and "改法" in str(problem) for problem in shelf.refused)
        shelf.save("then: nowhere", "then: main_menu")  # mended, it is the same edition as before
        assert shelf.shelf.current().digest == old.digest


async def test_a_flow_that_cannot_be_spoken_is_refused(tmp_path: Path) -> None:
    async with watching(tmp_path) as shelf:
        old = shelf.shelf.current()
        shelf.save("抱歉，坐席全忙，让您久等了。", "无声。")
        await shelf.until("refused")
        assert shelf.shelf.current() is old


async def test_flows_that_are_broken_at_the_start_leave_the_last_good_edition(tmp_path: Path) -> None:
    async with watching(tmp_path) as shelf:
        good = shelf.shelf.current().digest
        shelf.save("then: main_menu", "then: nowhere")
    again = Shelf(tmp_path)
    await again.shelf.open()
    assert again.shelf.current().digest == good
    assert again.refused


async def test_flows_that_were_never_good_are_an_authors_error(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.save("then: main_menu", "then: nowhere")
    with pytest.raises(AuthorError, match=r"menu\.yaml"):
        await shelf.shelf.open()


async def test_an_edition_that_never_was_is_none(tmp_path: Path) -> None:
    async with watching(tmp_path) as shelf:
        for digest in ("0" * 16, "../../etc", "", "current"):
            assert shelf.shelf.edition(digest) is None


async def test_a_folder_that_vanishes_changes_nothing(tmp_path: Path) -> None:
    async with watching(tmp_path) as shelf:
        old = shelf.shelf.current()
        shutil.rmtree(shelf.flows)
        await shelf.until("refused")
        assert shelf.shelf.current() is old


async def test_a_called_number_may_not_lose_its_flow(tmp_path: Path) -> None:
    async with watching(tmp_path) as shelf:
        old = shelf.shelf.current()
        (shelf.flows / "elder.yaml").unlink()
        await shelf.until("refused")
        assert shelf.shelf.current() is old
        assert any("12349" in str(problem) and "elder.yaml" in str(problem) for problem in shelf.refused)


async def test_a_disk_that_takes_nothing_costs_the_archive_and_not_the_controller(tmp_path: Path) -> None:
    (tmp_path / "editions").write_text("no folder: whatever is written here fails")
    async with watching(tmp_path) as shelf:
        old = shelf.shelf.current().digest
        shelf.save("您好，", "早上好，")
        await shelf.until(old)
        assert shelf.shelf.edition(old) is not None
        assert not shelf.refused


def test_flows_published_by_the_pages_take_the_place_of_the_shipped_ones(tmp_path: Path) -> None:
    settings = default_settings(tmp_path / "data", tmp_path / "run")
    assert flows_in_use(settings) == SHIPPED_FLOWS
    shutil.copytree(SHIPPED_FLOWS, tmp_path / "run" / "flows")
    assert flows_in_use(settings) == tmp_path / "run" / "flows"
    assert all(name.startswith(str(tmp_path)) for name in FlowFiles.read(settings).texts)


async def test_new_flows_answer_only_once_the_switch_knows_their_keys(tmp_path: Path) -> None:
    asked, is_away = list[str](), [True]

    async def follow(flows: Iterable[Flow]) -> None:
        asked.append(keys_out_of_queues(flows))
        if is_away[0]:
            raise SwitchLostError("the test cut the line")

    async with watching(tmp_path) as shelf:
        before = shelf.shelf.current().digest
        shelf.shelf.follow = follow
        file = shelf.flows / "main.yaml"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace('      "1": call_back\n', '      "1": call_back\n      "9": call_back\n'), "utf-8")
        async with asyncio.timeout(30):
            while len(asked) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert shelf.shelf.current().digest == before, "tried again and again, and the old edition answers meanwhile"
        is_away[0] = False
        await shelf.until(before)
        assert "9" in asked[-1]
