"""What agents may ask of a talk at the control door: hand it on, ask a colleague aside, confer, come back, hang up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cti.adapters.control.door import Request, Verb
from cti.server.call_places import Places, RefusedError, Target, Tools, answering, must_be_callable, places_of
from cti.server.seats import seat_of, text_of
from cti.server.transfer.desk import TransferDesk
from ivr.call import Leg, QueueName, SeatId, call_id
from ivr.moves import end_leg
from routing.agent import AgentState
from routing.transfer import Kind, Phase, Transfer, refusal


class TransferVerbs:
    """The wishes of agents who talk to a caller; each is answered in words for them."""

    def __init__(self, tools: Tools, desk: TransferDesk) -> None:
        self._tools, self._desk = tools, desk

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
        }
        return {name: answering(verb) for name, verb in asked.items()}

    async def _transfer(self, request: Request) -> str:
        places, target = await self._places(request), self._target(request)
        if reason := refusal("transfer", target.queue is not None, places.in_emergency):
            raise RefusedError(reason)
        if target.queue is not None:
            await self._desk.send_to_queue(places, target.queue, str(request["by"]))
            return f"已转到“{self._tools.queues().by_name[target.queue].title}”，市民排在前面。"
        self._callable(target)
        await self._desk.hand_on(places, Kind.TRANSFER, target)
        return "正在呼叫对方；对方接起之前您仍与市民通话。"

    async def _consult(self, request: Request) -> str:
        places, target = await self._places(request), self._target(request)
        if target.queue is not None:
            raise RefusedError("咨询要选一个席位或号码。")
        self._callable(target)
        await self._desk.consult(places, target)
        return "正在呼叫对方，市民正在听音乐。" if not places.in_emergency else "正在呼叫对方，市民仍与紧急一方通话。"

    async def _complete(self, request: Request) -> str:
        await self._join(request, "complete")
        return "已转给对方，您已退出。"

    async def _conference(self, request: Request) -> str:
        await self._join(request, "conference")
        return "市民已加入，三方通话中。"

    async def _join(self, request: Request, kind: str) -> None:
        here = self._asked(request)
        places = await places_of(self._tools.switch, here.call, here.seat)
        if reason := refusal(kind, False, places.in_emergency):
            raise RefusedError(reason)
        if here.phase is Phase.JOINED and kind == "complete" and here.agent is not None:
            await self._desk.leave(here, here.agent)
            return
        if here.kind is not Kind.CONSULT or here.phase is not Phase.TALKING or here.caller is None:
            raise RefusedError("对方还没有接听。改法：等对方接听，或取消咨询。")
        await self._desk.join(here, here.caller, frees_agent=kind == "complete")

    async def _cancel(self, request: Request) -> str:
        here = self._asked(request)
        if here.leg:
            await end_leg(self._tools.switch, here.leg)
            return "已取消转接，市民仍与您通话。"
        if here.agent is None:
            raise RefusedError("坐席已不在这通电话里。")
        if here.phase is Phase.JOINED:
            raise RefusedError("三方通话中。改法：请第三方挂机，或移交后退出。")
        await self._desk.hands.end_consult(here.agent)
        return "已结束咨询，正回到市民。"

    async def _rejoin(self, request: Request) -> str:
        """Ring the agent's own seat again: their page was loaded anew, and the line that it had is dead."""
        await self._desk.hand_on(await self._places(request), Kind.TAKE_OVER, Target(seat=seat_of(request)))
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

    async def _places(self, request: Request) -> Places:
        return await self._desk.places(call_id(text_of(request, "call")), seat_of(request))

    def _asked(self, request: Request) -> Transfer:
        return self._desk.asked_by(call_id(text_of(request, "call")), seat_of(request))

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
            must_be_callable(self._tools, target.number)
            return
        desk = self._tools.seats.desks[target.seat]
        if desk.state is not AgentState.READY:
            raise RefusedError(
                f"席位 {target.seat} 现在不能接（{desk.state.value}）。改法：换一个就绪的席位，或转到队列。"
            )
