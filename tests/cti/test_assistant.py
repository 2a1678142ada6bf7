"""What the agent finds ready while the caller still talks: the past, the draft within 300 ms, orders like this one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

import pytest

from cti.conversation import Conversation
from cti.server.assistant import Assistant, assistant_verbs
from cti.server.drafting import make_drafter, make_prefill
from cti.world import Drafter
from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId
from ivr.errors import StoreAwayError
from ivr.events import CallerQueued, LegUp
from ivr.ports import Heard
from tests.fakes import NOON, FakeClock, FakeDatabase, FakeOrderStore, FakePublisher
from workorder.audit import Person
from workorder.draft import Draft, FieldName
from workorder.envelope import Envelope
from workorder.known_caller import KnownCaller
from workorder.order import OrderNumber, OrderState, WorkOrder

CALL, CHANNEL, CALLER = CallId("hl-1795312728.0"), ChannelName("PJSIP/pstn-0a"), PhoneNumber("13812345678")
UP = LegUp(CALL, Leg.CALLER, CHANNEL, CALLER, NOON)
LAMP = "我在武威路9号门口路灯坏了好几天了，晚上看不见路"


class FakeBook:
    """`CallerBook` that knows what the test says; `away` is a database that is away, `slow` one that never answers."""

    def __init__(self) -> None:
        self.orders: tuple[WorkOrder, ...] = ()
        self.away = self.slow = False

    async def known(self, number: PhoneNumber, but: CallId, most: int = 5) -> KnownCaller:
        await self._wait()
        return KnownCaller(number, self.orders, 3, SeatId("801"), NOON - timedelta(days=1), 1)

    async def near(self, draft: Draft, since: datetime, most: int = 50) -> tuple[WorkOrder, ...]:
        await self._wait()
        return self.orders

    async def mark_nuisance(self, call: CallId, number: PhoneNumber, reason: str, person: Person, at: datetime) -> None:
        raise AssertionError("nobody asked for it")

    async def _wait(self) -> None:
        if self.slow:
            await asyncio.Event().wait()
        if self.away:
            raise StoreAwayError("数据库不在。改法：等测试把它放回来")


class RealClock(FakeClock):
    def monotonic(self) -> float:
        return monotonic()


class Desk:
    def __init__(self, drafter: Drafter, tasks: asyncio.TaskGroup) -> None:
        self.book, self.publisher, self.database = FakeBook(), FakePublisher(), FakeDatabase()
        self.orders = FakeOrderStore(self.database)
        self.assistant = Assistant(drafter, self.orders, self.book, self.publisher, RealClock(), tasks)

    def told(self, name: str) -> list[Envelope]:
        return [each for each in self.publisher.announced if each.type == name]

    async def until(self, is_so: Callable[[], object]) -> None:
        async with asyncio.timeout(30):
            while not is_so():  # noqa: ASYNC110  (what is awaited rings no bell)
                await asyncio.sleep(0.005)


@pytest.fixture(scope="module")
def drafter() -> Drafter:
    return make_drafter(make_prefill())


@asynccontextmanager
async def open_desk(drafter: Drafter) -> AsyncIterator[Desk]:
    async with asyncio.TaskGroup() as tasks:
        desk = Desk(drafter, tasks)
        yield desk
        desk.assistant.forget(CALL)
        desk.book.slow = False


def final(text: str, at: float = 1.0, leg: Leg = Leg.CALLER) -> Heard:
    return Heard(CALL, leg, text, True, at, at + 2)


async def older_order(drafter: Drafter, text: str, call: str = "hl-1.1") -> WorkOrder:
    heard = replace(final(text), call=CallId(call))
    draft = await drafter(CallId(call), PhoneNumber("13900000000"), (heard,), NOON)
    return WorkOrder(OrderNumber("WO20261120-000001"), draft, OrderState.DRAFTED, 1, NOON, NOON)


async def test_who_calls_is_told_as_soon_as_the_channel_is_up_without_a_number_in_clear(drafter: Drafter) -> None:
    async with open_desk(drafter) as desk:
        desk.assistant.take(UP)
        await desk.until(lambda: desk.told("caller_known"))
        (told,) = desk.told("caller_known")
        assert (told.data["last_seat"], told.data["nuisances"], told.data["calls"]) == ("801", 1, 3)
        assert CALLER.digits not in told.encode().decode()
        desk.assistant.take(CallerQueued(CALL, QueueName("general"), 1, CHANNEL, NOON))
        await asyncio.sleep(0)
        assert len(desk.told("caller_known")) == 1


async def test_a_draft_follows_final_words_within_300_ms_and_partial_words_make_none(drafter: Drafter) -> None:
    async with open_desk(drafter) as desk:
        desk.assistant.take(UP)
        desk.assistant.hear(replace(final(LAMP), is_final=False))
        desk.assistant.hear(final(LAMP))
        await desk.until(lambda: desk.told("draft"))
        (told,) = desk.told("draft")
        for nth in range(2, 6):
            desk.assistant.hear(final(LAMP, 10.0 * nth))
            await desk.until(lambda n=nth: len(desk.told("draft")) == n)  # type: ignore[misc]
        took = [each.data["ms"] for each in desk.told("draft")]
        assert all(isinstance(each, float) for each in took)
        assert max(took) < 300  # type: ignore[type-var, operator]
        assert told.data["unit"]
        assert "place" in told.data["states"]  # type: ignore[operator]
        assert "武威路" not in told.encode().decode()
        draft = desk.assistant.draft_of(CALL)
        assert draft is not None
        assert "武威路" in draft.value(FieldName.PLACE)


async def test_results_that_come_together_make_one_draft_and_later_ones_another(drafter: Drafter) -> None:
    async with open_desk(drafter) as desk:
        desk.assistant.take(UP)
        for nth in range(10):
            desk.assistant.hear(final("路灯坏了", float(nth)))
        await desk.until(lambda: desk.told("draft"))
        await asyncio.sleep(0.1)
        assert len(desk.told("draft")) == 1
        desk.assistant.hear(final("在武威路", 30))
        await desk.until(lambda: len(desk.told("draft")) == 2)
        assert len({each.key for each in desk.told("draft")}) == 2


async def test_what_an_agent_typed_stays_in_the_live_draft(drafter: Drafter) -> None:
    async with open_desk(drafter) as desk:
        desk.assistant.take(UP)
        await desk.orders.save_draft(Draft(CALL).edited(FieldName.UNIT, "水务局"), NOON)
        desk.assistant.hear(final(LAMP))
        await desk.until(lambda: desk.told("draft"))
        assert desk.told("draft")[0].data["unit"] == "水务局"
        assert desk.told("draft")[0].data["states"]["unit"] == "edited"  # type: ignore[index]


async def test_open_orders_of_the_same_place_and_matter_are_offered_and_others_are_not(drafter: Drafter) -> None:
    async with open_desk(drafter) as desk:
        desk.book.orders = (await older_order(drafter, "武威路9号的路灯不亮，晚上很黑"),)
        desk.assistant.take(UP)
        desk.assistant.hear(final(LAMP))
        await desk.until(lambda: desk.told("similar"))
        (offered,) = desk.told("similar")[0].data["orders"]  # type: ignore[misc]
        assert (offered["number"], offered["reasons"]) == ("WO20261120-000001", ["place", "matter"])  # type: ignore[index]
    async with open_desk(drafter) as desk:
        desk.book.orders = (
            await older_order(drafter, "武威路9号的餐馆油烟太大"),
            await older_order(drafter, "平凉路路灯坏了"),
        )
        desk.assistant.take(UP)
        desk.assistant.hear(final(LAMP))
        await desk.until(lambda: desk.told("draft"))
        await asyncio.sleep(0.05)
        assert desk.told("similar") == []


@pytest.mark.parametrize("trouble", ["away", "slow"])
async def test_a_database_that_is_away_or_hangs_costs_the_hints_only(drafter: Drafter, trouble: str) -> None:
    async with open_desk(drafter) as desk:
        setattr(desk.book, trouble, True)
        desk.assistant.take(UP)
        desk.database.away = trouble == "away"
        desk.assistant.hear(final(LAMP))
        await desk.until(lambda: desk.told("draft"))
        assert desk.told("caller_known") == []


async def test_words_of_strangers_and_of_calls_that_are_over_are_nobodys(drafter: Drafter) -> None:
    async with open_desk(drafter) as desk:
        desk.assistant.hear(final(LAMP))
        desk.assistant.take(UP)
        desk.assistant.forget(CALL)
        desk.assistant.hear(final(LAMP))
        await asyncio.sleep(0.1)
        assert desk.told("draft") == []


async def test_a_call_that_began_before_this_controller_gets_its_draft_all_the_same(drafter: Drafter) -> None:
    async with asyncio.TaskGroup() as tasks:
        here = Conversation(CALL, CALLER, "12345", NOON)
        publisher, orders = FakePublisher(), FakeOrderStore(FakeDatabase())
        assistant = Assistant(drafter, orders, FakeBook(), publisher, RealClock(), tasks, {CALL: here}.get)
        assistant.hear(final(LAMP))
        async with asyncio.timeout(30):
            while not {"draft", "caller_known"} <= {each.type for each in publisher.announced}:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        draft = assistant.draft_of(CALL)
        assert draft is not None
        assert draft.value(FieldName.CALLER_NUMBER) == CALLER.digits


async def test_the_live_draft_can_be_asked_at_the_control_door(drafter: Drafter) -> None:
    async with open_desk(drafter) as desk:
        verbs = assistant_verbs(desk.assistant)
        assert verbs["call.draft"]({"call": CALL})["ok"] is False
        desk.assistant.take(UP)
        desk.assistant.hear(final(LAMP))
        await desk.until(lambda: desk.assistant.draft_of(CALL) and desk.assistant.caller_of(CALL))
        draft = json.loads(json.dumps(verbs["call.draft"]({"call": CALL})["draft"]))  # as it goes through the door
        assert "武威路" in draft["fields"]["place"]["value"]
        assert verbs["call.similar"]({"call": CALL})["orders"] == []
        caller = json.loads(json.dumps(verbs["call.caller"]({"call": CALL})))
        assert caller["last_seat"] == "801"
        assert all({"number", "state", "unit", "category", "created"} <= order.keys() for order in caller["orders"])
        with pytest.raises(ValueError, match="call"):
            verbs["call.draft"]({})
