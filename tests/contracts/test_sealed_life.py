"""The words of a sensitive order's life lie sealed, on SQLite and PostgreSQL; rules and lists go on without them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import get_type_hints

import pytest
from sqlalchemy import text, update

from cti.adapters.files.order_keys import OrderKeys
from cti.adapters.files.sealed_box import SealedBox
from cti.adapters.sql.database import Database
from cti.adapters.sql.file_rows import OrderFile, SqlOrderFiles
from cti.adapters.sql.life_store import SqlLifeStore
from cti.adapters.sql.order_store import SqlOrderStore
from cti.adapters.sql.schema_units import sealed_events
from cti.adapters.sql.sealed_files import SealedFiles
from cti.adapters.sql.sealing import SqlSealing
from ivr.call import CallId
from ivr.errors import StoreRefusedError
from tests.workorder.life.packs import AGENT, BEGUN, CALENDAR, CENTRE, FOLDER, WATER, Life, pack_of, unit
from workorder.audit import Person
from workorder.cities.pack import Pack
from workorder.draft import Draft, Field, FieldName, FieldState
from workorder.life import actions as a
from workorder.life.actors import Actor
from workorder.life.evolve import fold
from workorder.life.history import breaks_in
from workorder.life.living import LivingOrder
from workorder.order import OrderNumber
from workorder.sealed_events import HIDDEN_WORDS, OPEN_TEXTS, SEALED_TEXTS, husk_of_event

SUQIAN = pack_of("suqian").edition
SECRET = "王小明说局长收钱"
STEPS: tuple[tuple[Actor, a.Action], ...] = (
    (AGENT, a.AddNewFacts(SECRET)),
    (AGENT, a.Accept()),
    (AGENT, a.Dispatch(WATER)),
    (unit(), a.Sign("老李")),
    (CENTRE, a.Pause(SECRET, "条例第三条")),
    (CENTRE, a.Resume(SECRET)),
    (unit(), a.AssistReport(SECRET)),
    (unit(), a.Reply(SECRET)),
    (CENTRE, a.PassReview()),
    (CENTRE, a.TellCitizen("电话", SECRET, SECRET)),
    (CENTRE, a.SendSms()),
    (CENTRE, a.SmsDissatisfied(SECRET)),
)


@dataclass
class Sealed:
    """A store with keys on one database, and what lies in it."""

    database: Database
    keys: OrderKeys
    lives: SqlLifeStore
    sealing: SqlSealing

    async def lived(self, category: str = "criticism") -> OrderNumber:
        """An order that went through the steps; the unit may not report as its own assistant, the rest is let."""
        order = await self.lives.open(a.Open(SUQIAN, category), AGENT, BEGUN)
        assert isinstance(order, LivingOrder), order
        for nth, (actor, action) in enumerate(STEPS, 1):
            found = await self.lives.act(order.number, action, actor, BEGUN + timedelta(minutes=nth))
            assert isinstance(found, LivingOrder) or isinstance(action, a.AssistReport), (action, found)
        return order.number

    async def lying(self) -> str:
        """Everything that lies in the open columns."""
        found = []
        async with self.database._reader.begin() as connection:
            for table in ("orders", "order_events", "order_lives", "outbox", "audit"):
                rows = await connection.execute(text(f"SELECT * FROM {table}"))
                found += [
                    str(bytes(each).decode("utf-8", "replace") if isinstance(each, bytes) else each)
                    for row in rows
                    for each in row
                ]
        return "\n".join(found)


@pytest.fixture(params=["sqlite", "postgresql"])
async def sealed(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Sealed]:
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hotline.db'}"
    database, keys = Database(url, deadline_seconds=20), OrderKeys(tmp_path / "keys" / "orders.keys")
    await database.open()
    lives = SqlLifeStore(database, lambda: CALENDAR, keys)
    assert isinstance(await lives.keep_pack((FOLDER / "suqian.yaml").read_text(encoding="utf-8"), BEGUN), Pack)
    yield Sealed(database, keys, lives, SqlSealing(database, keys))
    await database.close()


@pytest.mark.requirement("Y-57")
async def test_no_word_of_a_sensitive_orders_life_lies_open_and_its_history_still_holds(sealed: Sealed) -> None:
    number = await sealed.lived()
    assert SECRET not in await sealed.lying(), "a copy of the database tells nothing"
    order = await sealed.lives.order(number)
    assert order is not None
    assert (order.state.value, order.reply, order.new_facts) == ("manual_followup", HIDDEN_WORDS, HIDDEN_WORDS)
    whole = await sealed.sealing.whole_history(number)
    assert breaks_in(whole) == ()
    assert fold(whole).reply == SECRET
    assert replace(fold(whole), reply="", new_facts="", clock=None) == replace(
        order, reply="", new_facts="", clock=None
    )
    assert breaks_in(await sealed.lives.history(number)), "the seal is laid upon the words"


async def test_an_ordinary_orders_words_stay_open(sealed: Sealed) -> None:
    number = await sealed.lived("sudden")
    assert SECRET in await sealed.lying()
    assert breaks_in(await sealed.lives.history(number)) == ()


async def test_what_was_said_before_an_order_became_sensitive_is_sealed_then(sealed: Sealed) -> None:
    order = await sealed.lives.open(a.Open(SUQIAN, "sudden"), AGENT, BEGUN)
    assert isinstance(order, LivingOrder)
    await sealed.lives.act(order.number, a.AddNewFacts(SECRET), AGENT, BEGUN)
    assert SECRET in await sealed.lying()
    await sealed.lives.act(order.number, a.Accept("criticism"), AGENT, BEGUN)
    assert SECRET not in await sealed.lying()
    assert fold(await sealed.sealing.whole_history(order.number)).new_facts == SECRET


async def test_the_move_that_makes_an_order_sensitive_seals_its_content_with_it(sealed: Sealed) -> None:
    draft = Draft(CallId("letter-1"), {FieldName.SUMMARY: Field(SECRET, 1.0, state=FieldState.EDITED)})
    number = (await SqlOrderStore(sealed.database).save_draft(draft, BEGUN)).number
    assert isinstance(await sealed.lives.open(a.Open(SUQIAN, "sudden"), AGENT, BEGUN, number), LivingOrder)
    assert SECRET in await sealed.lying()
    assert isinstance(await sealed.lives.act(number, a.Accept("criticism"), AGENT, BEGUN), LivingOrder)
    assert SECRET not in await sealed.lying(), "whoever makes the move, and though we die right after it"
    whole = await sealed.sealing.open(number, Person(AGENT.name, "agent"), BEGUN)
    assert whole is not None
    assert whole.value(FieldName.SUMMARY) == SECRET
    assert await sealed.sealing.open(number, Person("别人", "agent"), BEGUN) is None


async def test_a_request_refused_because_it_tells_secrets_keeps_none_open(sealed: Sealed) -> None:
    order = await sealed.lives.open(a.Open(SUQIAN, "sudden"), AGENT, BEGUN)
    assert isinstance(order, LivingOrder)
    await sealed.lives.act(order.number, a.AddNewFacts(SECRET), AGENT, BEGUN)
    refused = await sealed.lives.act(order.number, a.RefuseRequest("NA-S3", SECRET), AGENT, BEGUN)
    assert isinstance(refused, LivingOrder)
    assert SECRET not in await sealed.lying()


async def test_a_new_key_opens_what_the_old_one_sealed_and_then_the_old_one_may_go(sealed: Sealed) -> None:
    number, old = await sealed.lived(), set(sealed.keys.all())
    sealed.keys.rotate(BEGUN)
    while await sealed.sealing.reseal_events(3):
        pass
    sealed.keys.forget(old)
    assert not old & set(sealed.keys.all())
    assert fold(await sealed.sealing.whole_history(number)).reply == SECRET


async def test_sealed_words_that_were_changed_or_put_elsewhere_do_not_open(sealed: Sealed) -> None:
    number = await sealed.lived()

    async def moved(connection: object) -> None:
        c = sealed_events.c
        mine = (c.number == number) & (c.seq == 2)
        await connection.execute(update(sealed_events).where(mine).values(seq=4))  # type: ignore[attr-defined]

    await sealed.database.write("搬动", moved)
    with pytest.raises(StoreRefusedError, match="被改动过"):
        await sealed.sealing.whole_history(number)


async def test_without_keys_no_sensitive_order_is_moved(sealed: Sealed) -> None:
    number = await sealed.lived()
    bare = SqlLifeStore(sealed.database, lambda: CALENDAR)
    with pytest.raises(StoreRefusedError, match="密钥"):
        await bare.act(number, a.Rectify("整改"), CENTRE, BEGUN + timedelta(hours=2))
    assert (await sealed.sealing.open_history(number, Person("某人", "agent"), BEGUN)) is None


async def test_an_attachment_lies_sealed_under_another_name_and_moves_to_the_new_key(
    sealed: Sealed, tmp_path: Path
) -> None:
    folder, number = tmp_path / "attachments", OrderNumber("WO20261120-000001")
    files = SealedFiles(sealed.database, folder, SealedBox(sealed.keys))
    content = SECRET.encode() * 100
    plain = OrderFile("f1", number, "王小明.pdf", "application/pdf", len(content), "", "李晓梅", "", BEGUN)
    row = await files.sealed(plain, content)
    await SqlOrderFiles(sealed.database).add(row, Person("李晓梅", "agent"))
    assert "王小明" not in row.name
    old = set(sealed.keys.all())
    sealed.keys.rotate(BEGUN)
    assert await files.reseal() == 1
    sealed.keys.forget(old)
    (kept,) = await SqlOrderFiles(sealed.database).of(number)
    assert await files.opened(kept) == ("王小明.pdf", content)
    assert [each.name for each in folder.iterdir()] == [kept.sha256], "the old file is gone"
    assert SECRET.encode() not in (folder / kept.sha256).read_bytes()


def test_every_text_of_every_move_is_known_to_be_sealed_or_open() -> None:
    texts = {name for kind in a.ACTIONS for name, hint in get_type_hints(kind).items() if "str" in str(hint)}
    assert texts == SEALED_TEXTS | OPEN_TEXTS
    assert not SEALED_TEXTS & OPEN_TEXTS


def test_the_husk_of_an_event_keeps_its_days_and_its_chain() -> None:
    life = Life("suqian", "sudden").with_unit()
    day = (BEGUN + timedelta(days=30)).date()
    life.does(CENTRE, a.Defer(SECRET, ((day, SECRET),)))
    event = life.history[-1]
    husk = husk_of_event(event)
    assert isinstance(husk.action, a.Defer)
    assert husk.action.milestones == ((day, HIDDEN_WORDS),)
    assert (husk.hash, husk.previous, husk.due) == (event.hash, event.previous, event.due)
    assert all(SECRET not in str(getattr(husk, each.name)) for each in fields(husk))
