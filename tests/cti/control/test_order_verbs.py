"""What an agent types is stored at once, opens the order, survives suggestions, and confirming begins its life."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from cti.adapters.control.door import answer
from cti.adapters.sql.database import Database
from cti.adapters.sql.migrate import migrate
from cti.adapters.sql.order_desk import SqlOrderDesk
from cti.adapters.sql.order_store import SqlOrderStore
from cti.server.assistant import Assistant
from cti.server.order_typing import Desk, OrderTyping
from cti.server.orders import Orders
from cti.server.watching import Watching
from cti.settings import default_settings
from ivr.call import CallId, ChannelName, Leg, PhoneNumber
from ivr.events import LegUp
from tests.fakes import NOON, FakeClock, FakeDatabase, FakeJournal, FakeOrderStore
from workorder.draft import Draft, Field, FieldName, FieldState
from workorder.life.states import LifeState

CALL = CallId("hl-1795312728.0")
SUGGESTED = Draft(
    CALL,
    {
        FieldName.TITLE: Field("建议的标题", 0.8),
        FieldName.PLACE: Field("武威路9号", 0.7),
        FieldName.REQUEST_TYPE: Field("求助", 0.9),
        FieldName.SUMMARY: Field("路灯坏了", 0.9),
    },
)


class Suggesting:
    """Stands where the assistant would: it suggests, and is told what was typed."""

    def __init__(self) -> None:
        self.draft: Draft | None = SUGGESTED

    def draft_of(self, _call: CallId) -> Draft | None:
        return self.draft

    def typed(self, _call: CallId, kept: Draft) -> None:
        self.draft = kept.revised_by(self.draft) if self.draft else kept


class Typing:
    """The verbs over a real database."""

    def __init__(self, folder: Path, url: str, database: Database) -> None:
        self.database, self.clock, self.journal = database, FakeClock(), FakeJournal()
        self.store, self.suggesting = SqlOrderStore(database), Suggesting()
        self.watching = Watching(self.clock)
        self.watching.take(LegUp(CALL, Leg.CALLER, ChannelName("PJSIP/c-00000001"), PhoneNumber("13800001234"), NOON))
        settings = replace(default_settings(folder, folder / "run"), database=url)
        self.desk = Desk(
            self.store,
            SqlOrderDesk(database),
            lambda: Orders(settings, database),
            cast(Assistant, self.suggesting),
            self.journal,
            self.watching,
            self.clock,
        )
        self.verbs = OrderTyping(self.desk).verbs()

    async def ask(self, verb: str, **words: object) -> dict[str, Any]:
        told = await answer(self.verbs, json.dumps({"verb": verb, "by": "lixm", "call": CALL, **words}).encode())
        assert isinstance(told, dict)
        return told

    async def type(self, field: str, value: str) -> dict[str, Any]:
        return await self.ask("order.type", field=field, value=value)


@pytest.fixture
async def typing(tmp_path: Path) -> AsyncIterator[Typing]:
    url = f"sqlite:///{tmp_path / 'h.db'}"
    migrate(url)
    database = Database(url)
    yield Typing(tmp_path, url, database)
    await database.close()


async def test_the_first_thing_typed_opens_the_order_and_the_board_shows_it(typing: Typing) -> None:
    told = await typing.type("title", "路灯不亮")
    assert told["ok"], told
    assert typing.watching.board.calls[CALL].order == told["order"]
    order = await typing.store.order_of(CALL)
    assert order is not None
    assert order.draft[FieldName.TITLE].state is FieldState.EDITED
    assert order.draft.value(FieldName.PLACE) == "武威路9号"  # what was suggested stays beside it
    assert typing.suggesting.draft is not None
    assert typing.suggesting.draft.value(FieldName.TITLE) == "路灯不亮"


async def test_no_suggestion_overwrites_what_was_typed_and_the_last_word_counts(typing: Typing) -> None:
    await asyncio.gather(*(typing.type("title", f"第{nth}稿") for nth in range(8)))
    assert (await typing.type("title", "最后一稿"))["ok"]
    later = replace(SUGGESTED, fields={**SUGGESTED.fields, FieldName.TITLE: Field("更晚的建议", 0.99)})
    await typing.store.save_draft(later, NOON)
    order = await typing.store.order_of(CALL)
    assert order is not None
    assert order.draft.value(FieldName.TITLE) == "最后一稿"
    assert len(await typing.store.latest_orders()) == 1


async def test_confirming_opens_the_life_once_and_then_typing_is_refused(typing: Typing) -> None:
    await typing.type("title", "路灯不亮")
    told = await typing.ask("order.confirm")
    assert told["ok"], told
    assert told["state"] == LifeState.DRAFTED.value
    again = await typing.ask("order.confirm", order=told["order"])
    assert (again["ok"], again["order"]) == (True, told["order"])
    refused = await typing.type("title", "改主意了")
    assert not refused["ok"]
    assert told["order"] in refused["text"]


async def test_an_agent_may_stand_behind_the_suggestions_as_they_are(typing: Typing) -> None:
    told = await typing.ask("order.confirm")
    assert told["ok"], told
    typing.suggesting.draft = None
    assert not (await typing.ask("order.confirm", call="hl-1795312728.9"))["ok"]


async def test_the_words_so_far_are_those_of_the_journal(typing: Typing) -> None:
    def said(text: str, at: float, leg: Leg) -> dict[str, object]:
        return {"heard_of": {"kind": "Heard", "leg": leg.value, "text": text, "begun_s": at, "ended_s": at + 1}}

    for line in (said("您好", 4.0, Leg.AGENT), said("路灯坏了", 1.0, Leg.CALLER), {"heard_of": {"kind": "LegUp"}}):
        typing.journal.append(CALL, line)
    words = (await typing.ask("call.words"))["words"]
    assert [(word["leg"], word["text"]) for word in words] == [("caller", "路灯坏了"), ("agent", "您好")]


@pytest.mark.parametrize(
    "words",
    [
        {"field": "nonsense", "value": "x"},
        {"field": "title", "value": 7},
        {"field": "title", "value": "长" * 5000},
        {"field": "title", "value": "x", "order": "WO20261122-999999"},
        {"field": "title", "value": "x", "order": "; drop table"},
        {"field": "title"},
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(typing: Typing, words: dict[str, object]) -> None:
    told = await typing.ask("order.type", **words)
    assert not told["ok"]
    assert told["text"]
    assert await typing.store.order_of(CALL) is None


async def test_a_database_that_is_away_is_told_so_that_the_page_keeps_the_words(typing: Typing) -> None:
    away = FakeOrderStore(FakeDatabase(away=True))
    typing.verbs = OrderTyping(replace(typing.desk, store=away)).verbs()
    told = await typing.type("title", "路灯不亮")
    assert (told["ok"], told["code"]) == (False, "away")
