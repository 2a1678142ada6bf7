"""Supervisors (班长): listen in, whisper to the agent, talk to both, take over; move and prioritise who waits.

Whoever listens is no party of the call: their leg spies on the agent's (ChanSpy), and nobody is moved for it.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from cti.adapters.control.door import Request, Verb
from cti.board_facts import Monitored
from cti.server.call_places import RefusedError, Target, Tools, answering, must_be_free, places_of
from cti.server.seats import seat_of, text_of
from cti.server.transfer.desk import TransferDesk
from cti.server.transfer.legs import MONITOR, call_of_leg
from ivr.call import CallId, ChannelName, Leg, QueueName, SeatId, call_id
from ivr.errors import SwitchError
from ivr.events import LegDown, OriginateEnded, SwitchEvent
from ivr.moves import HOTLINE, send_to_queue
from ivr.ports import GOTO, LiveChannel, SwitchSnapshot, WaitingCaller
from routing.transfer import Kind
from workorder.envelope import call_event

log = logging.getLogger(__name__)

RING_SECONDS = 25
MOST_PRIORITY = 99
LONGEST_WHY = 200
WHY = "首接人员无法认定"
"""Why a call is put before the supervisors when nothing else is said (S-18)."""
HOW = {"listen": "", "whisper": "w", "barge": "B"}
_SAID = {
    "listen": "请接起话机监听，双方听不到您。",
    "whisper": "请接起话机，只有坐席听得到您。",
    "barge": "请接起话机，双方都听得到您。",
}


@dataclass(frozen=True, slots=True)
class Listening:
    """A supervisor's leg; `channel` is None while it rings."""

    call: CallId
    seat: SeatId
    leg: str
    mode: str
    channel: ChannelName | None = None


class MonitorDesk:
    """Everything that supervisors do to calls. `see` hears every event before anybody else."""

    def __init__(
        self, tools: Tools, transfers: TransferDesk, waits: Callable[[SwitchSnapshot], None] = lambda _snapshot: None
    ) -> None:
        """`waits` is told who waits where after somebody was moved forward."""
        self._tools, self._transfers, self._waits = tools, transfers, waits
        self._by_seat: dict[SeatId, Listening] = {}
        self._count = itertools.count(1)

    def verbs(self) -> dict[str, Verb]:
        """Return what supervisors may ask at the control door."""
        asked: dict[str, Callable[[Request], Awaitable[str]]] = {
            "monitor.listen": lambda request: self._listen("listen", request),
            "monitor.whisper": lambda request: self._listen("whisper", request),
            "monitor.barge": lambda request: self._listen("barge", request),
            "monitor.stop": self._stop,
            "monitor.take_over": self._take_over,
            "call.escalate": self._escalate,
            "queue.move": self._move,
            "queue.prioritise": self._prioritise,
        }
        return {name: answering(verb) for name, verb in asked.items()}

    def see(self, event: SwitchEvent) -> None:
        """Follow the supervisors' own legs."""
        match event:
            case OriginateEnded(action=leg, succeeded=succeeded, channel=channel) if leg.startswith(MONITOR):
                here = self._of(leg)
                if here is not None and succeeded and channel:
                    self._by_seat[here.seat] = replace(here, channel=channel)
                elif here is not None:
                    self._forget(here)
            case LegDown(unique_id=leg) if leg.startswith(MONITOR):
                here = self._of(leg)
                if here is not None:
                    self._forget(here)
            case _:
                pass

    def adopt(self, snapshot: SwitchSnapshot) -> None:
        """After a login: whoever the switch says is listening listens, though another controller began it."""
        known, there = self._by_seat, {each.unique_id: each for each in snapshot.listening if each.seat is not None}
        for here in [each for each in known.values() if each.channel is not None and each.leg not in there]:
            self._forget(here)
        for leg, channel in there.items():
            if channel.seat is not None and channel.seat not in known:
                known[channel.seat] = Listening(call_of_leg(leg), channel.seat, leg, "listen", channel.channel)
        for call in {each.call for each in known.values()}:
            self._tell(call)

    # ---------------------------------------------------------------------------------------------------- monitoring

    async def _listen(self, mode: str, request: Request) -> str:
        call, seat = call_id(text_of(request, "call")), seat_of(request)
        here = self._by_seat.get(seat)
        if here is not None and here.call == call and here.channel is not None:
            await self._tools.switch.set_variable(here.channel, "HL_HOW", HOW[mode])
            await self._tools.switch.redirect(here.channel, "hl-monitor", "s")
            self._note(replace(here, mode=mode), request)
            return _SAID[mode].replace("请接起话机，", "").replace("请接起话机", "")
        if here is not None:
            raise RefusedError(f"席位 {seat} 正在监听另一通电话。改法：先停止监听。")
        must_be_free(self._tools, seat)
        spied = _spied(await self._tools.switch.snapshot(), call, seat)
        leg = f"{MONITOR}{call}-{round(self._tools.clock.now().timestamp() * 1000)}{next(self._count)}"
        here = Listening(call, seat, leg, mode)
        self._note(here, request)
        try:
            await self._tools.switch.originate(
                channel=f"PJSIP/{seat}",
                channel_id=leg,
                application=GOTO,
                data="hl-monitor,s",
                caller=HOTLINE,
                variables={"HL_CALLID": call, "HL_SPY": spied.channel, "HL_HOW": HOW[mode]},
                timeout_seconds=RING_SECONDS,
            )
        except SwitchError:
            self._forget(here)
            raise
        return _SAID[mode]

    async def _stop(self, request: Request) -> str:
        here = self._by_seat.get(seat_of(request))
        if here is None:
            raise RefusedError("您没有在监听。")
        # whether it rings still or has been answered just now, the switch knows
        listening = (await self._tools.switch.snapshot()).listening
        channel = next((each.channel for each in listening if each.unique_id == here.leg), here.channel)
        if channel is not None:
            await self._tools.switch.hang_up(channel)
        self._forget(here)
        return "已停止监听。"

    async def _escalate(self, request: Request) -> str:
        """Put a call before the supervisors, who see it at the top of the wallboard and listen in with one click."""
        call, seat = call_id(text_of(request, "call")), seat_of(request)
        await places_of(self._tools.switch, call, seat)
        why, now = str(request.get("why") or WHY)[:LONGEST_WHY], self._tools.clock.now()
        self._tools.journal.append(call, {**self._line("escalated", request), "seat": seat, "why": why})
        data = {"seat": seat, "by": str(request.get("by") or "")[:80], "why": why}
        nth = round(now.timestamp() * 1_000_000)
        self._tools.publisher.announce(call_event(call, "escalated", now, data, nth))
        return "已上报班长，班长可以监听、密语或接管。请继续和市民通话。"

    async def _take_over(self, request: Request) -> str:
        """Take the agent's place: at once when listening already, else once the supervisor's seat is answered."""
        call, seat = call_id(text_of(request, "call")), seat_of(request)
        places = await self._transfers.places(call)
        if places.agent.seat == seat:
            raise RefusedError("您就是这通电话的坐席。")
        self._tools.journal.append(call, self._line("taken_over", request))
        here = self._by_seat.get(seat)
        if here is not None and here.call == call and here.channel is not None:
            self._forget(here)
            await self._transfers.take_over(places, seat, here.leg, here.channel)
            return "您已接管这通电话，坐席已退出。"
        must_be_free(self._tools, seat)
        await self._transfers.hand_on(places, Kind.TAKE_OVER, Target(seat=seat))
        return "请接起话机；接起后您接替坐席，市民不会中断。"

    # ---------------------------------------------------------------------------------------------------- who waits

    async def _move(self, request: Request) -> str:
        """Let a waiting caller wait in another queue, with the priority they have."""
        call, queue = call_id(text_of(request, "call")), QueueName(text_of(request, "queue", 40))
        served = self._tools.queues().by_name.get(queue)
        if served is None:
            raise RefusedError(f"没有队列“{queue}”。")
        snapshot = await self._tools.switch.snapshot()
        waiting = _waiting(snapshot, call)
        if any(each.call == call and each.leg is Leg.EMERGENCY for each in snapshot.channels):
            raise RefusedError("紧急联动还没有结束，不能移动市民。")
        if waiting.queue == queue:
            return f"市民已在“{served.title}”等待。"
        self._tools.journal.append(call, {**self._line("moved", request), "moved": queue})
        await send_to_queue(self._tools.switch, waiting.channel, queue, waiting.priority)
        return f"已移到“{served.title}”。"

    async def _prioritise(self, request: Request) -> str:
        call, wanted = call_id(text_of(request, "call")), request.get("priority")
        if not isinstance(wanted, int) or isinstance(wanted, bool) or not 0 <= wanted <= MOST_PRIORITY:
            raise RefusedError(f"优先级应是 0 到 {MOST_PRIORITY} 的整数。")
        waiting = _waiting(await self._tools.switch.snapshot(), call)
        self._tools.journal.append(call, {**self._line("prioritised", request), "priority": wanted})
        await self._tools.switch.prioritise(call, waiting.channel, waiting.queue, wanted)
        self._waits(await self._tools.switch.snapshot())
        return f"优先级已改为 {wanted}。"

    # -------------------------------------------------------------------------------------------------------- helpers

    def _of(self, leg: str) -> Listening | None:
        return next((each for each in self._by_seat.values() if each.leg == leg), None)

    def _note(self, here: Listening, request: Request) -> None:
        self._by_seat[here.seat] = here
        self._tools.journal.append(
            here.call, {**self._line("monitored", request), "mode": here.mode, "seat": here.seat}
        )
        self._tell(here.call)
        now = self._tools.clock.now()
        data = {"seat": here.seat, "mode": here.mode}
        self._tools.publisher.announce(
            call_event(here.call, "monitored", now, data, round(now.timestamp() * 1_000_000))
        )

    def _forget(self, here: Listening) -> None:
        self._by_seat.pop(here.seat, None)
        self._tell(here.call)

    def _tell(self, call: CallId) -> None:
        seats = tuple(sorted(each.seat for each in self._by_seat.values() if each.call == call))
        self._tools.watching.take(Monitored(call, seats))

    def _line(self, what: str, request: Request) -> dict[str, object]:
        return {"at": self._tools.clock.now().isoformat(), "asked_by": str(request.get("by") or "")[:80], "done": what}


def _spied(snapshot: SwitchSnapshot, call: CallId, seat: SeatId) -> LiveChannel:
    """Return whom to listen to: the agent, who hears and is heard by all; of one who waits, the caller."""
    channels = [each for each in snapshot.channels if each.call == call and each.seat != seat]
    agent = next((each for each in channels if each.seat is not None and each.bridge), None)
    spied = agent or next((each for each in channels if each.leg is Leg.CALLER), None)
    if spied is None:
        raise RefusedError("没有这通电话，或已经挂机。")
    return spied


def _waiting(snapshot: SwitchSnapshot, call: CallId) -> WaitingCaller:
    found = next((each for each in snapshot.waiting if each.call == call), None)
    if found is None:
        raise RefusedError("这通电话不在排队。")
    return found
