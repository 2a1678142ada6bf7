"""What the store of orders' lives promises, on SQLite and PostgreSQL, with two servers at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from cti.adapters.sql.database import Database
from cti.adapters.sql.life_store import SqlLifeStore
from cti.adapters.sql.outbox_store import SqlOutboxStore
from tests.workorder.life.packs import AGENT, BEGUN, CALENDAR, CENTRE, FOLDER, HOST, WATER, pack_of, unit
from workorder.cities.pack import Pack
from workorder.clock.due import Limit, TimeUnit
from workorder.envelope import decode
from workorder.life import actions as a
from workorder.life.history import breaks_in
from workorder.life.living import LivingOrder
from workorder.life.refusal import STALE, Refusal
from workorder.life.states import LifeState
from workorder.life.timers import timers_of
from workorder.order import OrderNumber

JINAN = pack_of("jinan").edition
SUQIAN = pack_of("suqian").edition
HOURS = TimeUnit.HOURS


@dataclass
class Servers:
    """Two servers on one database."""

    one: SqlLifeStore
    two: SqlLifeStore
    database: Database

    async def opened(self, edition: str = SUQIAN, category: str = "sudden", **opening: object) -> OrderNumber:
        order = await self.one.open(a.Open(edition, category, **opening), AGENT, BEGUN)  # type: ignore[arg-type]
        assert isinstance(order, LivingOrder), order
        return order.number

    async def does(self, number: OrderNumber, actor: object, action: a.Action, **time: float) -> LivingOrder:
        found = await self.one.act(number, action, actor, BEGUN + timedelta(**time))  # type: ignore[arg-type]
        assert isinstance(found, LivingOrder), found
        return found

    async def with_unit(self, edition: str = SUQIAN, category: str = "sudden") -> OrderNumber:
        number = await self.opened(edition, category)
        await self.does(number, AGENT, a.Accept())
        await self.does(number, AGENT, a.Dispatch(WATER))
        return number


@pytest.fixture(params=["sqlite", "postgresql"])
async def servers(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Servers]:
    is_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgresql else f"sqlite:///{tmp_path / 'hotline.db'}"
    databases = [Database(url, deadline_seconds=20), Database(url, deadline_seconds=20)]
    await databases[0].open()
    one, two = (SqlLifeStore(database, lambda: CALENDAR) for database in databases)
    for city in ("jinan", "suqian"):
        assert isinstance(await one.keep_pack((FOLDER / f"{city}.yaml").read_text(encoding="utf-8"), BEGUN), Pack)
    yield Servers(one, two, databases[0])
    for database in databases:
        await database.close()


async def told(servers: Servers) -> list[str]:
    rows = await SqlOutboxStore(servers.database).claim("r", 1000, BEGUN, 10)
    return [decode(row.payload).type for row in rows]


async def test_an_order_is_the_sum_of_its_history_and_each_event_is_told_once(servers: Servers) -> None:
    number = await servers.with_unit()
    await servers.does(number, unit(), a.Sign("老李"), minutes=30)
    order = await servers.two.order(number)
    assert order is not None
    assert (number, order.state, order.owner, order.version) == ("WO20261120-000001", LifeState.HANDLING, WATER, 4)
    history = await servers.two.history(number)
    assert breaks_in(history) == ()
    assert await told(servers) == ["open", "accept", "dispatch", "sign"]
    assert await servers.one.order(OrderNumber("WO20261120-000009")) is None


async def test_what_the_rules_refuse_is_not_written_and_told_to_nobody(servers: Servers) -> None:
    number = await servers.opened()
    refused = await servers.one.act(number, a.Close(), CENTRE, BEGUN)
    assert isinstance(refused, Refusal)
    assert len(await servers.one.history(number)) == 1
    assert await told(servers) == ["open"]
    missing = await servers.one.act(OrderNumber("WO20261120-000077"), a.Accept(), AGENT, BEGUN)
    assert isinstance(missing, Refusal)
    assert isinstance(await servers.one.open(a.Open("nowhere@1", "x"), AGENT, BEGUN), Refusal)
    again = await servers.one.open(a.Open(SUQIAN, "sudden"), AGENT, BEGUN, number)
    assert isinstance(again, Refusal)


async def test_of_many_who_act_on_what_they_saw_only_one_is_let_through(servers: Servers) -> None:
    number = await servers.opened()
    stores = [servers.one, servers.two] * 6
    found = await asyncio.gather(*(store.act(number, a.Accept(), AGENT, BEGUN, 1) for store in stores))
    assert sum(isinstance(each, LivingOrder) for each in found) == 1
    assert {each.what for each in found if isinstance(each, Refusal)} == {STALE}
    assert len(await servers.one.history(number)) == 2


async def test_many_who_urge_at_once_are_all_counted(servers: Servers) -> None:
    number = await servers.with_unit()
    stores = [servers.one, servers.two] * 8
    await asyncio.gather(*(store.act(number, a.Urge("快办"), HOST, BEGUN) for store in stores))
    order = await servers.one.order(number)
    assert order is not None
    assert order.urges == 16
    assert breaks_in(await servers.one.history(number)) == ()


async def test_a_merge_touches_both_orders_or_neither(servers: Servers) -> None:
    first = await servers.opened(calls=("hl-1.1",))
    second = await servers.opened(calls=("hl-2.1",))
    kept = await servers.one.merge(second, first, "通话中告知", AGENT, BEGUN)
    assert isinstance(kept, LivingOrder)
    assert kept.calls == ("hl-1.1", "hl-2.1")
    gone = await servers.one.order(second)
    assert gone is not None
    assert (gone.state, gone.merged_into) == (LifeState.MERGED, first)
    third = await servers.opened()
    for number, into in ((third, second), (first, first)):
        assert isinstance(await servers.one.merge(number, into, "告知", AGENT, BEGUN), Refusal)
    assert isinstance(await servers.one.merge(third, first, "", AGENT, BEGUN), Refusal)
    untouched = await servers.one.order(first)
    assert untouched == kept


@pytest.mark.requirement("Y-45")
async def test_a_unit_sees_its_orders_by_due_date(servers: Servers) -> None:
    numbers = [await servers.with_unit(SUQIAN if nth % 2 else JINAN, "inquiry") for nth in range(4)]
    found = await servers.two.orders(owner=WATER)
    assert [order.number for order in found] == [numbers[1], numbers[3], numbers[0], numbers[2]]
    assert await servers.two.orders(owner=WATER, states=[LifeState.CLOSED]) == ()
    soon = await servers.two.orders(due_before=BEGUN + timedelta(hours=13))
    assert len(soon) == 2


@pytest.mark.parametrize("hostile", ["'; DROP TABLE order_events; --", "a\0b", "\ud800", "话" * 20_000, "\u202e"])
async def test_hostile_words_are_kept_as_words_and_do_not_break_the_seal(servers: Servers, hostile: str) -> None:
    number = await servers.opened()
    await servers.does(number, AGENT, a.AddNewFacts(f"新{hostile}"))
    assert breaks_in(await servers.two.history(number)) == ()


async def test_a_row_that_somebody_edited_shows(servers: Servers) -> None:
    number = await servers.with_unit()

    async def forge(connection: object) -> None:
        change = "UPDATE order_events SET event = replace(event, :old, :new) WHERE seq = 3"
        await connection.execute(text(change), {"old": WATER, "new": "别处"})  # type: ignore[attr-defined]

    await servers.database.write("forge", forge)
    assert breaks_in(await servers.one.history(number))


# ------------------------------------------------------------------------------------------------------- editions


async def test_an_edition_once_used_cannot_be_changed_and_old_orders_keep_it(servers: Servers) -> None:
    whole = (FOLDER / "suqian.yaml").read_text(encoding="utf-8")
    changed = whole.replace("kind: handle, amount: 12", "kind: handle, amount: 24")
    refused = await servers.two.keep_pack(changed, BEGUN)
    assert isinstance(refused, Refusal)
    assert "新的 version" in refused.remedy
    old = await servers.opened()
    newer = changed.replace('version: "2020-10-19.1"', 'version: "2026-12"')
    kept = await servers.two.keep_pack(newer, BEGUN)
    assert isinstance(kept, Pack)
    new = await servers.opened(kept.edition)
    for number, hours in ((old, 12), (new, 24)):
        await servers.does(number, AGENT, a.Accept())
        order = await servers.does(number, AGENT, a.Dispatch(WATER))
        assert order.due == BEGUN + timedelta(hours=hours)
    broken = await servers.two.keep_pack(whole.replace("weight: 15", "weight: 99"), BEGUN)
    assert isinstance(broken, Refusal)


# --------------------------------------------------------------------------------------------------------- timers


@pytest.mark.requirement("S-24")
async def test_an_order_not_signed_in_time_is_told_of_and_the_timer_goes_when_it_is_signed(servers: Servers) -> None:
    number = await servers.with_unit()
    assert await servers.one.fire("one", BEGUN + timedelta(minutes=60) - timedelta(seconds=1)) == ()
    (fired,) = await servers.one.fire("one", BEGUN + timedelta(minutes=60))
    assert (fired.number, fired.timer.name) == (number, "sign")
    action = fired.events[0].action
    assert isinstance(action, a.TimerRan)
    assert (action.told, action.was_late) == (WATER, False)
    other = await servers.with_unit()
    await servers.does(other, unit(), a.Sign("老李"), minutes=10)
    assert await servers.one.fire("one", BEGUN + timedelta(minutes=61)) == ()


@pytest.mark.requirement("J-19")
async def test_what_is_overdue_without_a_reason_is_supervised_by_itself(servers: Servers) -> None:
    number = await servers.with_unit(JINAN, "help")
    order = await servers.does(number, unit(), a.Sign("老李"))
    assert order.due is not None
    fired = await servers.one.fire("one", order.due)
    assert [each.timer.name for each in fired] == ["escalate:24:unit", "due"]
    after = await servers.one.order(number)
    assert after is not None
    assert (after.is_supervised, after.supervisions) == (True, 1)
    extended = await servers.with_unit(JINAN, "help")
    await servers.does(extended, unit(), a.Sign("老李"))
    await servers.does(extended, unit(), a.RequestExtension(Limit(5, TimeUnit.WORKDAYS), "等配件"))
    await servers.does(extended, HOST, a.ApproveExtension())
    later = await servers.does(extended, AGENT, a.TellExtension("电话", "已告知"))
    await servers.one.fire("one", order.due)
    assert later.due is not None
    assert later.due > order.due
    untouched = await servers.one.order(extended)
    assert untouched is not None
    assert not untouched.is_supervised


@pytest.mark.requirement("J-18", "S-47", "S-48", "S-49", "S-50")
async def test_the_citys_reasons_open_a_supervision_by_themselves(servers: Servers) -> None:
    assigned = await servers.opened(JINAN, "help", is_leader_assigned=True)
    major = await servers.opened(SUQIAN, "sudden", is_major=True)
    for number in (assigned, major, plain := await servers.opened(JINAN, "help")):
        await servers.does(number, AGENT, a.Accept())
        order = await servers.does(number, AGENT, a.Dispatch(WATER))
        assert order.is_supervised == (number != plain)
    joint = await servers.opened()
    await servers.does(joint, AGENT, a.Accept())
    await servers.does(joint, HOST, a.Coordinate("涉及三家", "热线办"))
    assert (await servers.does(joint, HOST, a.DecideLead(WATER, ("甲局", "乙局")))).is_supervised
    poor = await servers.with_unit()
    await servers.does(poor, unit(), a.Sign("老李"))
    for nth in range(2):
        assert not (await servers.does(poor, unit(), a.Reply("已处理。"))).is_supervised
        order = await servers.does(poor, CENTRE, a.FailReview(("specific",), "敷衍"))
        assert order.is_supervised == (nth == 1)
    assert order.supervisions == 1
    last = (await servers.one.history(poor))[-1]
    assert (last.actor.name, type(last.action)) == ("系统", a.Supervise)


async def test_two_servers_that_fire_at_once_fire_each_timer_once(servers: Servers) -> None:
    numbers = [await servers.with_unit() for _ in range(12)]
    late = BEGUN + timedelta(days=3)
    stores = [("one", servers.one), ("two", servers.two)] * 3
    rounds = await asyncio.gather(*(store.fire(name, late) for name, store in stores))
    fired = [(each.number, each.timer) for each_round in rounds for each in each_round]
    assert len(fired) == len(set(fired))
    for number in numbers:
        ran = [event.action for event in await servers.one.history(number) if isinstance(event.action, a.TimerRan)]
        names = [action.timer for action in ran]
        assert sorted(names) == sorted(["sign", "due", "escalate:2:unit", "escalate:-12:host"])
        assert all(action.was_late for action in ran)  # the servers were away for days: late, but not lost
    assert await servers.two.fire("two", late + timedelta(days=30)) == ()


async def test_an_ended_order_has_no_timers_and_those_kept_are_those_of_the_order(servers: Servers) -> None:
    number = await servers.with_unit()
    order = await servers.one.order(number)
    assert order is not None
    waiting = [timer for timer, fired in await servers.one.timers(number) if fired is None]
    assert tuple(waiting) == timers_of(order, pack_of("suqian"), CALENDAR)
    alone = await servers.one.act(number, a.Merge(OrderNumber("WO20261101-000001"), "电话"), AGENT, BEGUN)
    assert isinstance(alone, Refusal)  # the other order is not there
    main = await servers.opened()
    assert isinstance(await servers.one.act(main, a.Absorb(number), AGENT, BEGUN), Refusal)
    await servers.does(number, AGENT, a.Merge(main, "电话"))
    await servers.does(main, AGENT, a.AnswerDirectly("KB-1", "已答复"))
    assert await servers.one.timers(number) == ()
    assert await servers.one.fire("one", BEGUN + timedelta(days=99)) == ()
