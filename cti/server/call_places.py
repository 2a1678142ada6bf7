"""Where the parties of a call are, as the switch says it now; and how a wish that cannot be is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from cti.adapters.control.door import Request, Verb
from cti.server.watching import Watching
from ivr.call import CallId, Leg, QueueName, SeatId
from ivr.errors import StoreError, SwitchError
from ivr.events import SwitchEvent
from ivr.ports import Clock, Journal, LiveChannel, Switch, SwitchSnapshot
from routing.agent import AgentState
from routing.queue import Queues
from routing.shell import SeatDesk
from workorder.call_record import CallRecord
from workorder.ports import Publisher


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a caller is given to: exactly one of the three is set."""

    seat: SeatId | None = None
    queue: QueueName | None = None
    number: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the parties of a call are, as the switch says."""

    call: CallId
    caller: LiveChannel
    agent: LiveChannel
    in_emergency: bool
    snapshot: SwitchSnapshot = field(repr=False)


class RefusedError(ValueError):
    """It cannot be done now; the text is for the person who asked."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What the desk works with. `gate` says why `PJSIP/<number>` may not be called, or nothing."""

    switch: Switch
    journal: Journal
    clock: Clock
    publisher: Publisher
    seats: SeatDesk
    watching: Watching
    queues: Callable[[], Queues]
    gate: Callable[[str], str]
    tell: Callable[[SwitchEvent], Awaitable[None]]
    """Lets every desk hear of an event that the switch does not tell."""
    record: Callable[[CallId], Awaitable[CallRecord | None]]
    """What the store knows of a call; StoreError."""


async def places_of(switch: Switch, call: CallId, seat: SeatId | None = None) -> Places:
    """Read where the parties are; RefusedError when the seat (any seat) is not in a talk with the caller."""
    snapshot = await switch.snapshot()
    channels = [each for each in snapshot.channels if each.call == call]
    caller = next((each for each in channels if each.leg is Leg.CALLER), None)
    agents = [each for each in channels if each.seat is not None and each.bridge and seat in (None, each.seat)]
    if caller is None or not agents:
        raise RefusedError("没有这通电话，或席位不在通话中。")
    in_emergency = any(each.leg is Leg.EMERGENCY for each in channels)
    return Places(call, caller, agents[0], in_emergency, snapshot)


def seat_on(channel: LiveChannel) -> SeatId:
    """Return the seat at the end of this channel, `` when it is none."""
    return channel.seat or SeatId("")


def must_be_free(tools: Tools, seat: SeatId) -> None:
    """RefusedError unless the telephone of this seat is there and not in use."""
    desk = tools.seats.desks.get(seat)
    if desk is None or not desk.is_reachable or desk.state in (AgentState.TALKING, AgentState.RINGING):
        raise RefusedError(f"席位 {seat} 没有签入，或正在通话。")


def must_be_callable(tools: Tools, number: str) -> None:
    """RefusedError unless this is a number, and one that we may call."""
    if not (number.isascii() and number.isdigit() and 3 <= len(number) <= 20):
        raise RefusedError("号码只能是 3 到 20 位数字。")
    if reason := tools.gate(f"PJSIP/{number}"):
        raise RefusedError(reason)


def answering(verb: Callable[[Request], Awaitable[str]]) -> Verb:
    """Return a verb of the door: what is refused, and what the switch would not do, is told in words."""

    async def answer(request: Request) -> Mapping[str, object]:
        try:
            return {"ok": True, "text": await verb(request)}
        except RefusedError as refused:
            return {"ok": False, "text": str(refused)}
        except StoreError as away:
            return {"ok": False, "text": f"数据库没有应答（{away}）。改法：稍后再试。"}
        except (SwitchError, TimeoutError, asyncio.QueueFull) as error:
            return {"ok": False, "text": f"交换机没有照办（{error}）。市民没有被移动。改法：稍后再试。"}

    return answer
