"""Calls that agents make: to a number, or back to the citizen of a call. The seat is rung first."""

from __future__ import annotations

import itertools
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime

from cti.adapters.control.door import Request, Verb
from cti.server.call_places import RefusedError, Tools, answering, must_be_callable, must_be_free
from cti.server.seats import seat_of, text_of
from cti.server.transfer.hands import TransferHands
from cti.server.transfer.legs import CALLED, TransferLegs
from ivr.call import CallId, PhoneNumber, SeatId, call_id
from ivr.errors import StoreError
from ivr.events import BridgeEntered, LegDown, SwitchEvent

log = logging.getLogger(__name__)

MOST_RINGING = 1000


class CallsOut:
    """Rings the agent's seat, and lets the dialplan dial once it is answered."""

    def __init__(
        self, tools: Tools, legs: TransferLegs, done: Callable[[PhoneNumber, datetime], Awaitable[None]]
    ) -> None:
        """`done` is told whom an agent has reached."""
        self._done = done
        self._tools, self._legs = tools, legs
        self._hands = TransferHands(tools.switch)
        self._count = itertools.count(1)
        self._ringing: OrderedDict[CallId, PhoneNumber] = OrderedDict()

    def verbs(self) -> dict[str, Verb]:
        """Return what agents may ask at the control door."""
        return {"call.out": answering(self._call_out), "call.call_back": answering(self._call_back)}

    async def take(self, event: SwitchEvent) -> None:
        """Once somebody talks to us, whatever they had asked to be called back for is done."""
        match event:
            case BridgeEntered(call=call, at=at) if (number := self._ringing.pop(call, None)) is not None:
                try:
                    await self._done(number, at)
                except StoreError as error:
                    log.error("callback_not_marked", extra={"call": call, "reason": str(error)[:200]})
            case LegDown(call=call, unique_id=leg) if leg == call:
                self._ringing.pop(call, None)
            case _:
                pass

    async def _call_out(self, request: Request) -> str:
        return await self._dial(seat_of(request), text_of(request, "number", 20))

    async def _call_back(self, request: Request) -> str:
        """Call the number of a call back, whether it lives or is over."""
        call = call_id(text_of(request, "call"))
        row = self._tools.watching.board.calls.get(call)
        known = row or await self._tools.record(call)
        number = known.caller.digits if known is not None else ""
        if not number:
            raise RefusedError("不知道这通电话的号码。改法：从工单上外呼。")
        return await self._dial(seat_of(request), number)

    async def _dial(self, seat: SeatId, number: str) -> str:
        """Ring the seat; once it is answered the dialplan dials the number, by the only way out."""
        must_be_free(self._tools, seat)
        must_be_callable(self._tools, number)
        now = self._tools.clock.now()
        leg = f"{CALLED}{int(now.timestamp())}.{next(self._count)}{round(now.microsecond / 1000):03d}"
        self._legs.calling(CallId(leg), number)
        self._ringing[CallId(leg)] = PhoneNumber(number)
        if len(self._ringing) > MOST_RINGING:
            self._ringing.popitem(last=False)
        await self._hands.call_out(seat, leg, number)
        return "请接起话机，随后呼叫对方。"
