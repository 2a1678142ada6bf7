"""Transfers, consults, conferences and calls by agents, done on the real switch (routing/transfer.py decides).

Who stands where is read from the switch before anything is begun. What was begun is in the call's journal; after a
restart the switch's own state decides how it goes on. While we are away the dialplan itself looks after the caller.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from cti.adapters.control.door import Request, Verb
from cti.board_facts import Consulting
from cti.board_rows import Consult
from cti.server.call_places import Places, RefusedError, Target, Tools, answering, places_of
from cti.server.seats import seat_of, text_of
from cti.server.transfer_legs import TransferLegs, call_of_leg, is_ours
from cti.server.transfer_story import begun_line, ended_line, last_begun
from ivr.call import CallId, ChannelName, Leg, PhoneNumber, QueueName, SeatId, call_id
from ivr.errors import StoreError, SwitchError
from ivr.events import OriginateEnded, SeatAnswered, SwitchEvent, SwitchReady
from ivr.ports import GOTO, LiveChannel
from routing.agent import AgentState
from routing.transfer import (
    CONSULT_SECONDS,
    RING_SECONDS,
    Came,
    Ended,
    EndLeg,
    FreeAgent,
    Kind,
    Phase,
    StayBeside,
    ToHead,
    Transfer,
    TransferDeed,
    advance,
    joining,
    refusal,
    standing,
)
from workorder.envelope import call_event

log = logging.getLogger(__name__)

HEAD_PRIORITY = 95
HANDED_ON_PRIORITY = 90
"""Who has talked to somebody already waits before ordinary callers."""
HOTLINE = PhoneNumber("12345")
_TOLD = {
    "done": "已转接，您已退出。",
    "failed": "对方没有接听，市民仍与您通话。",
    "back": "您已回到与市民的通话。",
    "caller_lost": "市民已挂机。",
    "agent_lost": "坐席已退出，市民听音乐后排到队首。",
}


class TransferDesk:
    """All transfers and consults. `ours` names the events of our legs, `take` hears every event after that."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._live: dict[CallId, Transfer] = {}
        self._count = itertools.count(1)
        self.legs = TransferLegs(lambda: tools.queues().default.name)

    def verbs(self) -> dict[str, Verb]:
        """Return what agents may ask at the control door."""
        asked: dict[str, Callable[[Request], Awaitable[str]]] = {
            "call.transfer_blind": self._transfer,
            "call.consult": self._consult,
            "call.consult_complete": self._complete,
            "call.consult_cancel": self._cancel,
            "call.conference": self._conference,
            "call.rejoin": self._rejoin,
            "call.hangup": self._hang_up,
            "call.out": self._call_out,
            "call.call_back": self._call_back,
        }
        return {name: answering(verb) for name, verb in asked.items()}

    # ------------------------------------------------------------------------------------------------- what happens

    def ours(self, event: SwitchEvent) -> tuple[SwitchEvent, ...]:
        """Return the event under its call, and what the queue would have told had it brought the parties together."""
        return self.legs.ours(event, self._live)

    async def take(self, event: SwitchEvent) -> None:
        """Let one event reach the transfer of its call."""
        if isinstance(event, SwitchReady):
            await self._adopt()
            return
        if isinstance(event, OriginateEnded):
            call = call_of_leg(event.action) if is_ours(event.action) else None
        else:
            call = getattr(event, "call", None)
        here = self._live.get(call) if call is not None else None
        if here is not None:
            await self._go_on(here, *advance(here, event))
        for for_seats, for_board in self.legs.aside(event, here):
            await self._tools.seats.take(for_seats)
            if for_board is not None:
                self._tools.watching.take(for_board)

    async def _go_on(self, before: Transfer, after: Transfer | None, deeds: tuple[TransferDeed, ...]) -> None:
        if after == before and not deeds:
            return
        if after is None:
            self._live.pop(before.call, None)
        else:
            self._live[before.call] = after
        self._show(before.call, after)
        for deed in deeds:
            try:
                await self._do(before, deed)
            except SwitchError as error:
                log.error("transfer_deed_failed", extra={"call": before.call, "reason": str(error)})

    async def _do(self, here: Transfer, deed: TransferDeed) -> None:
        switch = self._tools.switch
        match deed:
            case FreeAgent(channel=channel):
                await switch.hang_up(channel)
            case EndLeg(leg=leg):
                await self._end_leg(leg)
            case StayBeside(channel=channel):
                await switch.set_variable(channel, "HL_ASIDE", "")
            case ToHead(channel=channel):
                await self._to_queue(channel, None, HEAD_PRIORITY)
            case Came():
                if here.frees_agent:
                    await self._came(here)
            case Ended(how=how):
                if here.phase is Phase.JOINED and how == "agent_lost":
                    await self._came(here)
                self._tools.journal.append(here.call, ended_line(here, how, self._tools.clock.now()))
                self._announce(here, "transfer_ended", {"how": how, "text": _TOLD[how]})

    async def _came(self, here: Transfer) -> None:
        """A colleague asked aside is now the caller's agent (of whom we rang for it, `ours` has told)."""
        channel = self.legs.third_stays(here.call) if here.kind is Kind.CONSULT and here.is_seat else None
        if channel is not None:
            queue, now = self._tools.queues().default.name, self._tools.clock.now()
            await self._tools.tell(SeatAnswered(here.call, queue, SeatId(here.to), channel, 0.0, 0.0, now))

    def _show(self, call: CallId, here: Transfer | None) -> None:
        shown = None
        if here is not None:
            phase = Phase.TALKING if here.phase is Phase.JOINING else here.phase
            shown = Consult(here.to, here.is_seat, phase.value, here.kind.value)
        self._tools.watching.take(Consulting(call, shown))

    def _announce(self, here: Transfer, name: str, data: Mapping[str, object]) -> None:
        now = self._tools.clock.now()
        whom: Mapping[str, object] = {"to": here.to} if here.is_seat else {"number": PhoneNumber(here.to)}
        told = {"seat": here.seat, "kind": here.kind.value, **whom, **data}
        self._tools.publisher.announce(call_event(here.call, name, now, told, round(now.timestamp() * 1_000_000)))

    # -------------------------------------------------------------------------------------------- what agents ask for

    async def _transfer(self, request: Request) -> str:
        places, target = await self._places(request), self._target(request)
        if reason := refusal("transfer", target.queue is not None, places.in_emergency):
            raise RefusedError(reason)
        if target.queue is not None:
            self.legs.loose(places.agent.channel, places.call, _seat(places.agent))
            self._tools.journal.append(
                places.call,
                {"at": self._tools.clock.now().isoformat(), "moved": target.queue, "by": str(request["by"])},
            )
            await self._to_queue(places.caller.channel, target.queue, HANDED_ON_PRIORITY)
            return f"已转到“{self._tools.queues().by_name[target.queue].title}”，市民排在前面。"
        self._callable(target)
        leg = self._leg(places.call)
        here = self._transfer_of(places, Kind.TRANSFER, target, leg)
        await self._aside(places.caller.channel, None, RING_SECONDS + 5)
        self._begin(here)
        try:
            await self._ring(places, target, leg)
        except SwitchError:
            await self._go_on(here, None, (StayBeside(places.caller.channel), Ended("failed")))
            raise
        return "正在呼叫对方；对方接起之前您仍与市民通话。"

    async def _ring(self, places: Places, target: Target, leg: str) -> None:
        await self._tools.switch.originate(
            channel=f"PJSIP/{target.seat}" if target.seat else f"Local/{target.number}@hl-third/n",
            channel_id=leg,
            application=GOTO,
            data="hl-back,s",
            caller=places.caller.number if target.seat else HOTLINE,
            variables={"HL_CALLID": places.call, "HL_INTO": places.caller.channel, "HL_RING": str(RING_SECONDS)},
            timeout_seconds=RING_SECONDS,
        )

    async def _consult(self, request: Request) -> str:
        places, target = await self._places(request), self._target(request)
        if target.queue is not None:
            raise RefusedError("咨询要选一个席位或号码。")
        self._callable(target)
        here = self._transfer_of(places, Kind.CONSULT, target)
        switch, agent = self._tools.switch, places.agent.channel
        await self._aside(places.caller.channel, agent, CONSULT_SECONDS)
        wishes = {"HL_INTO": places.caller.channel, "HL_DIAL": here.to, "HL_RING": str(RING_SECONDS)}
        for name, value in {**wishes, "HL_CALLID": places.call}.items():
            await switch.set_variable(agent, name, value)
        self.legs.loose(agent, places.call, _seat(places.agent))
        self._begin(here)
        try:
            await switch.redirect(agent, "hl-consult", "s")
        except SwitchError:
            await self._go_on(here, None, (StayBeside(places.caller.channel), Ended("failed")))
            raise
        return "正在呼叫对方，市民正在听音乐。" if not places.in_emergency else "正在呼叫对方，市民仍与紧急一方通话。"

    async def _complete(self, request: Request) -> str:
        await self._join(request, "complete")
        return "已转给对方，您已退出。"

    async def _conference(self, request: Request) -> str:
        await self._join(request, "conference")
        return "市民已加入，三方通话中。"

    async def _join(self, request: Request, kind: str) -> None:
        here = self._asked(request)
        places = await self._places(request, is_free=False)
        if reason := refusal(kind, False, places.in_emergency):
            raise RefusedError(reason)
        if here.phase is Phase.JOINED and kind == "complete" and here.agent is not None:
            freeing = replace(here, frees_agent=True)
            await self._go_on(freeing, None, (Came(), FreeAgent(here.agent), Ended("done")))
            return
        if here.kind is not Kind.CONSULT or here.phase is not Phase.TALKING or here.caller is None:
            raise RefusedError("对方还没有接听。改法：等对方接听，或取消咨询。")
        after = joining(here, kind == "complete")
        self._live[here.call] = after
        await self._tools.switch.set_variable(here.caller, "HL_ASIDE_OF", here.agent or "")
        await self._tools.switch.redirect(here.caller, "hl-join-talk", "s")

    async def _cancel(self, request: Request) -> str:
        here = self._asked(request)
        if here.leg:
            await self._end_leg(here.leg)
            return "已取消转接，市民仍与您通话。"
        if here.agent is None:
            raise RefusedError("坐席已不在这通电话里。")
        if here.phase is Phase.JOINED:
            raise RefusedError("三方通话中。改法：请第三方挂机，或移交后退出。")
        await self._tools.switch.redirect(here.agent, "hl-back", "s")
        return "已结束咨询，正回到市民。"

    async def _rejoin(self, request: Request) -> str:
        """Ring the agent's own seat again: their page was loaded anew, and the line that it had is dead."""
        await self.ring_in(await self._places(request), seat_of(request))
        return "正在接回通话。"

    async def _hang_up(self, request: Request) -> str:
        """End the seat's leg of a call; without a seat (a supervisor) the caller's, unless help is on the line."""
        call, seat = call_id(text_of(request, "call")), request.get("seat")
        channels = [each for each in (await self._tools.switch.snapshot()).channels if each.call == call]
        if seat:
            channel = next((each for each in channels if each.seat == seat), None)
        elif any(each.leg is Leg.EMERGENCY and each.bridge for each in channels):
            raise RefusedError("紧急一方还在通话，不能挂断市民。")
        else:
            channel = next((each for each in channels if each.leg is Leg.CALLER), None)
        if channel is None:
            raise RefusedError("没有这通电话，或已经挂机。")
        await self._tools.switch.hang_up(channel.channel)
        return "已挂机。"

    async def _call_out(self, request: Request) -> str:
        return await self._dial(seat_of(request), text_of(request, "number", 20), str(request.get("order") or ""))

    async def _call_back(self, request: Request) -> str:
        """Call the number of a call back, whether it lives or is over."""
        call = call_id(text_of(request, "call"))
        row = self._tools.watching.board.calls.get(call)
        known = row or await self._tools.record(call)
        number = known.caller.digits if known is not None else ""
        if not number:
            raise RefusedError("不知道这通电话的号码。改法：从工单上外呼。")
        return await self._dial(seat_of(request), number, "")

    async def _dial(self, seat: SeatId, number: str, order: str) -> str:
        """Ring the seat; once it is answered the dialplan dials the number, by the only way out."""
        desk = self._tools.seats.desks.get(seat)
        if desk is None or not desk.is_reachable or desk.state in (AgentState.TALKING, AgentState.RINGING):
            raise RefusedError(f"席位 {seat} 没有签入，或正在通话。")
        self._gate(number)
        now = self._tools.clock.now()
        leg = f"oc-{int(now.timestamp())}.{next(self._count)}{round(now.microsecond / 1000):03d}"
        self.legs.calling(CallId(leg), number, order)
        await self._tools.switch.originate(
            channel=f"PJSIP/{seat}",
            channel_id=leg,
            application=GOTO,
            data=f"hl-call,{number}",
            caller=PhoneNumber(number),
            variables={"HL_CALLID": leg},
            timeout_seconds=RING_SECONDS,
        )
        return "请接起话机，随后呼叫对方。"

    # -------------------------------------------------------------------------------------------------------- helpers

    async def take_over(self, places: Places, seat: SeatId, leg: str, channel: ChannelName) -> None:
        """Let a supervisor who listens on `leg` take the agent's place."""
        here = self._transfer_of(places, Kind.TAKE_OVER, Target(seat=seat), leg)
        self.legs.taking_over(leg, seat, channel)
        self._begin(here)
        for name, value in {"HL_INTO": places.caller.channel, "HL_CALLID": places.call}.items():
            await self._tools.switch.set_variable(channel, name, value)
        await self._tools.switch.redirect(channel, "hl-back", "s")

    async def ring_in(self, places: Places, seat: SeatId) -> None:
        """Ring a seat that takes the agent's place once it answers."""
        leg = self._leg(places.call)
        await self._aside(places.caller.channel, None, RING_SECONDS + 5)
        self._begin(self._transfer_of(places, Kind.TAKE_OVER, Target(seat=seat), leg))
        await self._ring(places, Target(seat=seat), leg)

    async def places(self, call: CallId, seat: SeatId | None = None, *, is_free: bool = True) -> Places:
        """Return where the parties are; RefusedError when the seat (any seat) is not in a talk with the caller."""
        if is_free and call in self._live:
            raise RefusedError("这通电话已有转接或咨询在进行。改法：先完成或取消它。")
        return await places_of(self._tools.switch, call, seat)

    async def _places(self, request: Request, *, is_free: bool = True) -> Places:
        return await self.places(call_id(text_of(request, "call")), seat_of(request), is_free=is_free)

    def _asked(self, request: Request) -> Transfer:
        here = self._live.get(call_id(text_of(request, "call")))
        if here is None or here.seat != seat_of(request):
            raise RefusedError("您没有正在进行的转接或咨询。")
        return here

    def _target(self, request: Request) -> Target:
        to = text_of(request, "to", 40)
        if to in self._tools.seats.desks:
            return Target(seat=SeatId(to))
        if to in self._tools.queues().by_name:
            return Target(queue=QueueName(to))
        if to.isascii() and to.isdigit() and 3 <= len(to) <= 20:
            return Target(number=to)
        raise RefusedError(f"不认识“{to}”。改法：填席位编号、队列名或电话号码。")

    def _callable(self, target: Target) -> None:
        """RefusedError unless the seat is free, or the number may be called."""
        if target.seat is None:
            self._gate(target.number)
            return
        desk = self._tools.seats.desks[target.seat]
        if desk.state is not AgentState.READY:
            raise RefusedError(
                f"席位 {target.seat} 现在不能接（{desk.state.value}）。改法：换一个就绪的席位，或转到队列。"
            )

    def _gate(self, number: str) -> None:
        if not (number.isascii() and number.isdigit() and 3 <= len(number) <= 20):
            raise RefusedError("号码只能是 3 到 20 位数字。")
        if reason := self._tools.gate(f"PJSIP/{number}"):
            raise RefusedError(reason)

    def _leg(self, call: CallId) -> str:
        return f"tr-{call}-{round(self._tools.clock.now().timestamp() * 1000)}{next(self._count)}"

    def _transfer_of(self, places: Places, kind: Kind, target: Target, leg: str = "") -> Transfer:
        return Transfer(
            places.call,
            kind,
            _seat(places.agent),
            places.agent.channel,
            places.caller.channel,
            target.seat or target.number,
            target.seat is not None,
            leg,
            agent_bridge=places.agent.bridge,
            caller_bridge=places.caller.bridge,
        )

    def _begin(self, here: Transfer) -> None:
        self._tools.journal.append(here.call, begun_line(here, self._tools.clock.now()))
        self._live[here.call] = here
        if here.agent is not None:
            self.legs.loose(here.agent, here.call, here.seat)
        self._show(here.call, here)
        self._announce(here, "transfer_begun", {})

    async def _aside(self, caller: ChannelName, agent: ChannelName | None, seconds: int) -> None:
        """Let the dialplan look after the caller should the talk end meanwhile."""
        for name, value in (("HL_ASIDE_OF", agent or ""), ("HL_ASIDE_SECONDS", str(seconds)), ("HL_ASIDE", "1")):
            await self._tools.switch.set_variable(caller, name, value)

    async def _to_queue(self, caller: ChannelName, queue: QueueName | None, priority: int) -> None:
        wishes = {"HL_QUEUE": queue} if queue is not None else {}
        for name, value in {**wishes, "HL_PRIO": str(priority), "HL_WAIT": "", "HL_KEYS": "", "HL_DO": "queue"}.items():
            await self._tools.switch.set_variable(caller, name, value)
        await self._tools.switch.redirect(caller, "hl-done", "s")

    async def _end_leg(self, leg: str) -> None:
        snapshot = await self._tools.switch.snapshot()
        channel = next((each.channel for each in snapshot.channels if each.unique_id == leg), None)
        if channel is not None:
            await self._tools.switch.hang_up(channel)

    async def _adopt(self) -> None:
        """After a login: what an earlier controller began goes on as the switch shows it."""
        try:
            snapshot = await self._tools.switch.snapshot()
        except SwitchError as error:
            log.warning("transfers_not_compared", extra={"reason": str(error)})
            return
        self.legs.adopt(snapshot)
        for call in {each.call for each in snapshot.channels} | set(self._live):
            here = self._live.get(call) or self._written(call)
            if here is not None:
                self._live[call] = here
                bridges = {each.channel: each.bridge for each in snapshot.channels if each.call == call}
                agent = bridges.get(here.agent) if here.agent else None
                caller = bridges.get(here.caller) if here.caller else None
                third = next((each for each in snapshot.channels if here.leg and each.unique_id == here.leg), None)
                await self._go_on(here, *_resumed(here, agent, caller, third))
                if call in self._live and here.agent is not None:
                    self.legs.loose(here.agent, call, here.seat)
                    self._show(call, self._live[call])

    def _written(self, call: CallId) -> Transfer | None:
        try:
            return last_begun(call, self._tools.journal.read(call))
        except StoreError as error:
            log.warning("journal_not_read", extra={"call": call, "reason": str(error)})
            return None


def _resumed(
    here: Transfer, agent: str | None, caller: str | None, third: LiveChannel | None
) -> tuple[Transfer | None, tuple[TransferDeed, ...]]:
    """Return how a transfer stands after a restart, the leg that we called considered."""
    if not here.leg or caller is None:
        return standing(here, agent, caller)
    here = replace(
        here, agent_bridge=agent or "", caller_bridge=caller, agent=here.agent if agent is not None else None
    )
    if third is None:
        head = (ToHead(here.caller),) if here.agent is None and here.caller and not caller else ()
        beside = (StayBeside(here.caller),) if here.caller and here.agent else ()
        return None, (*head, *beside, Ended("failed" if here.agent else "agent_lost"))
    if third.bridge and third.bridge == caller:
        free = (FreeAgent(here.agent),) if here.agent else ()
        return None, (*((StayBeside(here.caller),) if here.caller else ()), *free, Ended("done"))
    return here, ()


def _seat(channel: LiveChannel) -> SeatId:
    return channel.seat or SeatId("")
