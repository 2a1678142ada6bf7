"""From an agent's correction to the next caller's draft: lessons on both databases, learnt by the command, in use."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from cti.__main__ import main
from cti.adapters.sql.call_store import SqlCallStore
from cti.adapters.sql.database import Database
from cti.adapters.sql.lesson_store import SqlLessonStore
from cti.adapters.sql.order_desk import SqlOrderDesk
from cti.adapters.sql.order_store import SqlOrderStore
from cti.server.drafting import LearningPrefill
from ivr.call import CallId, Leg, PhoneNumber
from ivr.ports import Heard
from ivr.speech.transcript import Turn
from routing.adapters.learnt_models import LearntModels
from tests.fakes import NOON
from tests.workorder.test_learn import lessons
from workorder.audit import Person
from workorder.call_record import CallRecord
from workorder.draft import Candidate, Draft, Field, FieldName
from workorder.lessons import Lesson

AGENT = Person("801 李晓梅", "agent")


async def confirmed(database: Database, lesson: Lesson, call: CallId) -> None:
    """Let an agent correct and confirm what the machine suggested."""
    orders, desk = SqlOrderStore(database), SqlOrderDesk(database)
    suggested = Field(lesson.suggested_unit, 0.6, candidates=(Candidate(lesson.suggested_unit, 0.6),))
    fields = {FieldName.UNIT: suggested, FieldName.CALLER_NUMBER: Field(lesson.caller, 1.0)}
    order = await orders.save_draft(Draft(call, MappingProxyType(fields)), lesson.confirmed)
    assert order is not None
    edited = await desk.edit(order.number, {FieldName.UNIT: lesson.unit}, 1, AGENT, lesson.confirmed)
    await desk.confirm(order.number, edited.revision, AGENT, lesson.confirmed)
    heard = (
        Heard(call, Leg.CALLER, lesson.text, True, 1, 2),
        Heard(call, Leg.AGENT, "好的马上为您登记", True, 3, 4),
    )
    await SqlCallStore(database).save_turns(call, heard)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hotline.db'}"
    opened = Database(url)
    await opened.open()
    yield opened
    await opened.close()


async def test_lessons_are_the_confirmed_orders_oldest_first_with_what_was_suggested(database: Database) -> None:
    asked = lessons(5)
    for nth, lesson in enumerate(reversed(asked)):
        await confirmed(database, lesson, CallId(f"c{nth}"))
    open_one = Draft(CallId("open"), MappingProxyType({FieldName.UNIT: Field("水务局", 0.9)}))
    await SqlOrderStore(database).save_draft(open_one, NOON)
    found = await SqlLessonStore(database).lessons()
    assert [(each.text, each.unit, each.caller, each.suggested_unit, each.confirmed) for each in found] == [
        (each.text, each.unit, each.caller, each.suggested_unit, each.confirmed) for each in asked
    ]
    assert len(await SqlLessonStore(database).lessons(most=2)) == 2


async def test_an_order_whose_call_left_no_words_teaches_by_its_summary(database: Database) -> None:
    orders, desk = SqlOrderStore(database), SqlOrderDesk(database)
    fields = {FieldName.UNIT: Field("水务局", 0.9), FieldName.SUMMARY: Field("水管爆了", 0.9)}
    order = await orders.save_draft(Draft(CallId("c1"), MappingProxyType(fields)), NOON)
    assert order is not None
    await desk.confirm(order.number, 1, AGENT, NOON + timedelta(minutes=1))
    (lesson,) = await SqlLessonStore(database).lessons()
    assert "水管爆了" in lesson.text


def test_the_command_adopts_what_is_better_the_next_draft_uses_it_and_one_command_takes_it_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fill() -> None:
        opened = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
        await opened.open()
        for nth, lesson in enumerate(lessons(80)):
            await confirmed(opened, lesson, CallId(f"c{nth}"))
        await opened.close()

    asyncio.run(fill())
    turn = Turn(Leg.CALLER, "你好麻烦问一下观景塔的旋梯晃得厉害", (), 0.0, 4.0)
    prefill = LearningPrefill(LearntModels(tmp_path / "learnt"))
    before = prefill.draft(CallId("next"), [turn])
    run = ["--run-folder", str(tmp_path), "learn"]
    assert main([*run, "--try"]) == 0
    assert prefill.draft(CallId("next"), [turn]) == before
    capsys.readouterr()
    assert main([*run, "--json"]) == 0
    unit, category = json.loads(capsys.readouterr().out)
    assert (unit["target"], unit["adopted"], category["adopted"]) == ("unit", True, False)
    after = prefill.draft(CallId("next"), [turn])
    assert after.value(FieldName.UNIT) == "塔影管理处"
    assert after[FieldName.UNIT].source == f"learnt.{unit['version']}"
    assert main([*run, "--json"]) == 0
    assert not any(each["adopted"] for each in json.loads(capsys.readouterr().out))
    (card,) = (tmp_path / "learnt").glob("unit-*.md")
    assert "塔影" not in card.read_text(encoding="utf-8")
    assert main([*run, "--advice"]) == 0
    assert "塔影管理处:观景=3" in capsys.readouterr().out
    assert main([*run, "--rollback"]) == 0
    assert prefill.draft(CallId("next"), [turn]) == before
    assert main([*run, "--rollback"]) == 1
    assert main([*run, "--accept", "塔影管理处:观景=3", "塔影管理处：旋梯"]) == 0
    assert prefill.draft(CallId("next"), [turn]).value(FieldName.UNIT) == "塔影管理处"
    assert main([*run, "--advice"]) == 0
    assert "塔影管理处:观景" not in capsys.readouterr().out
    for wrong in ("观景", "塔影管理处:", "塔影管理处:观景=99", "塔影\n管理处:观景", "塔影管理处:<b>"):
        assert main([*run, "--accept", wrong]) == 1
        assert prefill.draft(CallId("next"), [turn]).value(FieldName.UNIT) == "塔影管理处"
    (tmp_path / "learnt" / "words.yaml").write_text("lexicon: 1\nunits: [1]\n")
    assert prefill.draft(CallId("next"), [turn]).value(FieldName.UNIT) == "塔影管理处"


def test_an_installations_own_words_replace_those_that_ship_and_broken_ones_cost_only_themselves(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    own, turn = tmp_path / "words", Turn(Leg.CALLER, "西客站对面观景塔的旋梯晃得厉害", (), 0.0, 4.0)
    own.mkdir()
    models = LearntModels(tmp_path / "learnt")
    (own / "units.yaml").write_text("lexicon: 1\nunits:\n  塔影管理处: 观景塔 旋梯\n", encoding="utf-8")
    (own / "places.yaml").write_text(
        "gazetteer: 1\ncity: 某市\ndistrict: 某区\nstreets:\n  某街道: [中心站=西客站]\n", encoding="utf-8"
    )
    draft = LearningPrefill(models, own).draft(CallId("c"), [turn])
    assert draft.value(FieldName.UNIT) == "塔影管理处"
    assert draft.value(FieldName.PLACE_STANDARD).startswith("某区某街道中心站")
    (own / "units.yaml").write_text("lexicon: 1\nunits:\n  塔影管理处: 观景塔=99\n", encoding="utf-8")
    shipped = LearningPrefill(models).draft(CallId("c"), [turn])
    assert LearningPrefill(models, own).draft(CallId("c"), [turn]) == shipped
    assert "own_words_not_read" in caplog.messages
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"settings_version: 1\ndata_folder: {tmp_path}\n", encoding="utf-8")
    assert main(["--settings", str(settings), "check"]) == 1
    assert "观景塔=99" in capsys.readouterr().err


def test_words_published_meanwhile_count_from_the_next_draft_on_and_broken_ones_leave_what_was_in_use(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own, turn = tmp_path / "words", Turn(Leg.CALLER, "西客站对面观景塔的旋梯晃得厉害", (), 0.0, 4.0)
    prefill = LearningPrefill(LearntModels(tmp_path / "learnt"), own)
    assert prefill.draft(CallId("a"), [turn]).value(FieldName.UNIT) != "塔影管理处"
    own.mkdir()
    (own / "units.yaml").write_text("lexicon: 1\nunits:\n  塔影管理处: 观景塔 旋梯\n", encoding="utf-8")
    assert prefill.draft(CallId("b"), [turn]).value(FieldName.UNIT) == "塔影管理处"
    (own / "units.yaml").write_text("lexicon: 1\nunits:\n  别的管理处: 观景塔=99\n", encoding="utf-8")
    assert prefill.draft(CallId("c"), [turn]).value(FieldName.UNIT) == "塔影管理处"
    assert "own_words_not_read" in caplog.messages
    (own / "units.yaml").unlink()
    assert prefill.draft(CallId("d"), [turn]).value(FieldName.UNIT) != "塔影管理处"


def test_search_prints_each_hit_with_its_second_masked_for_the_role(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fill() -> None:
        opened = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
        await opened.open()
        heard = Heard(CallId("c1"), Leg.CALLER, "路灯坏了我电话幺三九零零零零零七零幺", True, 1.0, 9.0)
        await SqlCallStore(opened).save_turns(CallId("c1"), (heard,))
        await opened.close()

    asyncio.run(fill())
    run = ["--run-folder", str(tmp_path), "search"]
    assert main([*run, "路灯", "--json"]) == 0
    (hit,) = json.loads(capsys.readouterr().out)
    assert (hit["call"], hit["turn"], hit["begin"], hit["end"], hit["begun_s"]) == ("c1", 0, 0, 2, 1.0)
    assert "139****0701" in hit["text"]
    assert main([*run, "路灯", "--role", "agent"]) == 0
    assert "幺三九" in capsys.readouterr().out
    assert main([*run, "13900000701"]) == 1
    assert main([*run, "，"]) == 1
    assert main([*run, "路灯", "--from", "昨天"]) == 1
    assert "改法" in capsys.readouterr().err


def test_a_stored_transcript_is_shown_readable_masked_and_every_character_with_its_second(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fill() -> None:
        opened = Database(f"sqlite:///{tmp_path / 'hotline.db'}")
        await opened.open()
        calls = SqlCallStore(opened)
        await calls.save_call(CallRecord(CallId("c1"), PhoneNumber("13900000701"), started=NOON))
        heard = (
            Heard(CallId("c1"), Leg.CALLER, "你好昨天路灯坏了我电话幺三九零零零零零七零幺", True, 1.0, 9.0),
            Heard(CallId("c1"), Leg.AGENT, "请问在哪里", True, 10.0, 12.0),
        )
        await calls.save_turns(CallId("c1"), heard)
        await opened.close()

    asyncio.run(fill())
    run = ["--run-folder", str(tmp_path), "transcript", "c1"]
    assert main([*run, "--role", "agent"]) == 0
    told = capsys.readouterr().out
    assert "你好，昨天（2026-11-21）路灯坏了，我电话13900000701。" in told
    assert "请问在哪里？" in told
    assert main([*run, "--json"]) == 0
    first, _ = json.loads(capsys.readouterr().out)
    assert "139****0701" in first["text"]
    assert "幺三九" not in str(first)
    assert len(first["times"]) == len(first["raw"])
    assert main(["--run-folder", str(tmp_path), "transcript", "nobody"]) == 1
    assert main(["--run-folder", str(tmp_path), "transcript", "no call"]) == 1
