"""The seats as they live: keeps the switch's queue members as the settings want them, and every agent's state.

Loads through the Switch port, asks the cores (membership, agent), carries out what they say. A switch that is lost
costs nothing here: on SwitchReady everything is compared anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

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
from ivr.ports import Switch
from routing.agent import MISSES_BEFORE_BREAK, AgentEvent, AgentState, can_move, move
from routing.membership import SeatSkills, compare
from routing.queue import Queues

log = logging.getLogger(__name__)

UNREACHABLE = frozenset({"unavailable", "invalid", "unknown"})
MISSED_REASON = "多次未接"


class Watcher(Protocol):
    """Whoever wants to know when an agent's state changes."""

    def __call__(self, seat: SeatId, state: AgentState) -> None: ...


@dataclass(slots=True)
class Desk:
    """What we know of one seat."""

    skills: SeatSkills
    state: AgentState = AgentState.SIGNED_OUT
    call: CallId | None = None
    misses: int = 0
    after_call: asyncio.TimerHandle | None = field(default=None, repr=False)


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
                await self.reconcile()
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

    async def reconcile(self) -> None:
        """Make the switch's members those of the settings: stale ones gone, real ones kept."""
        try:
            snapshot = await self._switch.snapshot()
            skills = [desk.skills for desk in self.desks.values()]
            difference = compare(skills, self._queues(), snapshot.members)
            for place in difference.stale:
                await self._switch.remove_member(place.queue, place.seat)
            for place, agent, penalty in difference.missing:
                await self._switch.add_member(place.queue, place.seat, agent, penalty)
            for member in (await self._switch.snapshot()).members:
                self._seen(member.seat, member.device, member.paused)
            for seat in {member.seat for member in snapshot.members if member.reason == MISSED_REASON}:
                log.info("seat_stays_not_ready", extra={"seat": seat})
        except SwitchError as error:
            log.warning("seats_not_reconciled", extra={"reason": str(error)})

    async def _member_changed(self, event: MemberChanged) -> None:
        if not event.present:
            return
        desk = self.desks.get(event.seat)
        was_lost = desk is not None and desk.state is AgentState.SIGNED_OUT
        self._seen(event.seat, event.device, event.paused)
        if was_lost and event.paused and event.reason == MISSED_REASON and event.device.lower() not in UNREACHABLE:
            await self._pause(event.seat, False, "")  # who signs in again is at the desk again

    def _seen(self, seat: SeatId, device: str, paused: bool) -> None:
        """The switch told a seat's standing: sign in who became reachable, sign out who is lost."""
        desk = self.desks.get(seat)
        if desk is None:
            return
        if device.lower() in UNREACHABLE:
            self._move(seat, AgentEvent.PHONE_LOST)
            return
        if desk.state is AgentState.SIGNED_OUT:
            self._move(seat, AgentEvent.SIGNED_IN)
        if paused:
            self._move(seat, AgentEvent.BREAK_ASKED)
        elif desk.state is AgentState.NOT_READY:
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

    async def _pause(self, seat: SeatId, paused: bool, reason: str) -> None:
        try:
            await self._switch.pause_member(seat, paused, reason)
        except SwitchError as error:
            log.warning("seat_pause_not_set", extra={"seat": seat, "paused": paused, "reason": str(error)})

    def _talk_ended(self, seat: SeatId, queue: QueueName) -> None:
        self._move(seat, AgentEvent.CALL_ENDED)
        desk = self.desks.get(seat)
        rule = self._queues().by_name.get(queue)
        if desk is None or desk.state is not AgentState.AFTER_CALL:
            return
        if desk.after_call:
            desk.after_call.cancel()
        seconds = rule.after_call_seconds if rule else 0
        desk.after_call = asyncio.get_running_loop().call_later(seconds, self._move, seat, AgentEvent.WORK_DONE)

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
        desk.call = call if desk.state in (AgentState.RINGING, AgentState.TALKING) else None
        log.info("agent_state", extra={"seat": seat, "state": desk.state})
        if self._watcher:
            self._watcher(seat, desk.state)
