"""What is prepared for the agent while the caller still talks: who calls, the draft so far, orders like this one.

Everything here is told on the bus and may be asked at the control door. Nothing here is waited for by a call, and a
database that is away costs these hints only.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cti.conversation import Conversation
from cti.world import Drafter
from ivr.call import CallId, Leg, PhoneNumber
from ivr.errors import StoreError
from ivr.events import CallerQueued, LegUp, SwitchEvent
from ivr.ports import Clock, Heard
from ivr.speech.transcript import in_order
from workorder.draft import Draft, FieldName
from workorder.envelope import call_event
from workorder.known_caller import KnownCaller
from workorder.ports import CallerBook, OrderStore, Publisher
from workorder.similar import Similar, similar_orders

log = logging.getLogger(__name__)

DEBOUNCE_SECONDS = 0.05
"""Results that come together make one draft; the agent sees it well within 300 ms of the last word."""
DRAFTS_AT_ONCE = 2
"""Drafts are arithmetic: many at once only make each other late. Two, so that a long one stops nobody."""
LOOK_UP_SECONDS = 2.0
CALLER_SECONDS = 6.0
"""Who called before is worth knowing late too: nothing waits for it, and at a peak of calls every question is slow."""
OPEN_DAYS = 30
MOST_RESULTS = 600
"""Final results that a live draft reads, the latest: the draft at the end of the call reads all."""
_TOLD = (FieldName.REQUEST_TYPE, FieldName.CATEGORY, FieldName.UNIT, FieldName.URGENCY)
"""Fields whose values the bus may carry; of the others it only tells that they are there."""
_DECIDING = (FieldName.PLACE, FieldName.PHONE, FieldName.CATEGORY, FieldName.KEYWORDS)


@dataclass(slots=True)
class _Call:
    caller: PhoneNumber
    begun_at: datetime
    finals: list[Heard] = field(default_factory=list)
    heard_at: float = 0.0
    is_drafting: bool = False
    is_stale: bool = False
    nth: int = 0
    draft: Draft | None = None
    similar: tuple[Similar, ...] = ()
    compared: tuple[str, ...] = ()
    known: KnownCaller | None = None


class Assistant:
    """`take` is given every event of the switch, `hear` every result; `forget` ends a call."""

    def __init__(
        self,
        drafter: Drafter,
        orders: OrderStore,
        book: CallerBook,
        publisher: Publisher,
        clock: Clock,
        tasks: asyncio.TaskGroup,
        live: Callable[[CallId], Conversation | None] = lambda _call: None,
        looked_up: Callable[[CallId, KnownCaller], None] = lambda _call, _known: None,
    ) -> None:
        """`live` knows calls whose beginning this controller did not see: it was started in their midst.

        `looked_up` is told what is known of a caller, with the number in full.
        """
        self._live = live
        self._looked_up = looked_up
        self._drafter, self._orders, self._book = drafter, orders, book
        self._publisher, self._clock, self._tasks = publisher, clock, tasks
        self._calls: dict[CallId, _Call] = {}
        self._turn = asyncio.Semaphore(DRAFTS_AT_ONCE)

    def take(self, event: SwitchEvent) -> None:
        """Begin with the caller's first channel: the number is looked up long before a seat rings."""
        match event:
            case LegUp(call=call, leg=Leg.CALLER, number=number, at=at):
                self._begin(call, number, at)
            case CallerQueued(call=call, at=at):
                self._begin(call, PhoneNumber(""), at)
            case _:
                pass

    def hear(self, heard: Heard) -> None:
        """Let final words of caller or agent reach the draft."""
        if not heard.is_final or not heard.text:
            return
        self.adopt(heard.call)
        here = self._calls.get(heard.call)
        if here is None:
            return
        here.finals = [*here.finals[-MOST_RESULTS + 1 :], heard]
        here.heard_at = self._clock.monotonic()
        here.is_stale = True
        if not here.is_drafting:
            here.is_drafting = True
            self._tasks.create_task(self._keep_drafting(heard.call, here), name=f"draft {heard.call}")

    def adopt(self, call: CallId) -> None:
        """The call began before this controller did."""
        adopted = self._live(call) if call not in self._calls else None
        if adopted is not None:
            self._begin(call, adopted.caller, adopted.begun_at)

    def forget(self, call: CallId) -> None:
        """The call is over."""
        here = self._calls.pop(call, None)
        if here is not None:
            here.is_stale = False

    def draft_of(self, call: CallId) -> Draft | None:
        """Return the live call's draft so far, what agents typed included."""
        here = self._calls.get(call)
        return here.draft if here else None

    def typed(self, call: CallId, kept: Draft) -> None:
        """An agent has typed something: the live draft holds it from now on."""
        here = self._calls.get(call)
        if here is not None:
            here.draft = kept.revised_by(here.draft) if here.draft else kept

    def similar_to(self, call: CallId) -> tuple[Similar, ...]:
        """Return open orders like the live call's."""
        here = self._calls.get(call)
        return here.similar if here else ()

    def caller_of(self, call: CallId) -> KnownCaller | None:
        """Return the past of the live call's number, None while it is looked up."""
        here = self._calls.get(call)
        return here.known if here else None

    def _begin(self, call: CallId, number: PhoneNumber, at: datetime) -> None:
        if call not in self._calls:
            here = self._calls[call] = _Call(number, at)
            self._tasks.create_task(self._look_up(call, here), name=f"caller {call}")

    async def _look_up(self, call: CallId, here: _Call) -> None:
        try:
            async with asyncio.timeout(CALLER_SECONDS):
                here.known = await self._book.known(here.caller, call)
        except (StoreError, TimeoutError) as error:
            log.warning("caller_not_looked_up", extra={"call": call, "reason": str(error)[:200]})
            return
        self._looked_up(call, here.known)
        self._tell(call, "caller_known", here.known.to_plain())

    async def _keep_drafting(self, call: CallId, here: _Call) -> None:
        try:
            while here.is_stale:
                await asyncio.sleep(DEBOUNCE_SECONDS)
                here.is_stale = False
                await self._draft(call, here, here.heard_at)
                if call in self._calls:
                    await self._compare(call, here)
        except Exception:
            log.exception("live_draft_failed", extra={"call": call})  # the draft at the end does not depend on it
        finally:
            here.is_drafting = False

    async def _draft(self, call: CallId, here: _Call, heard_at: float) -> None:
        async with self._turn:
            draft = await self._drafter(call, here.caller, in_order(here.finals), here.begun_at)
        here.draft = (await self._typed(call)).revised_by(draft)
        here.nth += 1
        if call in self._calls:
            millis = round(1000 * (self._clock.monotonic() - heard_at), 1)
            self._tell(call, "draft", {**_plain(here.draft), "ms": millis}, here.nth)

    async def _typed(self, call: CallId) -> Draft:
        """Return what people typed already, if the store knows the order."""
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS / 10):
                order = await self._orders.order_of(call)
        except (StoreError, TimeoutError):
            order = None
        return order.draft if order else Draft(call)

    async def _compare(self, call: CallId, here: _Call) -> None:
        """Look for orders like this one whenever what decides it has changed."""
        draft = here.draft
        deciding = tuple(draft.value(name) for name in _DECIDING) if draft else ()
        if draft is None or deciding == here.compared:
            return
        here.compared = deciding
        since = self._clock.now() - timedelta(days=OPEN_DAYS)
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                near = await self._book.near(draft, since)
        except (StoreError, TimeoutError) as error:
            log.warning("similar_not_looked_up", extra={"call": call, "reason": str(error)[:200]})
            return
        similar = similar_orders(draft, near)
        if similar != here.similar:
            here.similar = similar
            self._tell(call, "similar", {"orders": similar_plain(similar)}, here.nth)

    def _tell(self, call: CallId, name: str, data: Mapping[str, object], nth: int = 1) -> None:
        now = self._clock.now()
        envelope = call_event(call, name, now, data, nth)
        self._publisher.announce(replace(envelope, key=f"{envelope.key}/{round(now.timestamp() * 1000)}"))


def _plain(draft: Draft) -> Mapping[str, object]:
    """Return what the bus may carry of a draft."""
    return {
        **{name.value: draft.value(name) for name in _TOLD},
        "states": {name.value: entry.state.value for name, entry in draft.fields.items() if entry.value},
        "confidence": {name.value: draft[name].confidence for name in _TOLD},
        "question": draft[FieldName.UNIT].question,
    }


def similar_plain(similar: tuple[Similar, ...]) -> list[Mapping[str, object]]:
    """Return orders alike as plain values: numbers and reasons, no words."""
    return [{"number": each.number, "likeness": each.likeness, "reasons": list(each.reasons)} for each in similar]


Request = Mapping[str, object]


def assistant_verbs(assistant: Assistant) -> dict[str, Callable[[Request], Mapping[str, object]]]:
    """Return what may be asked at the control door of a live call: call.draft, call.similar, call.caller."""

    def asked(request: Request) -> CallId:
        call = request.get("call")
        if not isinstance(call, str) or not call:
            raise ValueError("缺少 call（通话编号）。")
        return CallId(call)

    def draft(request: Request) -> Mapping[str, object]:
        found = assistant.draft_of(asked(request))
        return {"ok": found is not None, "text": "" if found else "还没有草稿。", "draft": found and found.to_plain()}

    def similar(request: Request) -> Mapping[str, object]:
        return {"ok": True, "text": "", "orders": similar_plain(assistant.similar_to(asked(request)))}

    def caller(request: Request) -> Mapping[str, object]:
        known = assistant.caller_of(asked(request))
        if known is None:
            return {"ok": False, "text": "还没有查到来电人。"}
        plain: dict[str, Any] = dict(known.to_plain())
        plain["last_call_at"] = known.last_call_at.isoformat() if known.last_call_at else None
        orders = zip(plain["orders"], known.orders, strict=True)
        plain["orders"] = [{**told, "created": order.created.isoformat()} for told, order in orders]
        return {"ok": True, "text": "", **plain}

    return {"call.draft": draft, "call.similar": similar, "call.caller": caller}
