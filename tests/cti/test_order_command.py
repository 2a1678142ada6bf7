"""`hotline order` and `hotline due`: a whole life of an order from the command line, with refusals in words."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cti.__main__ import main
from cti.action_words import NAMES, read_action, read_actor
from cti.adapters.sql.caller_book import SqlCallerBook
from cti.adapters.sql.database import Database
from cti.adapters.sql.lesson_store import SqlLessonStore
from cti.adapters.sql.order_store import SqlOrderStore
from ivr.call import CallId, PhoneNumber
from workorder.draft import Draft
from workorder.life.actions import ACTIONS
from workorder.order import numbered, order_day


@pytest.fixture
def hotline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("HOTLINE_SETTINGS", raising=False)

    def run(line: str) -> tuple[int, str]:
        code = main(["--run-folder", str(tmp_path / "run"), *line.split()])
        told = capsys.readouterr()
        return code, told.out + told.err

    return run


@pytest.mark.requirement("Y-46", "J-15", "S-29")
def test_an_order_lives_from_the_command_line_to_its_end(hotline: object) -> None:
    run = hotline
    assert callable(run)
    number = numbered(order_day(datetime.now(UTC)), 1)
    unit = "--by unit:老李:水务局"
    assert run("order open --city suqian --category sudden --by agent:801")[0] == 0
    steps = [
        ("accept --by agent:801", 0, "已受理"),
        ("close --by centre:王", 1, "不能办结"),
        ("dispatch unit=水务局 --by agent:801", 0, "已派单"),
        (f"sign handler=老李 {unit}", 0, "办理中"),
        ("reply text=好 --by unit:老王:建设局", 1, "由水务局负责"),
        (f"request_extension by=7,days why=雨季 {unit}", 1, "延期最长 6 天"),
        (f"request_return basis=三定 suggestion= {unit}", 1, "没有写办理建议"),
        (f"reply text=已修好 {unit}", 0, "已答复"),
        ("tell_citizen how=电话 contact=今天 text=好了 --by centre:王", 1, "规范性审核"),
        ("pass_review --by centre:王", 0, "审核通过"),
        ("tell_citizen how=电话 contact=今天 text=好了 --by centre:王", 0, "已告知市民"),
        ("send_sms --by centre:王", 0, "短信回访"),
        ("close satisfaction=satisfied --by centre:王 --version 3", 1, "别人刚刚改动"),
        ("close satisfaction=satisfied --by centre:王", 0, "办结"),
        ("archive --by centre:王", 0, "归档"),
    ]
    for words, code, told in steps:
        found = run(f"order do {number} {words}")
        assert found[0] == code, (words, found)
        assert told in found[1], (words, found)
    code, told = run(f"order history {number}")
    assert code == 0
    assert "封印完好" in told
    assert told.count("→") == 10
    code, told = run(f"order show {number} --json")
    assert json.loads(told)["state"] == "archived"
    assert number in run("order list")[1]


def test_a_draft_is_filled_and_confirmed_by_a_person_and_then_teaches(hotline: object, tmp_path: Path) -> None:
    run = hotline
    assert callable(run)

    async def drafts() -> list[str]:
        database = Database(f"sqlite:///{tmp_path / 'run' / 'hotline.db'}")
        await database.open()
        saved = [
            await SqlOrderStore(database).save_draft(Draft(CallId(f"c{nth}")), datetime.now(UTC)) for nth in (1, 2)
        ]
        await database.close()
        return [order.number for order in saved]

    async def lessons() -> list[tuple[str, str]]:
        database = Database(f"sqlite:///{tmp_path / 'run' / 'hotline.db'}")
        await database.open()
        found = await SqlLessonStore(database).lessons()
        await database.close()
        return [(each.order, each.unit) for each in found]

    async def nuisances() -> int:
        database = Database(f"sqlite:///{tmp_path / 'run' / 'hotline.db'}")
        await database.open()
        known = await SqlCallerBook(database).known(PhoneNumber("13812345678"), CallId("now"))
        await database.close()
        return known.nuisances

    (tmp_path / "run").mkdir()
    one, two = asyncio.run(drafts())
    by = "--by agent:801"
    for line, code, told in (
        (
            f"fill {one} unit=水务局 caller_number=13812345678 summary=停水 {by}",
            0,
            "已改写 unit、caller_number、summary",
        ),
        (f"fill {one} unit=供电局 --version 1 {by}", 1, "已被别人改过"),
        (f"fill {one} untt=供电局 {by}", 1, "unit"),
        (f"confirm {one} {by}", 0, "已由 801 确认"),
        (f"link {one} {two} {by}", 0, f"已关联 {two}"),
        (f"link {one} {one} {by}", 1, "不能与自己关联"),
        (f"confirm WO20261122-999999 {by}", 1, "没有工单"),
        (f"nuisance {one} 谩骂 {by}", 0, "138****5678 已标记为骚扰"),
        (f"nuisance {two} 谩骂 {by}", 1, "没有来电号码"),
    ):
        found = run(f"order {line}")
        assert found[0] == code, (line, found)
        assert told in found[1], (line, found)
    assert asyncio.run(lessons()) == [(one, "水务局")]
    assert asyncio.run(nuisances()) == 1


def test_due_explains_an_order_day_by_day_and_tries_out_a_citys_rules(hotline: object) -> None:
    run = hotline
    assert callable(run)
    run("order open --city jinan --category help --by agent:801")
    number = numbered(order_day(datetime.now(UTC)), 1)
    run(f"order do {number} accept --by agent:801")
    run(f"order do {number} dispatch unit=水务局 --by agent:801")
    code, told = run(f"due {number}")
    assert code == 0
    assert "第 5 日" in told
    assert "依据：J-09" in told
    assert "提醒 due" in told
    code, told = run("due --city jinan --category complaint --from 2026-09-24T10:00 --json")
    assert json.loads(told)["due"] == "2026-10-09T16:00:00+00:00"
    assert run("due WO20991231-000001")[0] == 1
    assert run("due nonsense")[0] == 1
    assert run("due --city jinan --from 昨天")[0] == 1


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        ("sgn", [], "sign"),
        ("open", [], "没有这个动作"),
        ("sign", [], "缺少 handler"),
        ("sign", ["handler"], "没有写等号"),
        ("sign", ["handlr=x"], "handler"),
        ("request_extension", ["by=5", "why=x"], "5,workdays"),
        ("request_extension", ["by=0,days", "why=x"], "看不懂"),
        ("defer", ["why=x", "milestones=下周:立项"], "2026-12-31"),
        ("merge", ["into=7", "told=x"], "看不懂"),
        ("reply", ["text=x", "asks_recheck=maybe"], "true 或 false"),
    ],
)
def test_words_that_make_no_action_are_refused_with_a_remedy(name: str, words: list[str], told: str) -> None:
    action, problems = read_action(name, words)
    assert action is None
    assert any(told in str(problem) for problem in problems)


def test_every_action_can_be_written_and_people_are_named() -> None:
    assert set(NAMES.values()) == set(ACTIONS)
    action, problems = read_action("defer", ["why=要立项", "milestones=2026-12-31:立项;2027-03-31:完工"])
    assert action is not None, problems
    assert read_actor("unit:老李")[0] is None
    assert read_actor("king:某人")[0] is None
    actor, _ = read_actor("unit:老李:水务局")
    assert actor is not None
    assert actor.unit == "水务局"
