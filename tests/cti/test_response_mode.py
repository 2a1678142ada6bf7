"""Emergency response as a mode: prompts, queues and the pace of reports change with one switch that is written down."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.__main__ import main
from cti.adapters.sql.database import Database
from cti.response_mode import Switched, last_of, line_of, load_mode, switches_in
from cti.server.files.flow_files import FlowFiles, catalogue_of, read_edition
from cti.server.installation import queues_of
from cti.server.mode_desk import standing
from cti.server.modes import mode_on, switch
from cti.server.situation import SituationReports
from cti.settings import Settings, default_settings
from ivr.call import QueueName
from ivr.errors import AuthorError
from tests.fakes import NOON, FakeClock

GENERAL = QueueName("general")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return default_settings(tmp_path / "data", tmp_path)


def said(settings: Settings) -> str:
    """Every word of the flows and prompts that answer calls now."""
    return "".join(text.decode() for text in FlowFiles.read(settings).texts.values())


def run(settings: Settings, *words: str) -> int:
    return main(["--run-folder", str(settings.run_folder), "mode", *words])


@pytest.mark.requirement("Y-49")
def test_one_command_changes_prompts_queues_and_reports_and_another_gives_them_back(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    usual, usual_queues = said(settings), queues_of(settings)
    assert run(settings, "check", "incident") == 0
    assert run(settings, "on", "incident", "--by", "张主任", "--why", "防汛Ⅲ级响应") == 0
    assert "应急响应期间" not in usual
    assert "应急响应期间" in said(settings)
    queues = queues_of(settings)
    assert (queues.by_name[GENERAL].priority, queues.by_name[GENERAL].wait_seconds) == (10, 600)
    complaint = QueueName("complaint")
    before, after = usual_queues.by_name[complaint].overflow, queues.by_name[complaint].overflow
    assert before is not None
    assert after is not None
    assert after.after_seconds < before.after_seconds
    edition, problems = read_edition(FlowFiles.read(settings), catalogue_of(settings, queues), queues)
    assert edition is not None, problems
    assert standing(settings, NOON).on.report_minutes == 30

    assert run(settings, "off", "--by", "张主任", "--why", "响应结束") == 0
    assert (said(settings), queues_of(settings)) == (usual, usual_queues)
    assert standing(settings, NOON).on.report_minutes == 24 * 60

    capsys.readouterr()
    assert run(settings, "show") == 0
    told = capsys.readouterr().out
    assert told.index("响应结束") < told.index("防汛Ⅲ级响应"), "the newest first"
    assert main(["--run-folder", str(settings.run_folder), "mode", "on", "incident", "--by", "甲", "--why", " "]) == 1


@pytest.mark.requirement("Y-49")
def test_the_mode_is_the_same_after_a_restart_and_a_torn_line_costs_itself_alone(settings: Settings) -> None:
    switch(settings, "incident", "张主任", "防汛Ⅲ级响应", NOON)
    with (settings.run_folder / "modes.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"at": "2026-11-22T0')
    again = default_settings(settings.data_folder, settings.run_folder)
    assert mode_on(again)[0].name == "incident"
    switch(again, "", "张主任", "响应结束", NOON)
    assert mode_on(again)[0].name == "", "what comes after the torn line is whole"
    switch(again, "incident", "张主任", "又来了", NOON)
    assert "应急响应期间" in said(again)


@pytest.mark.requirement("Y-49")
async def test_the_situation_is_reported_at_the_pace_of_the_mode(settings: Settings) -> None:
    database = Database(settings.database)
    settings.run_folder.mkdir(parents=True, exist_ok=True)
    await database.open()
    try:
        clock = FakeClock()
        begun = clock.now()
        reports = SituationReports(settings, database, clock)

        async def after(minutes: int) -> bool:
            clock.pass_seconds((begun + timedelta(minutes=minutes) - clock.now()).total_seconds())
            return await reports.look() is not None

        assert not await after(60)
        switch(settings, "incident", "张主任", "防汛", clock.now())
        assert not await after(89)
        assert await after(90), "half an hour after the switch"
        assert not await after(119)
        assert await after(120)
        assert not await after(135)
        switch(settings, "", "张主任", "响应结束", clock.now())
        assert not await after(135 + 24 * 60 - 1)
        assert await after(135 + 24 * 60 + 1), "looked for a little late"
        written = sorted((settings.run_folder / "situation").glob("*.json"))
        told = [json.loads(file.read_text(encoding="utf-8")) for file in written]
        assert [(each["mode"], each["every_minutes"]) for each in told] == [
            ("incident", 30),
            ("incident", 30),
            ("", 24 * 60),
        ]
        for earlier, later in pairwise(told):
            assert later["since"] == earlier["until"], "no call falls between two reports"
    finally:
        await database.close()


def own_mode(settings: Settings, **files: str) -> None:
    folder = settings.run_folder / "modes" / "flood"
    folder.mkdir(parents=True)
    for name, text in {"mode": "mode: 1\ntitle: 防汛\n", **files}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")


@pytest.mark.requirement("Y-49")
@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("mode", "mode: 1\ntitle: 防汛\nreport_minuts: 30\n", "report_minuts"),
        ("queues", "queues_version: 1\nqueues:\n  flood: {title: 防汛}\n", "正在排队的市民会没有去处"),
        ("main", "flow: 1\nname: main\nstart: nowhere\n", "nodes"),
        ("prompts", "prompts: 7\n", "prompts"),
    ],
)
def test_a_mode_whose_files_would_not_work_is_refused_and_nothing_changes(
    settings: Settings, capsys: pytest.CaptureFixture[str], file: str, text: str, told: str
) -> None:
    own_mode(settings, **{file: text})
    assert run(settings, "on", "flood", "--by", "张主任", "--why", "防汛") == 1
    assert told in capsys.readouterr().err
    assert mode_on(settings)[0].name == ""


def test_a_mode_that_is_taken_away_while_it_is_on_leaves_the_usual(settings: Settings) -> None:
    own_mode(settings)
    switch(settings, "flood", "张主任", "防汛", NOON)
    assert mode_on(settings)[0].title == "防汛"
    (settings.run_folder / "modes" / "flood" / "mode.yaml").unlink()
    assert mode_on(settings)[0].name == ""


def test_switching_to_what_is_on_already_is_told(settings: Settings) -> None:
    with pytest.raises(AuthorError, match="没有改变"):
        switch(settings, "", "张主任", "防汛", NOON)


@given(st.lists(st.builds(Switched, st.just(NOON), st.text(max_size=20), st.text(max_size=9), st.text(max_size=9))))
def test_what_was_written_is_read_again(many: list[Switched]) -> None:
    text = "".join(line_of(each) for each in many)
    assert switches_in(text) == tuple(many)
    torn = switches_in(text + line_of(Switched(NOON, "x", "y", "z"))[:-9])
    assert torn == tuple(many)
    assert last_of(torn) == (many[-1] if many else None)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    mode, problems = load_mode(text, "m", "mode.yaml")
    assert mode is not None or problems
    switches_in(text)


def test_the_default_is_what_a_line_without_a_pace_means() -> None:
    mode, problems = load_mode("mode: 1\ntitle: 甲\n", "m", "mode.yaml")
    assert mode is not None, problems
    assert replace(mode, report_minutes=0).name == "m"
