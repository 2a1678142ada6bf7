"""What an agent does to the order of a call while it lives: types a field, stands behind the draft, reads the words.

What is typed is stored at once, and no suggestion overwrites it. The first thing typed opens the order; an order that
is confirmed begins its life under the city's rules. Only the database is asked: a call waits for none of this.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from cti.adapters.control.door import Request, Verb
from cti.board_facts import Told
from cti.server.assistant import Assistant
from cti.server.orders import Orders
from cti.server.seats import text_of
from cti.server.watching import Watching
from ivr.call import CallId, call_id
from ivr.errors import AuthorError, ChangedMeanwhileError, StoreError, StoreRefusedError
from ivr.flow.serialise import Plain
from ivr.ports import Clock, Journal
from workorder.audit import Person
from workorder.draft import Draft, FieldName
from workorder.life.living import LivingOrder
from workorder.order import WorkOrder, order_number
from workorder.ports import OrderDesk, OrderStore

log = logging.getLogger(__name__)

LONGEST_VALUE = 4000
AWAY = "数据库暂时不在，没有存上。改法：页面会留着您写的内容，稍后再试。"
Answer = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the verbs work with; `orders` is made when it is first needed, for it reads the city's files."""

    store: OrderStore
    desk: OrderDesk
    orders: Callable[[], Orders]
    assistant: Assistant
    journal: Journal
    watching: Watching
    clock: Clock


class OrderTyping:
    """The verbs `order.type`, `order.confirm` and `call.words`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._orders: Orders | None = None

    def verbs(self) -> dict[str, Verb]:
        return {
            "order.type": _patient(self._type),
            "order.confirm": _patient(self._confirm),
            "call.words": _patient(self._words),
        }

    async def _type(self, request: Request) -> Answer:
        name, value = request.get("field"), request.get("value")
        if name not in {each.value for each in FieldName}:
            raise ValueError(f"没有“{str(name)[:40]}”这一栏。")
        if not isinstance(value, str) or len(value) > LONGEST_VALUE:
            raise ValueError(f"value 应是不超过 {LONGEST_VALUE} 字的文字。")
        person, field = Person(text_of(request, "by", 80), "agent"), FieldName(str(name))
        async with self._turn(request):
            known = await self._order(request)
            if known is not None and known.confirmed is not None:
                return {
                    "ok": False,
                    "text": f"工单 {known.number} 已确认。改法：在工单上补充新情况。",
                    "order": known.number,
                }
            if known is None:
                known = await self._open(call_id(text_of(request, "call")), field, value)
            else:
                now = self._desk.clock.now()
                known = await self._desk.desk.edit(known.number, {field: value}, known.revision, person, now)
        self._tell(known)
        return {"ok": True, "text": "已保存。", "order": known.number, "revision": known.revision}

    async def _open(self, call: CallId, field: FieldName, value: str) -> WorkOrder:
        """Open the order of a call that has none yet, with what was suggested so far and what was typed."""
        suggested = self._desk.assistant.draft_of(call) or Draft(call)
        order = await self._desk.store.save_draft(suggested.edited(field, value), self._desk.clock.now())
        if order is None:
            raise StoreError(AWAY)
        return order

    async def _confirm(self, request: Request) -> Answer:
        person = Person(text_of(request, "by", 80), "agent")
        async with self._turn(request):
            known = await self._order(request)
            if known is None:
                known = await self._from_suggestions(call_id(text_of(request, "call")))
            if self._orders is None:
                self._orders = await asyncio.to_thread(self._desk.orders)
            now = self._desk.clock.now()
            living = await self._orders.confirm(known.number, known.revision, person, now)
            if not isinstance(living, LivingOrder):
                return {"ok": False, "text": str(living), "order": known.number}
        self._tell(known)
        due = f"，{living.due.isoformat()} 前办结" if living.due else ""
        text = f"工单 {known.number} 已确认{due}。"
        return {"ok": True, "text": text, "order": known.number, "state": living.state.value}

    async def _from_suggestions(self, call: CallId) -> WorkOrder:
        """The agent stands behind what was suggested, without having typed anything."""
        suggested = self._desk.assistant.draft_of(call)
        if suggested is None:
            raise StoreRefusedError("这通电话还没有工单，也没有预填。改法：先填写一栏。")
        order = await self._desk.store.save_draft(suggested, self._desk.clock.now())
        if order is None:
            raise StoreError(AWAY)
        return order

    async def _words(self, request: Request) -> Answer:
        """Return every final result of the call so far, as its journal has it: earlier controllers heard some."""
        call = call_id(text_of(request, "call"))
        lines = await asyncio.to_thread(self._desk.journal.read, call)
        heard = [fact for line in lines if isinstance(fact := line.get("heard_of"), Mapping)]
        words = [_word(fact) for fact in heard if fact.get("kind") == "Heard" and fact.get("text")]
        return {"ok": True, "text": "", "words": sorted(words, key=lambda word: float(str(word["begun_s"])))}

    # -------------------------------------------------------------------------------------------------------- helpers

    def _turn(self, request: Request) -> asyncio.Lock:
        """One wish for an order after the other; what is typed fast stays in order."""
        if len(self._turns) > 1000:
            self._turns = defaultdict(asyncio.Lock, {key: lock for key, lock in self._turns.items() if lock.locked()})
        return self._turns[str(request.get("call") or request.get("order") or "")]

    async def _order(self, request: Request) -> WorkOrder | None:
        number = request.get("order")
        if number:
            found = await self._desk.store.order(order_number(str(number)))
            if found is None:
                raise StoreRefusedError(f"没有工单 {number}。改法：检查工单编号。")
            if request.get("call") and found.draft.call != request["call"]:
                raise StoreRefusedError("这张工单不是这通电话的。改法：刷新页面。")
            return found
        return await self._desk.store.order_of(call_id(text_of(request, "call")))

    def _tell(self, order: WorkOrder) -> None:
        """Desks see the number at once, and the live draft holds what was typed."""
        call = order.draft.call
        self._desk.assistant.typed(call, order.draft)
        data = {"order": order.number, "revision": order.revision}
        self._desk.watching.take(Told("order", self._desk.clock.now(), call, order.number, data))


def _word(fact: Plain) -> dict[str, object]:
    return {name: fact.get(name) for name in ("leg", "text", "begun_s", "ended_s")}


def _patient(verb: Callable[[Request], Awaitable[Answer]]) -> Verb:
    """Return a verb of the door: a database that is away, or refuses, is told in words."""

    async def answer(request: Request) -> Answer:
        try:
            return await verb(request)
        except (StoreRefusedError, ChangedMeanwhileError, AuthorError) as refused:
            return {"ok": False, "text": str(refused)}
        except StoreError as away:
            log.warning("order_not_stored", extra={"reason": str(away)[:200]})
            return {"ok": False, "text": AWAY, "code": "away"}

    return answer
