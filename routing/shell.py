"""The seats as they live: keeps the switch's queue members as the settings want them, and every agent's state.

Loads through the Switch port, asks the cores (membership, agent), carries out what they say. A switch that is lost
costs nothing here: on SwitchReady everything is compared anew. What happens to a seat and what its agent asks for move
the same state, which is why the desk stays whole.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from ivr.call import CallId, QueueName, SeatId
from ivr.errors import SwitchError
from ivr.events import (
    CallerAbandoned,
    MemberChanged,
    SeatAnswered,
    SeatMissed,
    SeatRang,
    SwitchEvent,
    SwitchReady,
    TalkEnded,
)
from ivr.ports import Switch, SwitchSnapshot
from routing.agent import MISSES_BEFORE_BREAK, AgentEvent, AgentState, can_move, move
from routing.membership import SeatSkills, compare
from routing.queue import Queues
from routing.reasons import AFTER_CALL_REASON, MISSED_REASON, SIGNED_OUT_REASON

log = logging.getLogger(__name__)

UNREACHABLE = frozenset({"unavailable", "invalid", "unknown"})
_SWITCH_AWAY = "交换机没有照办。改法：稍后再试；一直如此请看 hotline doctor。"
_OVER_BY_RETURN = frozenset({MISSED_REASON, SIGNED_OUT_REASON})
"""Reasons that end when the telephone comes back: whoever connects it is at the desk again."""

Done: TypeAlias = tuple[bool, str]
"""Whether it was done, and what to tell the person who asked (Chinese)."""


@dataclass(slots=True)
class Desk:
    """What we know of one seat. `user` is the person who signed in to it, `` when only its telephone did.

    The switch keeps `is_paused` and `reason`, through every restart of ours and its own.
    """

    skills: SeatSkills
    state: AgentState = AgentState.SIGNED_OUT
    call: CallId | None = None
    user: str = ""
    reason: str = ""
    is_paused: bool = False
    is_reachable: bool = False
    misses: int = 0
    after_call: asyncio.TimerHandle | None = field(default=None, repr=False)


class Watcher(Protocol):
    """Whoever wants to know when a seat stands otherwise than before; must return at once."""

    def __call__(self, desk: Desk) -> None: ...


class SeatDesk:
    """All seats; `take` is given every event of the switch, in order."""

    def __init__(
        self,
        switch: Switch,
        seats: Iterable[SeatSkills],
        queues: Callable[[], Queues],
        watcher: Watcher | None = None,
    ) -> None:
        self._switch = switch
        self._queues = queues
        self._watcher = watcher
        self.desks = {each.seat: Desk(each) for each in seats}

    @property
    def ready(self) -> int:
        """How many agents could take a call now."""
        return sum(desk.state is AgentState.READY for desk in self.desks.values())

    def ready_in(self, queue: QueueName) -> int:
        """How many agents of this queue could take a call now."""
        served = self._queues().by_name.get(queue)
        if served is None:
            return 0
        desks = self.desks.values()
        return sum(desk.state is AgentState.READY and served.takes(desk.skills.skills) for desk in desks)

    async def take(self, event: SwitchEvent) -> None:
        """Let one event of the switch move the seats it concerns."""
        match event:
            case SwitchReady():
                snapshot = await self.reconcile()
                if snapshot is not None:
                    self._compare_talks(
                        {each.seat: each.call for each in snapshot.channels if each.seat and each.bridge}
                    )
            case MemberChanged():
                await self._member_changed(event)
            case SeatRang(seat=seat, call=call):
                self._move(seat, AgentEvent.OFFERED, call)
            case SeatAnswered(seat=seat, call=call):
                self._answered(seat, call)
            case SeatMissed(seat=seat):
                await self._missed(seat)
            case TalkEnded(seat=seat, queue=queue):
                self._talk_ended(seat, queue)
            case CallerAbandoned(call=call):
                for seat, desk in self.desks.items():
                    if desk.call == call and desk.state is AgentState.RINGING:
                        self._move(seat, AgentEvent.WITHDRAWN)
            case _:
                pass

    async def follow(self, seats: Iterable[SeatSkills]) -> None:
        """The seats are now these: who is gone is offered nothing more, who is new may sign in."""
        wanted = {each.seat: each for each in seats}
        for seat in [seat for seat in self.desks if seat not in wanted]:
            gone = self.desks.pop(seat)
            if gone.after_call:
                gone.after_call.cancel()
            log.info("seat_gone", extra={"seat": seat})
        for seat, skills in wanted.items():
            desk = self.desks.get(seat)
            if desk is None or desk.skills != skills:
                desk = self.desks[seat] = desk or Desk(skills)
                desk.skills = skills
                self._tell(desk)
        await self.reconcile()

    async def reconcile(self) -> SwitchSnapshot | None:
        """Make the switch's members those of the settings: stale ones gone, real ones kept; return how it stands then.

        Who talks is not compared: while we ask the switch goes on telling, and its answer may lack a talk just begun.
        """
        try:
            snapshot = await self._switch.snapshot()
            skills = [desk.skills for desk in self.desks.values()]
            difference = compare(skills, self._queues(), snapshot.members)
            for place in difference.stale:
                await self._switch.remove_member(place.queue, place.seat)
            for place, agent, penalty in difference.missing:
                await self._switch.add_member(place.queue, place.seat, agent, penalty)
            snapshot = await self._switch.snapshot()
        except SwitchError as error:
            log.warning("seats_not_reconciled", extra={"reason": str(error)})
            return None
        for member in snapshot.members:
            self._seen(member.seat, member.device, member.paused, member.reason)
        for seat in {member.seat for member in snapshot.members if member.reason == MISSED_REASON}:
            log.info("seat_stays_not_ready", extra={"seat": seat})
        return snapshot

    def _compare_talks(self, talks: Mapping[SeatId, CallId]) -> None:
        """Who talks, talks, though another controller saw them answer; who no longer does, has an order to write.

        Only right after a login, when nothing that the switch tells is taken meanwhile.
        """
        for seat, desk in self.desks.items():
            if seat in talks and desk.state is not AgentState.TALKING:
                self._move(seat, AgentEvent.ANSWERED, talks[seat])
            elif seat not in talks and desk.state is AgentState.TALKING:
                self._talk_ended(seat, QueueName(""))

    async def _member_changed(self, event: MemberChanged) -> None:
        if not event.present:
            return
        desk = self.desks.get(event.seat)
        was_away = desk is not None and not desk.is_reachable
        self._seen(event.seat, event.device, event.paused, event.reason)
        if was_away and event.paused and event.reason in _OVER_BY_RETURN and event.device.lower() not in UNREACHABLE:
            await self._pause(event.seat, False, "")  # who signs in again is at the desk again

    def _seen(self, seat: SeatId, device: str, paused: bool, reason: str) -> None:
        """The switch told a seat's standing: sign in who became reachable, sign out who is lost."""
        desk = self.desks.get(seat)
        if desk is None:
            return
        before = (desk.is_reachable, desk.is_paused, desk.reason)
        desk.is_reachable = device.lower() not in UNREACHABLE
        desk.is_paused, desk.reason = paused, reason if paused else ""
        is_new = (desk.is_paused, desk.reason) != before[1:]
        if (desk.is_reachable, desk.is_paused, desk.reason) != before:
            self._tell(desk)
        if not desk.is_reachable:
            self._move(seat, AgentEvent.PHONE_LOST)
        elif paused and reason == SIGNED_OUT_REASON:
            self._move(seat, AgentEvent.SIGNED_OUT)
        else:
            if desk.state is AgentState.SIGNED_OUT:
                self._move(seat, AgentEvent.SIGNED_IN)
            is_at_order = desk.state is AgentState.AFTER_CALL and (reason == AFTER_CALL_REASON or not is_new)
            if paused and not is_at_order:  # a break asked for in the talk begins after the order
                self._move(seat, AgentEvent.BREAK_ASKED)
            elif not paused and desk.state is AgentState.NOT_READY:
                self._move(seat, AgentEvent.READY_ASKED)

    def _answered(self, seat: SeatId, call: CallId) -> None:
        if seat in self.desks:
            self.desks[seat].misses = 0
        self._move(seat, AgentEvent.ANSWERED, call)
        for other, desk in self.desks.items():
            if other != seat and desk.call == call and desk.state is AgentState.RINGING:
                self._move(other, AgentEvent.WITHDRAWN)

    async def _missed(self, seat: SeatId) -> None:
        self._move(seat, AgentEvent.MISSED)
        desk = self.desks.get(seat)
        if desk is None:
            return
        desk.misses += 1
        if desk.misses >= MISSES_BEFORE_BREAK:
            desk.misses = 0
            await self._pause(seat, True, MISSED_REASON)

    async def _pause(self, seat: SeatId, paused: bool, reason: str) -> bool:
        """Pause or release the seat at the switch, which remembers it; whether it did."""
        try:
            await self._switch.pause_member(seat, paused, reason)
        except SwitchError as error:
            log.warning("seat_pause_not_set", extra={"seat": seat, "paused": paused, "reason": str(error)})
            return False
        desk = self.desks[seat]
        desk.is_paused, desk.reason = paused, reason if paused else ""
        if paused and reason == SIGNED_OUT_REASON:
            self._move(seat, AgentEvent.SIGNED_OUT)
        self._tell(desk)
        return True

    def _talk_ended(self, seat: SeatId, queue: QueueName) -> None:
        self._move(seat, AgentEvent.CALL_ENDED)
        desk = self.desks.get(seat)
        rule = self._queues().by_name.get(queue)
        if desk is None or desk.state is not AgentState.AFTER_CALL:
            return
        if desk.after_call:
            desk.after_call.cancel()
        seconds = rule.after_call_seconds if rule else 0
        desk.after_call = asyncio.get_running_loop().call_later(seconds, self._work_done, desk)

    def _work_done(self, desk: Desk) -> None:
        """The time for the order is over; who asked for a break while talking has it now."""
        if desk.state is not AgentState.AFTER_CALL or (desk.is_paused and desk.reason == AFTER_CALL_REASON):
            return
        self._move(desk.skills.seat, AgentEvent.BREAK_ASKED if desk.is_paused else AgentEvent.WORK_DONE)

    def _move(self, seat: SeatId, event: AgentEvent, call: CallId | None = None) -> None:
        """Move a seat when the table allows; the switch is right about itself, so surprises are only logged."""
        desk = self.desks.get(seat)
        if desk is None:
            return
        if event is AgentEvent.ANSWERED and desk.state is AgentState.READY:
            desk.state = move(desk.state, AgentEvent.OFFERED)  # the ring was told in another epoch
        if not can_move(desk.state, event):
            log.debug("agent_event_ignored", extra={"seat": seat, "state": desk.state, "event": event})
            return
        desk.state = move(desk.state, event)
        if desk.state not in (AgentState.RINGING, AgentState.TALKING, AgentState.AFTER_CALL):
            desk.call = None
        elif call is not None:
            desk.call = call
        log.info("agent_state", extra={"seat": seat, "state": desk.state})
        self._tell(desk)

    def _tell(self, desk: Desk) -> None:
        if self._watcher:
            self._watcher(desk)

    # -------------------------------------------------------------------------------------------- what people ask for

    async def sign_in(self, seat: SeatId, user: str) -> Done:
        """A person takes the seat, and leaves another one. Who sits there stays, unless their telephone is gone too."""
        desk = self.desks.get(seat)
        if desk is None:
            return False, f"没有席位 {seat}。改法：选设置里有的席位。"
        if desk.user and desk.user != user and desk.is_reachable:
            return False, f"席位 {seat} 已由 {desk.user} 签入。改法：请对方签退，或由班长强制签退。"
        for other in self.desks.values():
            if other is not desk and other.user == user:
                done, text = await self.sign_out(other.skills.seat)
                if not done:
                    return False, text
        desk.user = user
        if desk.is_paused and desk.reason in _OVER_BY_RETURN and not await self._pause(seat, False, ""):
            return False, _SWITCH_AWAY
        self._tell(desk)
        return True, f"已签入席位 {seat}。"

    async def sign_out(self, seat: SeatId) -> Done:
        """The person leaves the seat: it is offered nothing until somebody signs in or connects its telephone anew."""
        desk = self.desks.get(seat)
        if desk is None:
            return False, f"没有席位 {seat}。"
        if desk.state is AgentState.TALKING:
            return False, f"席位 {seat} 正在通话，不能签退。改法：结束通话后再签退。"
        if desk.is_reachable and not await self._pause(seat, True, SIGNED_OUT_REASON):
            return False, _SWITCH_AWAY
        desk.user = ""
        self._tell(desk)
        return True, f"已签退席位 {seat}。"

    async def make_ready(self, seat: SeatId) -> Done:
        """The agent takes calls (again)."""
        desk = self.desks.get(seat)
        if desk is None or not desk.is_reachable or desk.reason == SIGNED_OUT_REASON:
            return False, f"席位 {seat} 没有签入，或话机没有注册。改法：先签入并接好话机。"
        if desk.is_paused and not await self._pause(seat, False, ""):
            return False, _SWITCH_AWAY
        if desk.state in (AgentState.NOT_READY, AgentState.AFTER_CALL):
            self._move(seat, AgentEvent.READY_ASKED)
        return True, "已就绪。" if desk.state is not AgentState.TALKING else "通话结束后就绪。"

    async def make_not_ready(self, seat: SeatId, reason: str) -> Done:
        """The agent takes no calls for a reason; who is talking has the break after the call."""
        desk = self.desks.get(seat)
        if desk is None or not desk.is_reachable or desk.reason == SIGNED_OUT_REASON:
            return False, f"席位 {seat} 没有签入，或话机没有注册。改法：先签入并接好话机。"
        if not await self._pause(seat, True, reason):
            return False, _SWITCH_AWAY
        if desk.state is not AgentState.TALKING:
            self._move(seat, AgentEvent.BREAK_ASKED)
        return True, f"已置忙：{reason}。" if desk.state is not AgentState.TALKING else f"通话结束后置忙：{reason}。"

    async def more_after_call(self, seat: SeatId) -> Done:
        """The order needs more time: no calls until the agent says that they are ready."""
        desk = self.desks.get(seat)
        if desk is None or desk.state is not AgentState.AFTER_CALL:
            return False, "现在不在话后处理。"
        if desk.after_call:
            desk.after_call.cancel()
        if not await self._pause(seat, True, AFTER_CALL_REASON):
            return False, _SWITCH_AWAY
        return True, "话后处理已延长，写完请点“就绪”。"
