"""Transfers, consults and conferences as they live on the real switch (routing/transfer.py decides).

Who stands where is read from the switch before anything is begun. What was begun is in the call's journal; after a
restart the switch's own state decides how it goes on. While we are away the dialplan itself looks after the caller.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from cti.board_facts import Consulting
from cti.board_rows import Consult
from cti.server.call_places import Places, RefusedError, Target, Tools, places_of, seat_on
from cti.server.transfer.hands import TransferHands
from cti.server.transfer.legs import TRANSFER, TransferLegs, call_of_leg, is_ours
from cti.server.transfer.story import begun_line, ended_line, last_begun
from ivr.call import CallId, ChannelName, PhoneNumber, QueueName, SeatId
from ivr.errors import StoreError, SwitchError
from ivr.events import OriginateEnded, SeatAnswered, SwitchEvent, SwitchReady
from ivr.moves import end_leg, send_to_queue
from routing.transfer import (
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
    standing,
)
from workorder.envelope import call_event

log = logging.getLogger(__name__)

HEAD_PRIORITY = 95
HANDED_ON_PRIORITY = 90
"""Who has talked to somebody already waits before ordinary callers."""
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
        self.hands = TransferHands(tools.switch)
        self.legs = TransferLegs(lambda: tools.queues().default.name)

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
                await end_leg(switch, leg)
            case StayBeside(channel=channel):
                await self.hands.stay_beside(channel)
            case ToHead(channel=channel):
                await send_to_queue(switch, channel, None, HEAD_PRIORITY)
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

    # --------------------------------------------------------------------------------------------------- what is begun

    async def places(self, call: CallId, seat: SeatId | None = None) -> Places:
        """Return where the parties are, of a call that nobody is handing on.

        RefusedError when somebody is, or when the seat (any seat) is not in a talk with the caller.
        """
        if call in self._live:
            raise RefusedError("这通电话已有转接或咨询在进行。改法：先完成或取消它。")
        return await places_of(self._tools.switch, call, seat)

    def asked_by(self, call: CallId, seat: SeatId) -> Transfer:
        """Return what this seat has under way with the call; RefusedError when it is nothing."""
        here = self._live.get(call)
        if here is None or here.seat != seat:
            raise RefusedError("您没有正在进行的转接或咨询。")
        return here

    async def send_to_queue(self, places: Places, queue: QueueName, by: str) -> None:
        """Let the caller wait for somebody else, before who has not talked to anybody yet."""
        self.legs.loose(places.agent.channel, places.call, seat_on(places.agent))
        line = {"at": self._tools.clock.now().isoformat(), "moved": queue, "by": by}
        self._tools.journal.append(places.call, line)
        await send_to_queue(self._tools.switch, places.caller.channel, queue, HANDED_ON_PRIORITY)

    async def hand_on(self, places: Places, kind: Kind, target: Target) -> None:
        """Ring whom the caller is given to; the agent keeps the caller until they answer."""
        leg = self._leg(places.call)
        await self.hands.keep_while_ringing(places.caller.channel)
        async with self._beginning(_transfer_of(places, kind, target, leg)):
            await self.hands.ring(places, target, leg)

    async def consult(self, places: Places, target: Target) -> None:
        """Take the agent aside to the third; the caller hears music."""
        here = _transfer_of(places, Kind.CONSULT, target)
        await self.hands.prepare_consult(places, here.to)
        async with self._beginning(here):
            await self.hands.begin_consult(places.agent.channel)

    async def take_over(self, places: Places, seat: SeatId, leg: str, channel: ChannelName) -> None:
        """Let a supervisor who listens on `leg` take the agent's place."""
        self.legs.taking_over(leg, seat, channel)
        async with self._beginning(_transfer_of(places, Kind.TAKE_OVER, Target(seat=seat), leg)):
            await self.hands.take_over(channel, places.call, places.caller.channel)

    async def join(self, here: Transfer, caller: ChannelName, *, frees_agent: bool) -> None:
        """Bring the caller into the talk of agent and third; the agent may leave the two by themselves then."""
        self._live[here.call] = joining(here, frees_agent)
        await self.hands.join(caller, here.agent)

    async def leave(self, here: Transfer, agent: ChannelName) -> None:
        """Let the agent go out of a conference; caller and third talk on."""
        await self._go_on(replace(here, frees_agent=True), None, (Came(), FreeAgent(agent), Ended("done")))

    @contextlib.asynccontextmanager
    async def _beginning(self, here: Transfer) -> AsyncIterator[None]:
        """Write down and show what begins; when the switch will not even begin it, nobody was moved."""
        self._tools.journal.append(here.call, begun_line(here, self._tools.clock.now()))
        self._live[here.call] = here
        if here.agent is not None:
            self.legs.loose(here.agent, here.call, here.seat)
        self._show(here.call, here)
        self._announce(here, "transfer_begun", {})
        try:
            yield
        except SwitchError:
            beside = (StayBeside(here.caller),) if here.caller is not None else ()
            await self._go_on(here, None, (*beside, Ended("failed")))
            raise

    def _leg(self, call: CallId) -> str:
        return f"{TRANSFER}{call}-{round(self._tools.clock.now().timestamp() * 1000)}{next(self._count)}"

    # ------------------------------------------------------------------------------------------------ after a restart

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
                legs = {each.unique_id: each.bridge for each in snapshot.channels}
                await self._go_on(here, *standing(here, agent, caller, legs.get(here.leg)))
                if call in self._live and here.agent is not None:
                    self.legs.loose(here.agent, call, here.seat)
                    self._show(call, self._live[call])

    def _written(self, call: CallId) -> Transfer | None:
        try:
            return last_begun(call, self._tools.journal.read(call))
        except StoreError as error:
            log.warning("journal_not_read", extra={"call": call, "reason": str(error)})
            return None

    # ------------------------------------------------------------------------------------------------ who is told

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


def _transfer_of(places: Places, kind: Kind, target: Target, leg: str = "") -> Transfer:
    return Transfer(
        places.call,
        kind,
        seat_on(places.agent),
        places.agent.channel,
        places.caller.channel,
        target.seat or target.number,
        target.seat is not None,
        leg,
        agent_bridge=places.agent.bridge,
        caller_bridge=places.caller.bridge,
    )
